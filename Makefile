# make demo   the whole DAG on the embedded data and encoder, then the table
# make test   the test suite        make lint   formatters, linters, types
# make test-cluster   the DAG on a Slurm cluster of one node, where Slurm is installed (minutes)
# make attack   50,000 hostile inputs and 40 kills of runs, then docs/robustness.md (half an hour)
# make docs   pages and tables that are written from code and result files
# make site   the documentation as a site in ./site, without a network
# make paper-check   what config/paper.yaml would do, the disk it takes, and which weights and data are missing
#                    (make paper-check CONFIG=config/freereg.yaml for another config)
#
# PYTHON=python3.12 picks the interpreter; VENV_ARGS=--system-site-packages keeps a torch you have.
PYTHON ?= python3
VENV ?= .venv
VENV_ARGS ?=
CORES ?= all
SEED ?= 0
CONFIG ?= config/paper.yaml
BIN := $(VENV)/bin
# Not where the making of the environment was broken off.
HAS_PIP := $(BIN)/python -m pip --version > /dev/null 2>&1
SOURCES := pointclip scripts tests benchmarks recipes docs

.PHONY: attack docs site demo test test-cluster paper-check lint format clean

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "pointclip needs Python >= 3.11, but $(PYTHON) is older: make demo PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV_ARGS) $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(HAS_PIP) || $(PYTHON) -m venv $(VENV_ARGS) $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[workflow]'
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(HAS_PIP) || $(PYTHON) -m venv $(VENV_ARGS) $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.installed

demo: $(VENV)/.installed
	$(BIN)/snakemake --quiet rules reason --cores $(CORES)
	@test results/report.html -nt results/tables/accuracy.csv || \
	  { $(BIN)/snakemake --report results/.report.html && mv results/.report.html results/report.html; }
	@cat results/tables/accuracy.txt
	@echo
	@echo "Registration: where photos were taken in clouds"
	@cat results/tables/registration.txt
	@echo
	@echo "tables   results/tables/{accuracy,registration}.{csv,md,html}"
	@echo "figures  results/figures/"
	@echo "report   results/report.html"

test: $(VENV)/.installed-dev
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -q --ignore tests/cluster -n 2 --dist loadfile

test-cluster: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[slurm]'
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -q -rs tests/cluster

attack: $(VENV)/.installed-dev
	PYTHONPATH=tests/helpers:tests/robustness OMP_NUM_THREADS=1 $(BIN)/python \
	  tests/robustness/attack.py --seed $(SEED) --write docs/robustness.md

paper-check: $(VENV)/.installed
	$(BIN)/snakemake --dry-run --quiet rules --configfile $(CONFIG)
	@$(BIN)/python -m pointclip.app.preflight $(CONFIG)

docs: $(VENV)/.installed-dev
	$(BIN)/python docs/write_architecture.py
	$(BIN)/python docs/write_results.py

site: $(VENV)/.installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/snakefmt --check workflow recipes
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/snakemake --lint
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/snakefmt workflow recipes

clean:
	rm -rf results .snakemake
