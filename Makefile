# What is done with this checkout. `make` alone lists it. PYTHON has the extras test and docs: pip install -e '.[test,docs]'
PYTHON ?= python3
.DEFAULT_GOAL := help
.PHONY: help check test quick docs pages bench coverage ci

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

check:  ## static checks: style, types, import floors, dead code, generated pages
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	$(PYTHON) -c "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
	$(PYTHON) -m vulture
	$(PYTHON) docs/generate.py --check

test:  ## all tests, on all cores
	$(PYTHON) -m pytest -n auto

quick:  ## the tests that take less than a second each
	$(PYTHON) -m pytest -n auto -m "not slow"

docs:  ## the documentation site, below site/; no dead link, no page without a home
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --quiet --strict --config-file .ci/mkdocs.yml

pages:  ## write anew the pages that follow from the code: rules, command line, formats, pictures
	$(PYTHON) docs/generate.py

bench:  ## what reading, diagnosing and the command line cost: docs/performance.md
	$(PYTHON) tests/benchmarks/bench_diagnose.py
	$(PYTHON) tests/benchmarks/bench_cli.py

coverage:  ## lines and branches of records, signals, rules, prescribing that the tests run; fails below 90 %
	$(PYTHON) -m pytest -n auto --cov --cov-report=term:skip-covered tests/signals tests/rules tests/prescribing \
	    tests/test_engine.py tests/test_sample_logs.py tests/test_api.py tests/renderers

ci:  ## what must pass, from a clean checkout
	.ci/run
