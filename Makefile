# Two commands matter: `make demo` and `make test`. They need make and Python 3.11 or newer, nothing else.
# On Windows, without make, the same steps are written out in README.md.

VENV := .venv
BIN := $(VENV)/bin
ROBO := $(BIN)/robo
INSTALLED := $(VENV)/.installed
BROWSER := $(VENV)/.browser
WARM := $(VENV)/.warm
N ?= 40
AUDIT ?=
WORKERS = $$($(BIN)/python -c 'import os; print((os.cpu_count() or 1) * 2)')

# The first of these that is recent enough; `make PYTHON=/path/to/python` chooses another.
PYTHON ?= $(shell for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
AS_ROOT := $(filter 0,$(shell id -u))
ifneq ($(AS_ROOT),)
export ROBO_BROWSER_SANDBOX := off
endif

.PHONY: help as-root demo test trials check bench faults fuzz install browser postgresql strace pango clean

help:
	@echo "make demo      a portal, a workbook, a real browser, and the minutes gained"
	@echo "make test      the suite without its long variants, and what make check looks at"
	@echo "make trials    the suite with every long trial and every case of the library"
	@echo "make check     lint, format, types, import rules"
	@echo "make bench     the figures of this machine"
	@echo "make faults    N=300: kill robo N times and compare it with the portal's truth; then break the audit log"
	@echo "               (AUDIT='--power 500 --syscalls 650 --tamper 40': more of it)"
	@echo "make fuzz      the property tests, for longer"
	@echo "make install   only the environment, in $(VENV)"
	@echo "make clean     remove $(VENV) and what the tools left"

$(INSTALLED): pyproject.toml requirements.lock
	@test -n "$(PYTHON)" || { echo "robo needs Python 3.11 or newer: install it, then run make again"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
		echo "Python cannot make an environment here (on Debian: apt-get install python3-venv)"; \
		rm -rf $(VENV); exit 1; }
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q robo runners  # many machines are set to write no bytecode: each start would compile
	@touch $@

install: $(INSTALLED)

# Said every time, not only the first: whoever reads the result must know how it was made.
as-root:
ifneq ($(AS_ROOT),)
	@echo "******************************************************************************"
	@echo "** make runs as root: the browser is started WITHOUT its sandbox             **"
	@echo "** (ROBO_BROWSER_SANDBOX=off). Fine in a throw-away machine; anywhere else,  **"
	@echo "** run make as an ordinary user and the sandbox stays on.                    **"
	@echo "******************************************************************************"
endif

$(BROWSER): $(INSTALLED)
	$(ROBO) doctor --install browser
	@touch $@

browser: as-root $(BROWSER)

# Tests that need PostgreSQL skip, and say so, where it is not installed.
postgresql:
ifneq ($(AS_ROOT),)
	@if command -v apt-get >/dev/null && ! command -v postgres >/dev/null && ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then \
		echo "installing PostgreSQL for the tests of the store"; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql; } >/dev/null 2>&1 \
		|| echo "PostgreSQL could not be installed: its tests will skip"; \
	fi
endif

# Trials that break system calls and cut the power skip, and say so, where it is not installed.
strace:
ifneq ($(AS_ROOT),)
	@if command -v apt-get >/dev/null && ! command -v strace >/dev/null; then \
		echo "installing strace for the trials of the audit log"; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends strace; } >/dev/null 2>&1 \
		|| echo "strace could not be installed: its trials will skip"; \
	fi
endif

# The PDF that says PDF/UA is made by WeasyPrint, which stands on Pango; its tests skip, and say so, where it is not installed.
pango:
ifneq ($(AS_ROOT),)
	@if command -v apt-get >/dev/null && ! ldconfig -p 2>/dev/null | grep -q libpangoft2; then \
		echo "installing Pango for the tests of reports"; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0; } >/dev/null 2>&1 \
		|| echo "Pango could not be installed: its tests will skip"; \
	fi
endif

demo: as-root $(BROWSER)
	@$(ROBO) demo

# pytest compiles the tests and Hypothesis itself, in every worker, unless one of them may keep what it compiled: half of
# what a worker spends before its first test. What changes later is compiled once, by the first who needs it.
test trials $(WARM): export PYTHONDONTWRITEBYTECODE :=

$(WARM): $(INSTALLED)
	@$(BIN)/python -m pytest --collect-only -q >/dev/null
	@touch $@

# Two workers for a processor: half of the suite's time is waiting for portals, servers and pages; a third one costs more
# in its own browser, server and collection than it gains. Whoever is done first takes from the others, so that no long
# test is left alone at the end.
test: as-root $(BROWSER) postgresql strace pango $(WARM)
	$(BIN)/python -m pytest --dist worksteal -n $(WORKERS)

# What `make test` plays a slice of: every kind of death, signal and case. Before a release.
trials: as-root $(BROWSER) postgresql strace pango $(WARM)
	$(BIN)/python -m pytest --long --dist worksteal -n $(WORKERS)

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.faults.rules.mutations

bench: as-root $(BROWSER)
	$(BIN)/python -m tests.benchmarks

faults: as-root $(BROWSER) postgresql strace
	$(BIN)/python -m tests.faults -n $(N)
	$(BIN)/python -m tests.faults.audit $(AUDIT)

fuzz: as-root $(BROWSER)
	ROBO_FUZZ=1 $(BIN)/python -m pytest -n auto tests/unit

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
