"""Arrays -> trained network, its predictions and curves. Reads variants.*.train of the study."""


rule train:
    input:
        unpack(inputs("train")),
    output:
        **outputs("train"),
    log:
        log("train"),
    benchmark:
        benchmark("train")
    conda:
        env_file("train")
    threads: 1
    resources:
        mem_mb=4000,
        runtime="60m",
    params:
        settings=settings("train"),
        code=code("train"),
        env=env("train"),
    shell:
        'exec "$PYTHON" -m respike.stages.train --settings {params.settings:q} '
        "--code {params.code:q} --env {params.env:q} "
        "--in data {input.data:q} "
        "--out {output:q} > {log:q} 2>&1"
