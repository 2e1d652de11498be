"""Files of a data set as published -> arrays. Reads respike/datasets/sources.yaml."""


rule prepare:
    input:
        unpack(inputs("prepare")),
    output:
        **outputs("prepare"),
    log:
        log("prepare"),
    benchmark:
        benchmark("prepare")
    priority: 80
    conda:
        env_file("prepare")
    threads: 1
    resources:
        mem_mb=4000,
        runtime="60m",
    params:
        settings=settings("prepare"),
        code=code("prepare"),
        env=env("prepare"),
    shell:
        'exec "$PYTHON" -m respike.stages.prepare --settings {params.settings:q} '
        "--code {params.code:q} --env {params.env:q} "
        "--in source {input.source:q} "
        "--out {output:q} > {log:q} 2>&1"
