"""Decoded movement -> episodes of the robot. Reads variants.*.control of the study."""


rule control:
    input:
        unpack(inputs("control")),
    output:
        **outputs("control"),
    log:
        log("control"),
    benchmark:
        benchmark("control")
    conda:
        env_file("control")
    threads: 1
    resources:
        mem_mb=4000,
        runtime="60m",
    params:
        settings=settings("control"),
        code=code("control"),
        env=env("control"),
    shell:
        'exec "$PYTHON" -m respike.stages.control --settings {params.settings:q} '
        "--code {params.code:q} --env {params.env:q} "
        "--in data {input.data:q} "
        "--in decoded {input.decoded:q} "
        "--out {output:q} > {log:q} 2>&1"
