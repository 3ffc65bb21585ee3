# `make demo` and `make test` do all the set-up they need. Another Python: `make test PYTHON=python3.12`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
REPLAYS ?=
# Files of tests side by side; each worker may need 3 GB.
TEST_WORKERS ?= -n auto --maxprocesses 4 --dist loadfile

.PHONY: help install demo test lint format docs bench clean
.DEFAULT_GOAL := help

help:
	@echo "make demo [REPLAYS=DIR]   set up, then the whole way: replays to trained policies (synthesised replays without DIR)"
	@echo "make test                 set up, then the tests"
	@echo "make install              only the set-up: .venv/bin/exphil"
	@echo "make lint | format | docs | bench | clean"

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "ExPhil needs Python 3.11, 3.12 or 3.13: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)

demo: $(STAMP)
	$(BIN)/exphil demo $(REPLAYS)

test: $(STAMP)
	$(BIN)/python -m pytest $(TEST_WORKERS) $(PYTEST_ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(STAMP)
	$(BIN)/python -m exphil.cli.docs
	$(BIN)/python -m exphil.features.render
	$(BIN)/python -m exphil.benchmark.docs

# Real replays give the figures of the README: make bench REPLAYS=DIR
bench: $(STAMP)
	$(if $(REPLAYS),,$(BIN)/exphil synth build/replays --count 50 --overwrite)
	$(BIN)/python benchmarks/materialize.py $(or $(REPLAYS),build/replays)
	$(BIN)/exphil materialize all --replays $(or $(REPLAYS),build/replays) --store build/storage
	$(BIN)/python benchmarks/codecs.py --store build/storage
	$(BIN)/python benchmarks/loader.py --store build/storage
	$(BIN)/python benchmarks/scan.py

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
