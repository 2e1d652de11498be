"""Teacher -> student network. Reads variants.*.distill of the study."""


rule distill:
    input:
        unpack(inputs("distill")),
    output:
        **outputs("distill"),
    log:
        log("distill"),
    benchmark:
        benchmark("distill")
    conda:
        env_file("distill")
    threads: 1
    resources:
        mem_mb=4000,
        runtime="60m",
    params:
        settings=settings("distill"),
        code=code("distill"),
        env=env("distill"),
    shell:
        'exec "$PYTHON" -m respike.stages.distill --settings {params.settings:q} '
        "--code {params.code:q} --env {params.env:q} "
        "--in data {input.data:q} "
        "--in teacher {input.teacher:q} "
        "--in model {input.model:q} "
        "--out {output:q} > {log:q} 2>&1"
