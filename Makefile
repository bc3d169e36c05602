# Everything a checkout needs, with Python >= 3.11 and make alone. npm, where it is, adds a second
# DynamoDB engine to the tests.
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# The first of these that is new enough; `make PYTHON=/path/to/python3.12` decides otherwise.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c '$(NEW_ENOUGH)' 2>/dev/null && { echo $$p; break; }; done)
PORT ?= 8000
# For example `make suite PYTEST_FLAGS='-x -k cursor'`. Two workers, for the two cores of a small CI machine.
PYTEST_FLAGS ?= -n 2 --dist worksteal
PATTERN ?= EventsOfProject
# Seconds that each adversarial test which draws or races goes on; `make suite` gives it two.
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
LOCKS := requirements/run.txt requirements/dev.txt

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
# Wheels only: building from source would fetch build tools that no lock pins. Most modules are
# never imported, so compiling all of them only delays the first start.
PIP := $(BIN)/python -m pip -qq
LOCKED := install --require-hashes --only-binary :all: --no-compile -r
CHECKOUT := install --no-deps --no-build-isolation --no-compile -e .
UV_COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command 'make lock'
# `make lock UPGRADE=--upgrade` takes the newest of everything; otherwise pins stay where they can.
UPGRADE ?=

.PHONY: help serve test suite adversarial how-tos lint generated wheel-check bench bench-claims bench-scale profile fix docs lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-13s %s\n", $$1, $$2 }' Makefile

serve: $(RUN) ## the API with an in-memory table and demo data, on PORT (8000)
	$(BIN)/autoforge serve --embedded --demo --port $(PORT)

test: lint generated suite wheel-check ## everything CI runs

suite: $(DEV) $(ENGINES) $(CHECKOV) ## the tests alone
	$(BIN)/pytest $(PYTEST_FLAGS)

adversarial: $(DEV) $(ENGINES) ## races, kills, delays and interleavings: every case, and for longer
	ADVERSARIAL_SECONDS=$(ADVERSARIAL_SECONDS) $(BIN)/pytest $(PYTEST_FLAGS) tests/adversarial

how-tos: $(DEV) $(ENGINES) ## follow the how-tos with each step left out in turn: none is needless
	HOW_TOS_EACH_STEP=1 $(BIN)/pytest $(PYTEST_FLAGS) tests/docs/test_how_tos.py

lint: $(DEV) ## style, types, layers, spelling
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell

generated: $(DEV) ## are the generated files those the code would generate?
	$(BIN)/python -m tests.generated

wheel-check: $(DEV) ## build the wheel, install it in an empty environment, serve from it
	$(BIN)/python tools/check_wheel.py

bench: $(BENCH) ## what calls, HTTP and a start cost beside other clients, written to the docs
	$(BENCH_BIN)/python -m benchmarks $(BENCH_FLAGS)

bench-scale: $(BENCH) $(ENGINES) ## how cost grows with the table, on dynoxide, written to the docs
	$(BENCH_BIN)/python -m benchmarks.scale --dynoxide $(DYNOXIDE) $(BENCH_FLAGS)

profile: $(BENCH) ## where the time of one pattern or write goes: PATTERN=EventsOfProject
	$(BENCH_BIN)/python -m benchmarks.profiling $(PATTERN)

bench-claims: $(DEV) $(ENGINES) ## what a claim costs, for 1, 8 and 64 agents
	$(BIN)/python -m benchmarks.claims --dynoxide $(DYNOXIDE)

fix: $(DEV) ## format, and repair what ruff can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(DEV) ## regenerate the generated files
	$(BIN)/python -m tests.generated --write

lock: $(DEV) ## resolve the dependencies of pyproject.toml anew
	$(PIP) install 'uv>=0.13,<0.14'
	$(UV_COMPILE) $(UPGRADE) --group build -o requirements/run.txt
	$(UV_COMPILE) $(UPGRADE) --group dev -c requirements/run.txt -o requirements/dev.txt
	$(UV_COMPILE) $(UPGRADE) --group bench -c requirements/run.txt -o requirements/bench.txt
	$(BIN)/uv pip compile --group pyproject.toml:checkov --quiet --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links \
		--custom-compile-command 'make lock' $(UPGRADE) -o requirements/checkov.txt
	if command -v npm >/dev/null; then npm install --prefix tests/engines --loglevel=error \
		--package-lock-only --omit-lockfile-registry-resolved; fi

clean: ## remove what the other targets made
	rm -rf $(VENV) .venv-bench .venv-checkov dist tests/engines/node_modules .coverage .*_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/pyvenv.cfg:
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(NEW_ENOUGH)' || { \
		echo 'autoforge needs Python 3.11 or newer: make PYTHON=/path/to/python3.11' >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); \
		echo "$(PYTHON) cannot make a virtual environment (Debian: apt install python3-venv)" >&2; \
		exit 1; }

$(RUN): $(VENV)/pyvenv.cfg pyproject.toml requirements/run.txt
	@echo 'Installing into $(VENV); once, about half a minute.'
	@$(PIP) $(LOCKED) requirements/run.txt
	@$(PIP) $(CHECKOUT)
	@touch $@

# The development lock has the same pins and more, so it serves for both.
$(DEV): $(VENV)/pyvenv.cfg pyproject.toml $(LOCKS)
	@echo 'Installing the development tools into $(VENV); once, about a minute.'
	@$(PIP) $(LOCKED) requirements/dev.txt
	@$(PIP) $(CHECKOUT)
	@touch $(RUN) $@

# Other clients to compare with, away from what is shipped and tested, over the pins of the run lock.
$(BENCH): pyproject.toml requirements/bench.txt
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(NEW_ENOUGH)'
	@echo 'Installing what to compare with into .venv-bench; once, about a minute.'
	@$(PYTHON) -m venv --clear .venv-bench
	@$(BENCH_BIN)/python -m pip -qq $(LOCKED) requirements/bench.txt
	@$(BENCH_BIN)/python -m pip -qq $(CHECKOUT)
	@touch $@

# It pins its dependencies in its own way, so it shares none with what it judges.
$(CHECKOV): requirements/checkov.txt
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(NEW_ENOUGH)'
	@echo 'Installing checkov into .venv-checkov; once, about half a minute.'
	@$(PYTHON) -m venv --clear .venv-checkov
	@.venv-checkov/bin/python -m pip -qq $(LOCKED) requirements/checkov.txt
	@touch $@

$(ENGINES): tests/engines/package.json tests/engines/package-lock.json
	@if command -v npm >/dev/null; then \
		npm ci --prefix tests/engines --loglevel=error --no-audit --no-fund && mkdir -p $(@D) && touch $@; \
	else echo 'No npm: the tests will skip what the programs of tests/engines judge.'; fi
