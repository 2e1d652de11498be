"""Trained network -> its behaviour on an emulated chip. Reads variants.*.emulate of the study."""


rule emulate:
    input:
        unpack(inputs("emulate")),
    output:
        **outputs("emulate"),
    log:
        log("emulate"),
    benchmark:
        benchmark("emulate")
    conda:
        env_file("emulate")
    threads: 1
    resources:
        mem_mb=4000,
        runtime="60m",
    params:
        settings=settings("emulate"),
        code=code("emulate"),
        env=env("emulate"),
    shell:
        'exec "$PYTHON" -m respike.stages.emulate --settings {params.settings:q} '
        "--code {params.code:q} --env {params.env:q} "
        "--in data {input.data:q} "
        "--in model {input.model:q} "
        "--out {output:q} > {log:q} 2>&1"
