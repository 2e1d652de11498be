"""Verdicts of all studies -> the page, verdict.json, results.csv, SHA256SUMS, manifest.json."""


rule report:
    input:
        unpack(inputs("report")),
    output:
        **outputs("report"),
    log:
        log("report"),
    benchmark:
        benchmark("report")
    conda:
        env_file("report")
    threads: 1
    resources:
        mem_mb=4000,
        runtime="20m",
    params:
        settings=settings("report"),
        code=code("report"),
        env=env("report"),
        history=history,
    shell:
        'exec "$PYTHON" -m respike.stages.report --settings {params.settings:q} '
        "--code {params.code:q} --env {params.env:q} --history {params.history:q} "
        "--out {output:q} > {log:q} 2>&1"
