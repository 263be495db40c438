# Two commands: `make run` and `make test`. Each makes what it needs in .venv first.
# Another interpreter: make run PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help run test validate laws docs benchmark clean

help:
	@echo "make run        install emu into $(VENV) and run scenarios/nodeport.yaml"
	@echo "make test       formatting, lint, types, import layers and the tests"
	@echo "make validate   the tests that take minutes"
	@echo "make docs       write docs/reference from the code, and the site to build/site"
	@echo "make laws       run what is known exactly, and write docs/validation.md"
	@echo "make benchmark  run benchmarks/*.py"
	@echo "make clean      remove $(VENV) and every cache; results/ stays"

run: $(VENV)/.installed
	$(BIN)/emu run scenarios/nodeport.yaml

test: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto -m "not slow"

validate: $(VENV)/.installed-dev
	$(BIN)/pytest -n auto -m slow

docs: $(VENV)/.installed-dev
	$(BIN)/python docs/reference/generate.py
	$(BIN)/mkdocs build --quiet --strict

laws: $(VENV)/.installed-dev
	$(BIN)/python -m tests.laws

benchmark: $(VENV)/.installed-dev
	@for file in benchmarks/*.py; do \
		echo "$$file"; $(BIN)/python "$$file" || exit 1; \
	done

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache
	rm -rf .import_linter_cache
	find emu tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# The installation is editable: an edited source needs no new one, edited dependencies do.
# A stamp is made last, so what failed half-way is done again.
$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/.made
	@echo "Installing emu and what it needs into $(VENV) ..."
	$(PIP_INSTALL) --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/.made
	@echo "Installing emu and what its tests need into $(VENV) ..."
	$(PIP_INSTALL) --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/.installed

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
		echo "emu needs Python 3.11, 3.12 or 3.13; $(PYTHON) is: $$($(PYTHON) --version 2>&1)"; \
		echo "Name another interpreter: make $(MAKECMDGOALS) PYTHON=python3.12"; \
		exit 1; } >&2
	$(PYTHON) -m venv $(VENV)
	@touch $@
