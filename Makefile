# Everything this project does on a machine that has Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Processes that run test files side by side; each starts trainings, so mind the memory.
WORKERS ?= 2
READY := $(VENV)/.ready

.PHONY: run test fast lint format bench readme audit pins clean

run: $(READY)  ## train a digits MLP on torch, publish a proven SavedModel
	$(BIN)/python -m factory model=mlp train.backend=torch

test: $(READY)  ## every test
	$(BIN)/python -m pytest -n $(WORKERS)

fast: $(READY)  ## the tests that need no framework, within seconds
	$(BIN)/python -m pytest -n $(WORKERS) -m "not slow"

lint: $(READY)  ## style, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## the figures of the README, each against the same work written by hand
	$(BIN)/python -m tests.bench

readme: $(READY)  ## run the commands of README.md and write down what they print
	$(BIN)/python -m tests.readme

audit: $(READY)  ## whether what is installed fits together, and what advisories are known of the pins (asks osv.dev)
	$(BIN)/python -m pip check
	$(BIN)/python -m tests.audit

pins: $(READY)  ## write the versions of this environment to constraints.txt
	{ head -1 constraints.txt; $(BIN)/pip freeze --all --exclude-editable | sed 's/+cpu//'; } > .constraints && mv .constraints constraints.txt

clean:
	rm -rf $(VENV) build dist *.egg-info

# The pip that comes with Python may be years old, and has advisories of its own.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
