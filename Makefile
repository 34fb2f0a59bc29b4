# Each target does its own set-up: it needs Python 3.11 or later and nothing else.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test test-oldest lint docs dist clean

demo: $(INSTALLED)
	$(BIN)/sklnoise demo

test: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --cov --cov-report=term-missing:skip-covered

# The oldest supported versions, in an environment of their own; their packages warn of each other.
test-oldest: .venv-oldest/.installed
	OMP_NUM_THREADS=1 .venv-oldest/bin/python -m pytest -n 2 -m "not slow" -o filterwarnings=default tests

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

docs: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m sphinx -W -q -b html docs docs/_build/html
	$(BIN)/python docs/check_site.py docs/_build/html

# Wheel and sdist; the wheel is installed by itself and must start.
dist: $(INSTALLED)
	rm -rf dist build
	$(BIN)/python -m pip install --quiet --constraint constraints.txt build twine
	$(BIN)/python -m build --outdir dist .
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/python -m pip install --quiet --no-deps --target build/installed dist/*.whl
	cd build/installed && ../../$(BIN)/python -m sklnoise --version

.venv-oldest/.installed: pyproject.toml constraints-oldest.txt
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet --constraint constraints-oldest.txt --editable ".[plot,cli,frames,images,test]"
	touch $@

$(INSTALLED): pyproject.toml setup.cfg constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[all]"
	touch $@

clean:
	rm -rf .venv .venv-oldest build dist docs/_build docs/auto_examples docs/api/generated *.egg-info .coverage
