# `make book` builds the site and serves it; `make test` runs every test there is.
# Both set everything up first, in .venv and labs/node_modules, and do so once.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

# The first interpreter that can run the pinned versions; `make PYTHON=… book` overrides it.
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c '$(SUPPORTED)' 2>/dev/null && echo $$python && break; done)

BIN := .venv/bin
NOTEBOOKS := $(sort $(wildcard book/*.ipynb))
NODE_PATH_SETUP = PATH="$(CURDIR)/$(BIN):$$PATH"
PORT ?= 8000

.PHONY: help install lock site book run lab test lint benchmark repository clean

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 20

install: .venv/installed labs/node_modules/installed  ## set up Python and node packages

.venv/installed: requirements.lock pyproject.toml
	@test -w . || { echo "make: cannot write to $(CURDIR). Clone the book to a folder of your own."; exit 1; }
	@test -n "$(PYTHON)" && "$(PYTHON)" -c '$(SUPPORTED)' || { \
		echo "make: the book needs Python 3.11, 3.12 or 3.13; found: $$("$(or $(PYTHON),python3)" --version 2>&1)."; \
		echo "      Install one of them, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "make: $(PYTHON) lacks the venv module. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Setting up Python packages in .venv (once; about 1.5 GB) …"
	"$(PYTHON)" -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

lock: .venv/installed  ## resolve requirements.txt anew into requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-header --no-emit-index-url -o requirements.lock requirements.txt
