"""Nothing, or arrays -> an experiment without training. Reads variants.*.simulate of the study."""


rule simulate:
    input:
        unpack(inputs("simulate")),
    output:
        **outputs("simulate"),
    log:
        log("simulate"),
    benchmark:
        benchmark("simulate")
    priority: 60
    conda:
        env_file("simulate")
    threads: 1
    resources:
        mem_mb=4000,
        runtime="60m",
    params:
        settings=settings("simulate"),
        code=code("simulate"),
        env=env("simulate"),
    shell:
        'exec "$PYTHON" -m respike.stages.simulate --settings {params.settings:q} '
        "--code {params.code:q} --env {params.env:q} "
        "--in data {input.data:q} "
        "--out {output:q} > {log:q} 2>&1"
