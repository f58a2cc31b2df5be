# Everything runs in .venv, made on first use from the pins in requirements/cpu.txt.
# Needs Python >= 3.11, make and a C toolchain; choose the Python with `make PYTHON=python3.12 ...`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
export PIP_DISABLE_PIP_VERSION_CHECK := 1

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TORCH := $(shell sed -n 's/^torch==/torch==/p' requirements/cpu.txt)
SMOLLM2 := .cache/models/SmolLM2-135M-Instruct
DATA_DIR ?= $(wildcard ../shared/data/benchmarks)

.PHONY: demo demo-smollm2 test install lint format typecheck pytest smollm2 lock lock-check dist clean distclean help

demo: $(INSTALLED)  ## a tiny policy and two tiny reward models on vLLM: test-time scaling in minutes, on a CPU
	@$(BIN)/tts run examples/demo.yaml --out runs/demo
	@$(BIN)/tts report runs/demo

demo-smollm2: $(INSTALLED) $(SMOLLM2)/config.json  ## a real small model on real problems (GSM8K where there is data)
	@$(BIN)/tts run examples/smollm2.yaml --out runs/smollm2 \
	  $(if $(DATA_DIR),--data-dir $(DATA_DIR),--benchmark arith:levels=1-4,per_level=2)
	@$(BIN)/tts report runs/smollm2

test: lock-check lint typecheck pytest  ## check the pins, lint, type check and run all tests

install: $(INSTALLED)  ## make .venv and install everything into it

lint: $(INSTALLED)  ## ruff: lint and format check; the rooms' contracts of imports
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/lint-imports --no-cache >$(VENV)/contracts.log || { cat $(VENV)/contracts.log; exit 1; }

format: $(INSTALLED)  ## ruff: fix what can be fixed, and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

typecheck: $(INSTALLED)  ## mypy, strict
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/mypy --no-error-summary --config-file pyproject.toml requirements/lock.py examples/smollm2.py

pytest: $(INSTALLED)  ## the tests alone; pick some with ARGS="-k NAME"
	@$(BIN)/pytest $(ARGS)

smollm2: $(SMOLLM2)/config.json  ## write the small model of the demo as a folder that vLLM loads

lock:  ## resolve pyproject.toml and requirements/cpu.in into requirements/cpu.txt
	$(PYTHON) -m venv --clear .cache/lock
	.cache/lock/bin/python -m pip install --quiet --upgrade pip packaging
	.cache/lock/bin/python requirements/lock.py

lock-check: $(INSTALLED)  ## verify that requirements/cpu.txt meets every requirement
	@$(BIN)/python requirements/lock.py --check

dist:  ## build the sdist and the wheel into dist/
	$(PYTHON) -m venv --clear .cache/build
	.cache/build/bin/python -m pip install --quiet --upgrade build
	.cache/build/bin/python -m build

clean:  ## remove caches and build output; keeps .venv, the model and the runs
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean  ## remove .venv and the cached model too
	rm -rf $(VENV) .cache

help:  ## this list
	@awk -F ":.*## " '/^[a-z0-9-]+:.*## / {printf "make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# pip takes torch's CPU wheel where one is offered, else PyPI's own build, whose libraries --no-deps left out.
$(INSTALLED): requirements/cpu.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "$(PYTHON): Python >= 3.11 is needed; name one with make PYTHON=..." >&2; exit 1; }
	@echo "installing into $(VENV) (about 3 GB; minutes, the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --no-deps -r requirements/cpu.txt
	@$(BIN)/python -c 'import torch' 2>/dev/null \
	  || { $(BIN)/python -m pip install -qq $(TORCH) && $(BIN)/python -c 'import torch'; } >$(VENV)/torch.log 2>&1 \
	  || { echo "torch does not import (see $(VENV)/torch.log): offer pip the CPU wheel of $(TORCH), e.g. in a" \
	    "folder named by PIP_FIND_LINKS, and run make again" >&2; exit 1; }
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@

$(SMOLLM2)/config.json: examples/smollm2.py | $(INSTALLED)
	@$(BIN)/python examples/smollm2.py $(SMOLLM2)
	@touch $@

include tiny.mk
