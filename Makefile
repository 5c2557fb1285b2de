# `make` prints the targets. Each sets up what it needs: .venv and the packages, once.
.DEFAULT_GOAL := help
.PHONY: help setup demo test lab build bench mutation canary pictures accuracy lint types unit curriculum variants hostile \
	engine conformance nbval browser upstream

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# nbgrader calls `alembic`, and Jupyter its subcommands, by name.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Read by TensorFlow when it is imported: it writes to stderr unless both are set.
export TF_CPP_MIN_LOG_LEVEL := 3
export TF_ENABLE_ONEDNN_OPTS := 0

help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Python 3.11 or newer is needed; name one with: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==$$(sed -n 's/.*"torch==\(.*\)",/\1/p' pyproject.toml)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

setup: $(VENV)/ready ## install everything into .venv (the other targets do this by themselves)

demo: setup ## make a class out of the answer bank, grade it, show what comes out
	grader demo

# A student's desk: warm kernels and Validate; nbgrader's tools for instructors stay out of sight.
lab: setup ## JupyterLab on notebooks/, with nbgrader's Validate button
	JUPYTER_PATH=$(CURDIR)/grader/jupyter JUPYTER_CONFIG_PATH=$(CURDIR)/grader/jupyter jupyter lab --notebook-dir=notebooks \
		--ServerApp.jpserver_extensions=nbgrader.server_extensions.formgrader=False

build: setup ## build the notebooks of lessons whose source has changed
	grader build

bench: setup ## measure against stock nbgrader, side by side
	$(BIN)/python tests/bench.py

mutation: setup ## change the reference solutions a little, see whether the tests notice
	$(BIN)/python tests/mutation.py

canary: setup ## replay the course on the newest releases, in an environment of its own
	$(BIN)/python tests/canary.py $(CANARY)

accuracy: setup ## measure again what the bar of the project lies between
	OMP_NUM_THREADS=1 $(BIN)/python tests/accuracy.py

test: lint types unit curriculum variants hostile engine conformance nbval browser ## run every check

PYTEST := $(BIN)/python -m pytest -q

lint: setup
	ruff check .
	ruff format --check grader tests
	grader build --check

types: setup
	mypy

unit: setup
	$(PYTEST) tests/unit

curriculum: setup
	$(PYTEST) tests/curriculum

variants: setup
	$(PYTEST) tests/variants

hostile: setup
	$(PYTEST) -rs tests/hostile

engine: setup
	$(PYTEST) -rs tests/engine

conformance: setup
	$(PYTEST) tests/conformance

upstream: setup ## run nbgrader's own tests with its kernel and with ours (not part of `make test`)
	$(BIN)/python tests/conformance/nbgrader_suite.py

# Once on the warm kernels and once on plain python3: what a lesson prints depends on neither.
nbval: setup
	$(PYTEST) -p no:cacheprovider -n 2 --dist loadfile --nbval --nbval-sanitize-with tests/nbval_sanitize.cfg --nbval-kernel-name grader-torch solutions/*/*_torch.ipynb
	$(PYTEST) -p no:cacheprovider -n 2 --dist loadfile --nbval --nbval-sanitize-with tests/nbval_sanitize.cfg --nbval-kernel-name grader-tensorflow solutions/*/*_tensorflow.ipynb
	$(PYTEST) -p no:cacheprovider -n 2 --dist loadfile --nbval --nbval-sanitize-with tests/nbval_sanitize.cfg --nbval-kernel-name python3 solutions/*/*.ipynb

browser: setup
	$(PYTEST) -rs tests/browser

pictures: setup ## take the pictures of the README anew
	$(PYTEST) tests/browser/pictures.py
