# make            lists the targets
# make canary     rehearses a release of the bundled app; ARGS="-k stable -x" goes to pytest
# make test       everything that CI runs

SHELL := /bin/sh
PYTHON ?= python3
PYTEST := .venv/bin/pytest
ARGS ?=
ROUNDS ?= 10
LOCK := $(shell command -v flock >/dev/null 2>&1 && echo flock Makefile)
# What runs side by side is told one after the other, where make can.
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync)
WALKS := $(PYTEST) --durations=10 --ignore=tests/acceptance/engine
FAULTS := $(addprefix tests/acceptance/test_,endings.py faults.py faults_of_charts.py interrupted.py migrations.py trial.py under_way.py)
BESIDE := -m "not soak and not alone and not first"
# Half of the unit tests' time: those that wait for shells and for servers, and those that walk in worlds in memory.
WAITS := $(addprefix tests/unit/,delivery jobs k8s registry services)
STAGES := tests/unit/stages
PARTS := pure waits stages report plugin wheel
# Held by what keeps all cores busy; who takes it alone waits for that to end.
BUSY := $(shell flock --shared --no-fork Makefile true 2>/dev/null && echo flock --shared --no-fork .venv/busy)
# Python may keep what it has compiled, though an image of Python has told it not to: some hundred processes run here.
unexport PYTHONDONTWRITEBYTECODE
.SILENT:

help:                ## this list
	sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 20

setup: venv          ## the virtual environment, and an engine, kind and images where they are missing
	airgap/setup.sh

# Brought up to date in place when what goes into it changed; from nothing where it is broken or was made elsewhere.
venv:                ## .venv, with the versions in constraints.txt
	$(LOCK) sh -ec ' \
	  stamp="$$(cat pyproject.toml constraints.txt | cksum) $(CURDIR)"; \
	  if [ "$$(cat .venv/stamp 2>/dev/null)" != "$$stamp" ]; then \
	    if [ -x /usr/bin/apt-get ]; then airgap/packages.sh $(notdir $(PYTHON)) venv; fi; \
	    echo "canary: setting up .venv" >&2; \
	    grep -qsF " $(CURDIR)" .venv/stamp && .venv/bin/python -m pip -V >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv; \
	    .venv/bin/pip install -q --disable-pip-version-check --no-compile -c constraints.txt -e ".[dev]"; \
	    echo "$$stamp" >.venv/stamp; \
	  fi'

live: setup          ## the app's release that is live, addressbook:1
	. ./airgap/env; log=$$(mktemp); \
	docker build --build-arg BASE="$$PYTHON_IMAGE" --build-arg RELEASE=1 -t addressbook:1 app >"$$log" 2>&1 \
	  || { cat "$$log" >&2; rm "$$log"; exit 1; }; rm "$$log"

canary: live         ## the walk: build the app's other release, rehearse 1 -> 2 on a cluster of its own
	. ./airgap/env; $(PYTEST) --canary --canary-baseline=addressbook:1 $$CANARY_OPTIONS examples $(ARGS)

benchmark: live      ## what the walk costs beside a bare script, five times each; ARGS="--runs 10 --reuse"
	. ./airgap/env; .venv/bin/python benchmarks/walk.py --canary-baseline=addressbook:1 $$CANARY_OPTIONS $(ARGS)

docs: venv           ## the parts of docs/ that the code and the fixtures say
	.venv/bin/python docs/generate.py

# What mypy knows already is kept outside the clone, by content: a fresh one then takes seconds.
lint: venv           ## ruff, mypy, the layer contracts, and whether docs/ says what the code does
	.venv/bin/ruff check -q .
	.venv/bin/ruff format -q --check .
	.venv/bin/mypy --cache-dir="$${XDG_CACHE_HOME:-$$HOME/.cache}/pytest-canary/mypy"
	log=$$(.venv/bin/lint-imports --no-cache --no-logo) || { echo "$$log" >&2; exit 1; }
	.venv/bin/python docs/generate.py --check

unit: venv           ## pure functions, no cluster
	$(PYTEST) tests/unit $(ARGS)

waits: venv          ## a part of unit: the rooms whose tests wait for processes and servers
	$(PYTEST) $(WAITS) $(ARGS)

stages: venv         ## a part of unit: each check of each stage, in a world in memory
	$(PYTEST) $(STAGES) $(ARGS)

pure: venv           ## a part of unit: all other rooms
	$(PYTEST) $(addprefix --ignore=,$(WAITS) $(STAGES)) tests/unit $(ARGS)

# Beside .venv's packages and not among them, as they would change how every other test runs; without dependencies
# that .venv has.
others: venv         ## .venv/others, with other people's plugins, which tests/plugin tries beside a walk
	$(LOCK:Makefile=tests/plugin/others/requirements.txt) sh -ec ' \
	  pinned=tests/plugin/others/requirements.txt; stamp="$$(cat $$pinned .venv/stamp | cksum)"; \
	  if [ "$$(cat .venv/others/stamp 2>/dev/null)" != "$$stamp" ]; then \
	    echo "canary: setting up .venv/others" >&2; \
	    rm -rf .venv/others; \
	    .venv/bin/pip install -q --disable-pip-version-check --no-deps --no-compile --target .venv/others -r $$pinned; \
	    echo "$$stamp" >.venv/others/stamp; \
	  fi'

