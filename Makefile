PYTHON ?= python3
PYTEST_ARGS ?= --numprocesses 2 --dist loadfile
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help run setup test check lint types quick slow bench train wheel clean

help:  ## say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-8s %s\n", $$1, $$2 }' Makefile

run: setup  ## set up what is missing and open the program
	@.venv/bin/termai

setup: python
	@$(PYTHON) -m scripts.setup

test: python  ## set up what the tests need, check the code, and run every test
	@$(PYTHON) -m scripts.setup test
	@$(MAKE) --no-print-directory check
	.venv/bin/python -m pytest $(PYTEST_ARGS)

check:  ## ruff, mypy and import-linter
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

quick:  ## the tests that are not slow
	.venv/bin/python -m pytest -m "not slow" $(PYTEST_ARGS)

bench:  ## the performance claims, as ratios
	.venv/bin/python -m benchmarks

train: python  ## train the smoke model again
	@$(PYTHON) -m scripts.setup train
	.venv/bin/python -m training.smoke

wheel: setup  ## build dist/termai-*.whl
	.venv/bin/python -m pip wheel --quiet --no-deps --wheel-dir dist .

clean:  ## remove .venv and what was built in the checkout (the cache of wheels stays)
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.PHONY: python
python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "make: Python 3.11 or later is missing; on Debian and Ubuntu: sudo apt install python3 python3-venv (or: make PYTHON=/path/to/python3.12)" >&2; exit 1; }
