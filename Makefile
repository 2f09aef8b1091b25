# `make run` and `make test` are all a newcomer needs; see the README.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run install test check bench css translations

run: install
	$(BIN)/python app.py

install: $(VENV)/installed

test: $(VENV)/installed-tests
	$(BIN)/python -m pytest tests/browser
	$(BIN)/python -m pytest -n 2 --dist loadfile --ignore tests/browser

check: $(VENV)/installed-tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: install
	$(BIN)/python -m benchmarks $(ARGS)

# The stylesheet is committed; only who changes templates needs Node for this.
css:
	npm ci
	npm run css

translations: install
	$(BIN)/pybabel extract -F babel.cfg -k lazy_gettext -k N_ --no-location --project Colorizer -w 100 \
	    -o messages.pot .
	$(BIN)/pybabel update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date -w 100 \
	    -i messages.pot -d translations
	$(BIN)/pybabel compile -d translations

$(VENV)/installed: requirements.txt requirements/app.txt requirements/deoldify.txt
	@echo "Installing into $(VENV); this takes a minute or two the first time."
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -r requirements/app.txt
# fastai last and whole: deoldify carries an older copy of its files.
	$(PIP) install --no-deps -r requirements/deoldify.txt
	$(PIP) install --no-deps --force-reinstall $$(grep ^fastai requirements/deoldify.txt)
	@touch $@

$(VENV)/installed-tests: $(VENV)/installed requirements/tests.txt
	$(PIP) install -r requirements/tests.txt
	@touch $@
