"""A GPU kernel -> what is proven of it here. Reads respike/kernels, in the environment `kernels`."""


rule bench_kernels:
    output:
        **outputs("bench_kernels"),
    log:
        log("bench_kernels"),
    benchmark:
        benchmark("bench_kernels")
    conda:
        env_file("bench_kernels")
    threads: 1
    resources:
        mem_mb=4000,
        runtime="30m",
    params:
        settings=settings("bench_kernels"),
        code=code("bench_kernels"),
        env=env("bench_kernels"),
    shell:
        "{{ enter bench_kernels; "
        'exec "$PYTHON" -m respike.stages.bench_kernels --settings {params.settings:q} '
        "--code {params.code:q} --env {params.env:q} "
        "--out {output:q}; }} > {log:q} 2>&1"
