# Everything here runs on a machine that has Python 3.11 and make; `make help` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3.11
PY := .venv/bin/python
UV := .tools/bin/uv
export PYTHONPATH := $(CURDIR)
# Container images set it; demo and tests start the same modules in hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

# Arguments for the tools behind the targets, for example: make test T="tests/domain -k money"
T ?=
DEMO ?=
UP ?=
BENCH ?=
ROUNDS ?= 1
FAULTS ?=
MUTANTS ?=

.PHONY: help env lock demo up test test-more test-longest faults mutants lint format bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: .venv/.stamp ## build .venv from the hashed lock (only when the lock has changed)

# uv is fetched by pip with a pinned hash; byte code is compiled because Airflow starts twice as slowly without it.
.venv/.stamp: requirements-dev.lock deploy/installer.lock deploy/launcher.py
	@command -v $(PYTHON) >/dev/null || { \
	  echo "Python 3.11 was not found as '$(PYTHON)'. Install it, or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@found=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'); test "$$found" = 3.11 || { \
	  echo "'$(PYTHON)' is Python $$found, the locks are for 3.11. Name that one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments. Install its venv module (on Debian: python3.11-venv)." >&2; exit 1; }
	@echo "Building .venv from requirements-dev.lock"
	@test -x .tools/bin/python || $(PYTHON) -m venv --clear .tools
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r deploy/installer.lock
	@test -x $(PY) || $(UV) venv --quiet --clear --no-config --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv
	@$(UV) pip sync --quiet --no-config --python $(PY) --require-hashes --compile-bytecode requirements-dev.lock
	@$(PY) -I deploy/launcher.py
	@touch $@

lock: .venv/.stamp ## write the hashed locks from the ranges
	$(UV) pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  --upgrade requirements.txt -o requirements.lock
	$(UV) pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  --upgrade -c requirements.lock requirements-dev.txt -o requirements-dev.lock
	$(UV) pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  --upgrade deploy/installer.txt -o deploy/installer.lock
	$(UV) pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  --upgrade -c requirements.lock $$(sed -n 's/^\([a-z0-9._-]*\).*==.*/--no-emit-package \1/p' requirements.lock) \
	  requirements-celery.txt -o requirements-celery.lock

demo: .venv/.stamp ## run one incident for each way through the process on a real Airflow, then stop
	@$(PY) -m deploy.demo $(DEMO)

up: .venv/.stamp ## leave Airflow running until Ctrl-C; prints the address and the login
	@$(PY) -m deploy.up $(UP)

test: .venv/.stamp ## run the tests of every change
	@$(PY) -m pytest -n 2 -m "not more" $(T)

test-more: .venv/.stamp ## run the longer tests: Airflow, browser walks, faults, whole logs, all cases
	@$(PY) -m pytest -n 3 -m "more and not own_airflow and not longest" $(T)

test-longest: .venv/.stamp ## full sizes; every command of the pages; FAB logins; Airflow under a path
	@$(PY) -m pytest -m "own_airflow or longest" $(T)

faults: .venv/.stamp ## break every part of a running Airflow, ROUNDS times each, let people press its buttons, count what is lost or doubled
	@SLA_EXAMPLES=$$((125 * $(ROUNDS))) $(PY) -m pytest -q tests/state_machine -k MoreOften
	@$(PY) -m tests.faults --rounds $(ROUNDS) $(FAULTS)
	@$(PY) -m tests.hands.games --games $$((300 * $(ROUNDS)))

mutants: .venv/.stamp ## change the judgement in one place at a time and print what no test notices: MUTANTS="--sample 0 --seed 3"
	@PYTHONPATH=$(CURDIR):$(CURDIR)/plugins $(PY) -m tests.mutants $(MUTANTS)

lint: .venv/.stamp ## ruff, mypy --strict and the import rules
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@PYTHONPATH=$(CURDIR):$(CURDIR)/plugins .venv/bin/lint-imports --no-cache

format: .venv/.stamp ## let ruff format the code and repair what it can
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: .venv/.stamp ## measure everything, or one thing: make bench BENCH="floor --singles 3"
	@PYTHONPATH=$(CURDIR):$(CURDIR)/plugins $(PY) -m benchmarks $(BENCH)

clean: ## remove environments, caches and the state of local runs
	rm -rf .venv .tools .airflow .teleco .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
