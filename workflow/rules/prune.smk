"""Trained network -> masked and fine-tuned network. Reads variants.*.prune of the study."""


rule prune:
    input:
        unpack(inputs("prune")),
    output:
        **outputs("prune"),
    log:
        log("prune"),
    benchmark:
        benchmark("prune")
    conda:
        env_file("prune")
    threads: 1
    resources:
        mem_mb=4000,
        runtime="60m",
    params:
        settings=settings("prune"),
        code=code("prune"),
        env=env("prune"),
    shell:
        'exec "$PYTHON" -m respike.stages.prune --settings {params.settings:q} '
        "--code {params.code:q} --env {params.env:q} "
        "--in data {input.data:q} "
        "--in model {input.model:q} "
        "--out {output:q} > {log:q} 2>&1"
