"""Recordings -> decoded movement and its controls. Reads variants.*.decode of the study."""


rule decode:
    input:
        unpack(inputs("decode")),
    output:
        **outputs("decode"),
    log:
        log("decode"),
    benchmark:
        benchmark("decode")
    conda:
        env_file("decode")
    threads: 1
    resources:
        mem_mb=4000,
        runtime="60m",
    params:
        settings=settings("decode"),
        code=code("decode"),
        env=env("decode"),
    shell:
        'exec "$PYTHON" -m respike.stages.decode --settings {params.settings:q} '
        "--code {params.code:q} --env {params.env:q} "
        "--in data {input.data:q} "
        "--out {output:q} > {log:q} 2>&1"
