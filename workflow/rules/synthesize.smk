"""Nothing -> the files of one synthetic data set. Reads respike/datasets/sources.yaml."""


rule synthesize:
    output:
        **outputs("synthesize"),
    log:
        log("synthesize"),
    benchmark:
        benchmark("synthesize")
    conda:
        env_file("synthesize")
    threads: 1
    resources:
        mem_mb=4000,
        runtime="30m",
    params:
        settings=settings("synthesize"),
        code=code("synthesize"),
        env=env("synthesize"),
    shell:
        'exec "$PYTHON" -m respike.stages.synthesize --settings {params.settings:q} '
        "--code {params.code:q} --env {params.env:q} "
        "--out {output:q} > {log:q} 2>&1"
