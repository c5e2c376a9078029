# Every command that contributors and CI use. They work inside one virtual environment.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
# pytest's arguments, as in: make test TESTS="tests/layers -k pooling"
TESTS ?=
# Worker processes for the tests; each runs on one thread (tests/conftest.py).
WORKERS ?= 2
# The speed benchmark's options, as in: make bench BENCH="--nets C500 --sides striate expert"
BENCH ?= --document

.NOTPARALLEL:
.PHONY: help develop kernels install check format test docs bench bench-others fuzz fresh-test

help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

develop: $(BIN)/python  ## environment for working on Striate: the checkout itself is what is imported
	$(BIN)/python -m pip install -qq -c constraints.txt -e ".[test]"
	$(MAKE) kernels VENV=$(VENV)

kernels:  ## compile the native kernels into the checkout; elsewhere the first use does it
	$(BIN)/python -m striate.ops.native.compiler

install: $(BIN)/python  ## environment with Striate installed as a person would get it, and the tools
	$(BIN)/python -m pip install -qq -c constraints.txt ".[test]"

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

check:  ## style, types and the import contract
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-logo

format:  ## lay the code out as `check` wants it
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

test:  ## the whole test suite, or TESTS="..."
	$(BIN)/python -m pytest -q -n $(WORKERS) $(TESTS)

docs:  ## run every example in README, docs and docstrings
	$(BIN)/python -m pytest -q tests/docs

bench:  ## speed beside Keras, PyTorch and others (installed under .bench/) into docs/speed.md, hours; or BENCH="..."
	$(BIN)/python -m benchmarks.speed $(BENCH)

# signals.py is left out: it wants a folder of recordings.
bench-others:  ## the other benchmarks, one after the other
	for script in $(filter-out benchmarks/signals.py,$(wildcard benchmarks/*.py)); do \
		$(BIN)/python $$script || exit 1; done

fuzz:  ## kill, damage and starve it: what `test` does for minutes, for hours
	STRIATE_LONG=1 $(BIN)/python -m pytest -q -n $(WORKERS) tests/crash

fresh-test: install check test  ## install into VENV, then check and test: what CI runs
