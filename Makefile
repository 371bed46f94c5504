# Every target sets up what it needs; `make help` lists them.
PYTHON ?= python3
PY := .venv/bin/python
# finds a Docker engine or starts one, runs the command, stops what it started
WITH_ENGINE := $(PY) -m redis_dr.deployments.setup.engine run --
# more workers than the two cores: much is waiting. tests/support/schedule.py gives them their work
PYTEST := $(PY) -m pytest -n $(or $(WORKERS),3)
# without bytecode each start of Python would compile Prefect and us again (1 to 2 s of CPU)
export PYTHONDONTWRITEBYTECODE :=
DIST ?= dist
WITH_IMAGES := $(PY) -m redis_dr.deployments.setup.image --all

.PHONY: help setup dist demo test quick soak ui bench lint check docs clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

setup: ## .venv with all dependencies
	@PYTHONPATH=src $(PYTHON) -m redis_dr.deployments.setup.venv

dist: setup ## wheel and sdist in dist/; the wheel is built from the sdist
	@$(PY) -m build --outdir $(DIST) .

demo: setup ## the main job on a real Redis: back up, lose everything, bring it back
	@$(WITH_ENGINE) $(PY) -m redis_dr.deployments.demo.run

lint: setup ## ruff, mypy and the import layers
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo

test: lint ## lint and all tests, those with real containers included
	@$(WITH_ENGINE) sh -c '$(PY) -m redis_dr.deployments.setup.browser && $(WITH_IMAGES) && exec $(PYTEST) $(PYTEST_ARGS)'
	@$(if $(PYTEST_ARGS),,REDIS_DR_PURE_PYTHON=1 $(PYTEST) -q -m "not engine and not slow" tests/rdb)

quick: setup ## ruff, mypy, and the tests of the model and of RDB files: under 20 s
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	@$(PYTEST) -q -m "not engine and not slow" tests/model tests/rdb tests/resilience tests/settings $(PYTEST_ARGS)

soak: setup ## every point of the kill and failure sweeps, 300 drills, fuzzing: two hours and a half
	@$(PY) -m tests.support.core_fuzz 600
	@$(WITH_ENGINE) sh -c '$(WITH_IMAGES) && REDIS_DR_SWEEP=1,1 exec $(PY) -m pytest tests/recover/test_kill_sweep.py tests/restore/test_lost_terminal.py tests/engine/test_unanswered_calls.py $(PYTEST_ARGS)'
	@$(WITH_ENGINE) sh -c '$(WITH_IMAGES) && REDIS_DR_SWEEP=full exec $(PY) -m pytest -n 2 tests/catalog/test_request_sweep.py tests/storage/test_request_sweep.py $(PYTEST_ARGS)'
	@$(WITH_ENGINE) sh -c '$(WITH_IMAGES) && $(PY) -m tests.support.drill_soak && $(PY) -m tests.support.drill_kills && exec $(PY) -m tests.support.restore_kills'

check: lint ## lint and the tests that need no container
	@$(PYTEST) -m "not engine" $(PYTEST_ARGS)

ui: setup ## Prefect server with the deployments; prints the address
	@$(WITH_ENGINE) $(PY) -m redis_dr.deployments.demo.ui

bench: setup ## the figures of the notes, measured here
	@$(WITH_ENGINE) sh -c '$(WITH_IMAGES) && exec $(PY) -m benchmarks $(BENCH_ARGS)'

docs: setup ## the reference pages of docs/, from the code
	@$(PY) -m docs.generate

clean: ## what the targets made in this clone: environment, private engine's data, caches
	@PYTHONPATH=src $(PYTHON) -m redis_dr.deployments.setup.clean
