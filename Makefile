# Each target does its own set-up: it needs Python 3.11 or later and nothing else.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test lint docs clean

demo: $(INSTALLED)
	$(BIN)/sklnoise demo

test: $(INSTALLED)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --cov --cov-report=term-missing:skip-covered

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/numpydoc lint $$(git ls-files 'sklnoise/*.py')

docs: $(INSTALLED)
	$(BIN)/python -m sphinx -W -q -b html docs docs/_build/html

$(INSTALLED): pyproject.toml setup.cfg constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[all]"
	touch $@

clean:
	rm -rf .venv build docs/_build *.egg-info .coverage
