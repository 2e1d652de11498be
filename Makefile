# The words of respike; `make help` lists them. Each sets up .venv first, which costs 0.1 s where
# that is done. PYTHON names another interpreter, ARGS passes options on: make run ARGS="--cores 4"

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
MUTATE = $(BIN)/python .ci/mutate.py --sample 200 --at-least 80
export PYTHONNOUSERSITE := 1

.DEFAULT_GOAL := help
.PHONY: help setup run smoke test check format doctor lock slurm bench campaign clean distclean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 12
	@echo
	@echo 'Without make: $(PYTHON) envs/create.py && $(BIN)/respike run'
	@echo 'and likewise respike smoke is $(BIN)/respike run --budget smoke, doctor $(BIN)/respike doctor,'
	@echo 'test $(BIN)/python -m pytest; the others are the lines of this Makefile.'

setup: ## set up .venv as envs/base.lock says, or bring it up to date
	@command -v $(PYTHON) > /dev/null || { echo 'respike set-up: no $(PYTHON) on PATH; install Python 3.11' >&2; exit 2; }
	@$(PYTHON) envs/create.py

run: setup ## rerun the studies of config.yaml and judge them (desk: under 10 minutes)
	@$(BIN)/respike run $(ARGS)

smoke: setup ## the same in small, to see that everything works (under 2 minutes)
	@$(BIN)/respike run --budget smoke $(ARGS)

test: setup ## all tests but those that need a GPU, the network or more than 20 s each
	@$(BIN)/python -m pytest $(ARGS)

check: setup ## ruff, snakefmt, snakemake --lint, import-linter; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint
	$(BIN)/lint-imports

format: setup ## write Python and Snakemake files in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

doctor: setup ## what this machine lacks, what will be skipped, which package helps
	@$(BIN)/respike doctor $(ARGS)

lock: ## resolve envs/*.in anew (ARGS=--upgrade: newer versions too); needs the network
	$(PYTHON) envs/lock.py $(ARGS)

slurm: setup ## the smoke run through a private Slurm of one node (root, Debian's slurm-wlm, munge)
	@.ci/slurm.py $(BIN)/respike run --budget smoke --cluster slurm $(ARGS)

bench: setup ## how long the words take, verifying inputs, and a plan of 10,000 jobs (long)
	@$(BIN)/python .ci/bench.py $(ARGS)
	@$(BIN)/python .ci/verify_cost.py smoke
	@$(BIN)/python .ci/dryrun.py

campaign: setup ## the long forms: slow tests, desk twice, smoke by Slurm, ten variations, mutants
	$(BIN)/python -m pytest -m 'not gpu and not network' $(ARGS)
	.ci/twice desk killed
	.ci/twice smoke slurm
	$(BIN)/respike audit determinism
	$(MUTATE) respike/audit/check.py --tests tests/audit/test_check.py
	$(MUTATE) $(addprefix respike/audit/,bundle.py crate.py finished.py licences.py) \
	    --tests $(addprefix tests/audit/,test_bundle.py test_crate.py test_licences.py)
	$(MUTATE) $(addprefix respike/audit/,explain.py jobs.py targets.py) \
	    --tests $(addprefix tests/audit/,test_explain.py test_jobs.py test_targets.py)
	$(MUTATE) $(addprefix respike/audit/,recompute.py standing.py) \
	    --tests $(addprefix tests/audit/,test_recompute.py test_standing.py)
	$(MUTATE) respike/core/io.py --tests tests/core/test_io.py tests/core/test_io_values.py
	$(MUTATE) $(filter-out %calibration.py,$(wildcard respike/claims/*.py)) \
	    --tests $(filter-out %test_calibration.py,$(wildcard tests/claims/test_*.py))

clean: ## remove what runs made (results, data, logs); says how much that was
	@$(PYTHON) .ci/clean.py results data logs benchmarks .snakemake .respike

distclean: clean ## also .venv and .envs
	@$(PYTHON) .ci/clean.py .venv .envs
