"""Records of a study's runs -> a verdict for each claim. Reads claims of the study."""


rule judge:
    input:
        unpack(inputs("judge")),
    output:
        **outputs("judge"),
    log:
        log("judge"),
    benchmark:
        benchmark("judge")
    priority: 100
    conda:
        env_file("judge")
    threads: 1
    resources:
        mem_mb=2000,
        runtime="20m",
    params:
        settings=settings("judge"),
        code=code("judge"),
        env=env("judge"),
    shell:
        'exec "$PYTHON" -m respike.stages.judge --settings {params.settings:q} '
        "--code {params.code:q} --env {params.env:q} "
        "--out {output:q} > {log:q} 2>&1"
