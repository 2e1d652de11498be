"""Front door of respike: `snakemake -n` shows what would run, `snakemake -c2` runs it.

Paths: data/{dataset}/{stage}/, results/{budget}/{study}/{variant}/seed-{seed}/{stage}/,
results/{budget}/{study}/judge/, results/{budget}/. They are made in respike/core/layout.py.
Targets: smoke, desk, paper (a budget each); all is the budget of config.yaml. No budget has
kernels: what is proven of the GPU kernels, results/kernels/{kernel}/bench_kernels/.
"""

from snakemake.utils import min_version

min_version("9.20")


include: "workflow/rules/common.smk"
include: "workflow/rules/fetch.smk"
include: "workflow/rules/synthesize.smk"
include: "workflow/rules/prepare.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/prune.smk"
include: "workflow/rules/distill.smk"
include: "workflow/rules/connect.smk"
include: "workflow/rules/emulate.smk"
include: "workflow/rules/simulate.smk"
include: "workflow/rules/decode.smk"
include: "workflow/rules/control.smk"
include: "workflow/rules/judge.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/bench_kernels.smk"


localrules:
    all,
    smoke,
    desk,
    paper,
    kernels,
    fetch,


onstart:
    guard()


onsuccess:
    release(RESULTS)


onerror:
    release(RESULTS)


rule all:
    default_target: True
    input:
        targets(CONFIG.budget),


rule smoke:
    input:
        targets("smoke"),


rule desk:
    input:
        targets("desk"),


rule paper:
    input:
        targets("paper"),


rule kernels:
    input:
        CONFIG.kernel_records(),