plugin: venv others  ## the plugin inside pytest, no cluster
	$(PYTEST) tests/plugin $(ARGS)

# What pyproject.toml asks for at least, taken from there; hypothesis, which the tests need besides, as in constraints.txt;
# dependencies of dependencies the newest that fit. Without test_other_plugins.py: some of .venv/others want a newer pytest.
# With the lowest Python too, as old versions have no wheels for new ones.
lowest: export LOWEST := import tomllib; asked = tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"]; \
  print(*("{}=={}".format(*each.split(">=")) for each in asked), sep="\n")
lowest: venv         ## unit and plugin, with every dependency in the lowest version that pyproject.toml allows
	$(LOCK) sh -ec ' \
	  stamp="$$(cat .venv/stamp)"; \
	  if [ "$$(cat .venv/lowest/stamp 2>/dev/null)" != "$$stamp" ]; then \
	    echo "canary: setting up .venv/lowest" >&2; \
	    $(PYTHON) -m venv --clear .venv/lowest; \
	    { .venv/bin/python -c "$$LOWEST"; grep "^hypothesis==" constraints.txt; } >.venv/lowest/pinned.txt; \
	    .venv/lowest/bin/pip install -q --disable-pip-version-check -r .venv/lowest/pinned.txt -e .; \
	    echo "$$stamp" >.venv/lowest/stamp; \
	  fi'
	.venv/lowest/bin/pytest tests/unit tests/plugin --ignore=tests/plugin/test_other_plugins.py $(ARGS)

engine: setup        ## on a real container engine, no cluster: the bundled app, PostgreSQL, builds
	. ./airgap/env; $(PYTEST) tests/acceptance/engine $(ARGS)

acceptance: setup    ## on a real cluster; one case of each kind
	. ./airgap/env; $(WALKS) tests/acceptance $(ARGS)

faults: setup        ## a part of acceptance: faults, migrations, walks that are struck or interrupted, trouble under way
	. ./airgap/env; $(BUSY) $(WALKS) $(BESIDE) $(FAULTS) $(ARGS)

walks: setup         ## a part of acceptance: whatever else other work may run beside
	. ./airgap/env; $(BUSY) $(WALKS) $(BESIDE) $(FAULTS:%=--ignore=%) tests/acceptance $(ARGS)

alone: setup         ## a part of acceptance: what compares latencies or counts lost requests; and before it what is marked `first`
	. ./airgap/env; $(WALKS) -m "not soak and (alone or first)" tests/acceptance $(ARGS)

engine-alone: setup
	status=0; \
	$(MAKE) --no-print-directory engine || status=$$?; \
	$(MAKE) --no-print-directory alone || status=$$?; \
	exit $$status

report: venv         ## the report's page, in a headless Chromium
	airgap/packages.sh browser fonts
	$(PYTEST) tests/report $(ARGS)

wheel: venv          ## the wheel, built and installed elsewhere
	$(PYTEST) tests/wheel $(ARGS)

# Walks wait a lot, so that three sessions of acceptance tests take little longer than one. What compares latencies or counts what
# is lost waits until it is the last. What has no container waits for the others too, and takes what that leaves.
test: setup          ## everything, but for what `make soak` has more of
	$(MAKE) --no-print-directory --keep-going -j4 $(SYNC) walks faults engine-alone all-else

# What is measured has a processor to itself beside these. Two at a time take about as long as that does; more would show in it. Lint looks
# at no clock, and begins at once: when it has ended, whatever the others wait for has begun.
all-else: setup
	exec env MAKEFLAGS=k$(findstring n,$(firstword -$(MAKEFLAGS))) tests/behind.py $(MAKE) --no-print-directory lint quiet parts

parts:
	$(MAKE) --no-print-directory -j2 $(SYNC) $(PARTS)

quiet:
	$(if $(BUSY),flock .venv/busy true)

# All rounds are run, and those that failed are named: what fails by chance fails in some.
soak: setup          ## for hours: acceptance with every case, ROUNDS=10 times over; the verdict's error rates; bad input; lowest
	airgap/packages.sh cc ip
	. ./airgap/env; failed=; \
	for round in $$(seq $(ROUNDS)); do \
	  echo "canary: round $$round of $(ROUNDS)"; \
	  $(PYTEST) -m "" tests/acceptance $(ARGS) || failed="$$failed $$round"; \
	done; \
	[ -z "$$failed" ] || { echo "canary: failed in round$$failed" >&2; exit 1; }
	.venv/bin/python benchmarks/verdict.py --runs 200 --seed 1
	$(PYTEST) --hypothesis-profile=soak -m hypothesis tests/unit
	$(MAKE) --no-print-directory lowest ARGS=

clean:               ## what make made in the clone; the caches outside it stay
	rm -rf .venv airgap/env canary-report test-results dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .pytest-kind

.PHONY: help setup venv others live canary benchmark docs lint unit pure waits stages plugin lowest engine acceptance faults walks alone report wheel test soak clean engine-alone all-else parts quiet
