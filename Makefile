# Builds, tests and serves a checkout; only Python >= 3.11 and make are needed. If npm is installed,
# the tests use a second DynamoDB engine.
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# The first of these that is new enough; `make PYTHON=/path/to/python3.12` overrides it.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c '$(NEW_ENOUGH)' 2>/dev/null && { echo $$p; break; }; done)
PORT ?= 8000
# For example `make suite PYTEST_FLAGS='-x -k cursor'`. Two workers suit the two cores of a CI machine.
PYTEST_FLAGS ?= -n 2 --dist worksteal
PATTERN ?= EventsOfProject
# Seconds for each adversarial test that draws cases or races; `make suite` uses two.
ADVERSARIAL_SECONDS ?= 60
# For example `make bench BENCH_FLAGS='--only clients'`, `make bench-scale BENCH_FLAGS=--full`.
BENCH_FLAGS ?=

VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/run.stamp
DEV := $(VENV)/dev.stamp
BENCH_BIN := .venv-bench/bin
BENCH := .venv-bench/bench.stamp
CHECKOV := .venv-checkov/checkov.stamp
ENGINES := tests/engines/node_modules/.stamp
DYNOXIDE := tests/engines/node_modules/@dynoxide/*/dynoxide
SWAGGER_UI := autoforge/http/api/swagger_ui/VERSION
LOCKS := requirements/run.txt requirements/dev.txt

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
# Images of Python set it. Every process that a test starts would compile all modules that it imports.
unexport PYTHONDONTWRITEBYTECODE
# Wheels only: a build from source would download build tools that no lock pins. No compilation:
# most modules are never imported, and Python compiles the others when they are.
PIP := $(BIN)/python -m pip -qq
LOCKED := install --require-hashes --only-binary :all: --no-compile -r
CHECKOUT := install --no-deps --no-build-isolation --no-compile -e .
UV_GROUP := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command 'make lock'
UV_COMPILE := $(UV_GROUP) pyproject.toml
# `make lock UPGRADE=--upgrade` upgrades all packages; otherwise pins are kept if possible.
UPGRADE ?=

.PHONY: help serve test suite adversarial every-engine how-tos lint generated wheel-check bench bench-claims bench-scale profile fix docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-13s %s\n", $$1, $$2 }' Makefile

serve: $(RUN) ## serve the API with an in-memory table and demo data, on PORT (8000)
	$(BIN)/autoforge serve --embedded --demo --port $(PORT)

test: lint generated suite wheel-check ## run everything that CI runs

suite: $(DEV) $(ENGINES) $(CHECKOV) ## run the tests only
	$(BIN)/pytest $(PYTEST_FLAGS)

adversarial: $(DEV) $(ENGINES) ## run the tests of races, kills, delays and interleavings: every case, and for longer
	ADVERSARIAL_SECONDS=$(ADVERSARIAL_SECONDS) $(BIN)/pytest $(PYTEST_FLAGS) tests/adversarial

every-engine: $(DEV) $(ENGINES) ## run the tests, also those on each engine for which one is enough
	EVERY_ENGINE=1 $(BIN)/pytest $(PYTEST_FLAGS)

how-tos: $(DEV) $(ENGINES) ## follow each how-to alone, and leave out each step in turn
	HOW_TOS_EACH_STEP=1 $(BIN)/pytest $(PYTEST_FLAGS) tests/docs/test_how_tos.py

lint: $(DEV) ## check style, types, layers and spelling
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell

generated: $(DEV) ## check that the generated files are up to date
	$(BIN)/python -m tests.generated

wheel-check: $(DEV) ## build the wheel, install it into empty environments, serve from it
	$(BIN)/python tools/check_wheel.py

bench: $(BENCH) ## compare the cost of calls, HTTP and a start with other clients; updates the docs
	$(BENCH_BIN)/python -m benchmarks $(BENCH_FLAGS)

bench-scale: $(BENCH) $(ENGINES) ## measure how cost grows with the table, on dynoxide; updates the docs
	$(BENCH_BIN)/python -m benchmarks.scale --dynoxide $(DYNOXIDE) $(BENCH_FLAGS)

profile: $(BENCH) ## profile a pattern or a write: PATTERN=EventsOfProject
	$(BENCH_BIN)/python -m benchmarks.profiling $(PATTERN)

bench-claims: $(DEV) $(ENGINES) ## measure the cost of a claim, for 1, 8 and 64 agents
	$(BIN)/python -m benchmarks.claims --dynoxide $(DYNOXIDE)

fix: $(DEV) ## format, and apply the fixes of ruff
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(DEV) ## regenerate the generated files
	$(BIN)/python -m tests.generated --write

lock: $(DEV) ## resolve the dependencies of pyproject.toml again
	$(PIP) install 'uv>=0.13,<0.14'
	$(UV_COMPILE) $(UPGRADE) --extra all --group build -o requirements/run.txt
	$(UV_COMPILE) $(UPGRADE) -c requirements/run.txt -o requirements/bare.txt
	$(UV_COMPILE) $(UPGRADE) --all-extras --group dev -c requirements/run.txt -o requirements/dev.txt
	$(UV_COMPILE) $(UPGRADE) --extra testing -c requirements/dev.txt -o requirements/testing.txt
	$(UV_COMPILE) $(UPGRADE) --extra all --group bench -c requirements/run.txt -o requirements/bench.txt
	$(UV_GROUP) $(UPGRADE) --group pyproject.toml:checkov -o requirements/checkov.txt
	$(UV_GROUP) $(UPGRADE) --group pyproject.toml:swagger-ui --no-deps -o requirements/swagger-ui.txt
	if command -v npm >/dev/null; then npm install --prefix tests/engines --loglevel=error \
		--package-lock-only --omit-lockfile-registry-resolved; fi

clean: ## remove the files that the other targets created
	rm -rf $(VENV) .venv-bench .venv-checkov $(dir $(SWAGGER_UI)) dist tests/engines/node_modules .coverage .*_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/pyvenv.cfg:
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(NEW_ENOUGH)' || { \
		echo 'autoforge needs Python 3.11 or newer: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot create a virtual environment (Debian: apt install python3-venv)" >&2; \
		exit 1; }

# The files that the documentation page loads, so that it works offline and without a CDN.
$(SWAGGER_UI): requirements/swagger-ui.txt tools/take_swagger_ui.py | $(VENV)/pyvenv.cfg
	@$(BIN)/python tools/take_swagger_ui.py

$(RUN): $(VENV)/pyvenv.cfg $(SWAGGER_UI) pyproject.toml requirements/run.txt
	@echo 'Installing into $(VENV): only the first time, about half a minute.'
	@$(PIP) $(LOCKED) requirements/run.txt
	@$(PIP) $(CHECKOUT)
	@touch $@

# The development lock includes the pins of the run lock, so this target creates both stamps.
$(DEV): $(VENV)/pyvenv.cfg $(SWAGGER_UI) pyproject.toml $(LOCKS)
	@echo 'Installing the development tools into $(VENV): only the first time, about a minute.'
	@$(PIP) $(LOCKED) requirements/dev.txt
	@$(PIP) $(CHECKOUT)
	@touch $(RUN) $@

# The clients to compare with, in a separate environment, with the pins of the run lock.
$(BENCH): pyproject.toml requirements/bench.txt
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(NEW_ENOUGH)'
	@echo 'Installing the compared clients into .venv-bench: only the first time, about a minute.'
	@$(PYTHON) -m venv --clear .venv-bench
	@$(BENCH_BIN)/python -m pip -qq $(LOCKED) requirements/bench.txt
	@$(BENCH_BIN)/python -m pip -qq $(CHECKOUT)
	@touch $@

# checkov pins its dependencies exactly, so it needs a separate environment.
$(CHECKOV): requirements/checkov.txt
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(NEW_ENOUGH)'
	@echo 'Installing checkov into .venv-checkov: only the first time, about half a minute.'
	@$(PYTHON) -m venv --clear .venv-checkov
	@.venv-checkov/bin/python -m pip -qq $(LOCKED) requirements/checkov.txt
	@touch $@

$(ENGINES): tests/engines/package.json tests/engines/package-lock.json
	@if command -v npm >/dev/null; then \
		npm ci --prefix tests/engines --loglevel=error --no-audit --no-fund && mkdir -p $(@D) && touch $@; \
	else echo 'npm is not installed: tests that need the programs of tests/engines will be skipped.'; fi
