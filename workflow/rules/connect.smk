"""Two trained networks -> what lies between them. Reads variants.*.connect of the study."""


rule connect:
    input:
        unpack(inputs("connect")),
    output:
        **outputs("connect"),
    log:
        log("connect"),
    benchmark:
        benchmark("connect")
    conda:
        env_file("connect")
    threads: 1
    resources:
        mem_mb=4000,
        runtime="60m",
    params:
        settings=settings("connect"),
        code=code("connect"),
        env=env("connect"),
    shell:
        'exec "$PYTHON" -m respike.stages.connect --settings {params.settings:q} '
        "--code {params.code:q} --env {params.env:q} "
        "--in data {input.data:q} "
        "--in model {input.model:q} "
        "--in other {input.other:q} "
        "--out {output:q} > {log:q} 2>&1"
