"""Nothing -> the files of one data set as published, verified. Reads respike/datasets/sources.yaml."""


rule fetch:
    output:
        **outputs("fetch"),
    log:
        log("fetch"),
    benchmark:
        benchmark("fetch")
    priority: 90
    conda:
        env_file("fetch")
    threads: 1
    resources:
        mem_mb=2000,
        runtime="120m",
    params:
        settings=settings("fetch"),
        code=code("fetch"),
        env=env("fetch"),
    shell:
        'exec "$PYTHON" -m respike.stages.fetch --settings {params.settings:q} '
        "--code {params.code:q} --env {params.env:q} "
        "--out {output:q} > {log:q} 2>&1"
