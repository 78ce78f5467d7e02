# The desk's commands. Bare `make` shows them; every target prepares what it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PY := .venv/bin/python
LOCAL := $(PY) -m desk_local
PYTEST := $(PY) -m pytest
SERVICES := intake triage automation notify metrics
CODE := shared tools agent services scripts tests demo bench storm
# Our own modules are compiled once and not by every process that a test starts.
unexport PYTHONDONTWRITEBYTECODE
# Extra words for pytest, for example: make unit ARGS="-k routing -x"
ARGS ?=

# The tests of a level, if there are any: pytest calls an empty folder a failure.
tests = if compgen -G "tests/$(1)/*/test_*.py" >/dev/null; then $(PYTEST) tests/$(1) $(ARGS); \
	else echo "There are no $(1) tests yet."; fi

##@ Start here
.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z0-9-]+:.*## / {printf "  \033[1m%-17s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nOne service in the foreground: make run-<service>, with $(SERVICES)\n'

.PHONY: setup venv
setup: venv deploy/local/target/stamp ## Python packages and the local servers' jars; quick the second time

venv:
	@scripts/setup.sh

# Without Maven this can wait: given addresses and containers need no jars, and `make up` says so.
deploy/local/target/stamp: deploy/local/pom.xml $(shell find deploy/local/src -name '*.java') | venv
	@if command -v mvn >/dev/null; then $(LOCAL) build && touch $@; fi

.PHONY: up
up: setup ## Start Kafka, store, topics and the five services; finds what runs already
	@$(LOCAL) up $(ARGS)

.PHONY: down
down: setup ## Stop all of it; data stays in .local
	@$(LOCAL) down $(ARGS)

.PHONY: status
status: setup ## What runs and where
	@$(LOCAL) status

.PHONY: demo
demo: setup ## A day's story on the running desk, with a live board; ARGS=--plain for lines
	@# ARGS are the demo's own: `up` would not know them.
	@$(LOCAL) up
	@PYTHONPATH=demo $(PY) -m desk_demo $(ARGS)

RUNS := $(addprefix run-,$(SERVICES))
.PHONY: $(RUNS)
$(RUNS): run-%: setup
	@$(LOCAL) run $*

##@ Before a commit
.PHONY: fmt
fmt: setup ## Format and mend what can be mended
	$(PY) -m ruff check --fix --quiet $(CODE) || true
	$(PY) -m ruff format $(CODE)

.PHONY: lint
lint: setup ## Ruff: style, bugs, format
	$(PY) -m ruff check $(CODE)
	$(PY) -m ruff format --check $(CODE)

.PHONY: types
types: setup ## mypy strict over services, shared, tests and scripts
	$(PY) -m mypy $(CODE)

.PHONY: arch
arch: setup ## import-linter: who may import whom
	PYTHONPATH=storm .venv/bin/lint-imports

.PHONY: rules
rules: setup ## Our own rules over the syntax tree
	$(PY) -m scripts.checks

# A file at a time, to whoever is free; those that wait for servers stand between those that compute
# (desk_testing/mixed.py). Of each kind what takes longest goes first.
# DONE are folders that ran before: CI runs unit tests once, with their coverage.
# On two cores six took 729 s and seven 715 (ADR 132); each has 1 to 2 GB,
# so where memory is short: make test WORKERS=3
WORKERS ?= 7
TESTED := $(filter-out $(DONE),tests/e2e tests/integration tests/contract tests/property tests/unit)

##@ Tests
.PHONY: unit
unit: setup ## Pure code and handlers with fakes
	@$(call tests,unit)

.PHONY: coverage
coverage: setup ## Unit tests, and how much of the pure code they run: no less than before
	@# Not by a plug-in of pytest: what pytest itself loads would count as never run.
	@rm -f .coverage .coverage.*; $(PY) -m coverage run -m pytest -n 2 --dist loadfile tests/unit $(ARGS) \
	  && $(PY) -m coverage combine --quiet && $(PY) -m scripts.coverage

.PHONY: property
property: setup ## Laws that must hold for any input
	@$(call tests,property)

.PHONY: contract
contract: setup ## Schemas, fakes against the real thing, API snapshots
	@$(call tests,contract)

.PHONY: fuzz
fuzz: setup ## The OpenAPI documents with 280 examples of each call; many minutes
	@DESK_FUZZ_EXAMPLES=$${DESK_FUZZ_EXAMPLES:-280} $(PYTEST) tests/contract/http/test_fuzzing.py $(ARGS)

.PHONY: lives
lives: setup ## 2,000 runs of a ticket's state machine on the real store against the pure model; minutes
	@DESK_LIVES=$${DESK_LIVES:-2000} $(PYTEST) tests/property/intake/test_store_agrees.py $(ARGS)

.PHONY: integration
integration: setup ## One part on a real broker and store
	@$(call tests,integration)

.PHONY: e2e
e2e: setup ## The five services as processes
	@$(call tests,e2e)

.PHONY: chaos
chaos: setup ## Kills, restarts and pauses; takes long
	@$(call tests,chaos)

.PHONY: kills
kills: setup ## 1,000 kills, stops and outages around two replicas of automation whose targets count effects; an hour
	@DESK_KILLS=$${DESK_KILLS:-1000} $(PYTEST) tests/chaos/automation/test_many_kills.py $(ARGS)

.PHONY: eval-search
eval-search: setup ## How well texts that say the same are found: make eval-search PATH, a folder with tickets.csv and pairs.csv
	@.venv/bin/desk eval-search $(filter-out $@,$(MAKECMDGOALS)) $(ARGS)

.PHONY: storm
storm: setup ## Two replicas of each service, everything around them failing, and laws of its own; over an hour
	@# In five parts on fresh servers: the embedded store loses its pace with its history.
	@for seed in 1 2 3 4 5; do PYTHONPATH=storm $(PY) -m desk_storm --seed $$seed $(ARGS) || failed=1; done; \
	  exit $${failed:-0}

.PHONY: storm-short
storm-short: setup ## The same in some minutes
	@PYTHONPATH=storm $(PY) -m desk_storm --short $(ARGS)

.PHONY: storm-front-door
storm-front-door: setup ## A short storm with orders from the catalogue, mail and recoveries of accounts; needs slapd
	@PYTHONPATH=storm $(PY) -m desk_storm --short --front-door --settle 110 $(ARGS)

.PHONY: storm-mutants
storm-mutants: setup ## One line of the product changed for each law of the storm; each is found
	@PYTHONPATH=storm $(PY) -m desk_storm.trials $(ARGS)

.PHONY: failure-modes
failure-modes: setup ## Each protection of automation taken out of a copy; the test that is for it must turn red
	@PYTHONPATH=storm $(PY) -m desk_storm.protections $(ARGS)

.PHONY: mutate
mutate: setup ## Mistakes in pure code, a sample by seed: nine of ten are found by unit and property tests
	@$(PY) -m scripts.mutate $(ARGS)

.PHONY: test
test: setup ## unit, property, contract, integration and e2e, in several processes side by side
	@echo "In $(WORKERS) processes, on servers of their own; twelve minutes on two cores."
	@$(PYTEST) -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTED) $(ARGS)

.PHONY: check
check: lint types arch rules manifests test ## All that CI checks

##@ Made from the code
.PHONY: schemas docs
schemas: setup ## JSON Schemas, docs/asyncapi.yaml, events.md and services.md, from models and tables
	$(PY) -m scripts.schemas
	$(PY) -m scripts.services
	$(PY) -m scripts.openapi
	$(PY) -m scripts.settings

docs: schemas ## The same as schemas

.PHONY: manifests
manifests: setup ## Is deploy/k8s in step with code and charter? (the contract tests validate it)
	$(PY) -m desk_manifests check

# As the overlays name them; `make images REGISTRY=registry.desk.example/ TAG=0.1.0` for production's.
ENGINE ?= docker
REGISTRY ?=
TAG ?= dev
IMAGES := $(SERVICES) tools
image = $(REGISTRY)experience-desk/$(1):$(TAG)

.PHONY: images
agent-wheel: setup ## The wheel for devices, in dist/agent, with the lock of what it needs
	scripts/agent_wheel.sh dist/agent

images: ## One image per service, and the operators'; any container engine, buildx or not
	@# BuildKit dates an image by this; older builders date it by their clock, with the same layers.
	@export SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct 2>/dev/null || echo 0); \
	revision=$$(git rev-parse HEAD 2>/dev/null || echo unknown); \
	for name in $(IMAGES); do \
	  $(ENGINE) build --file deploy/images/Dockerfile --target $$name --tag $(call image,$$name) \
	    --label org.opencontainers.image.title=experience-desk/$$name \
	    --label org.opencontainers.image.version=$(TAG) \
	    --label org.opencontainers.image.revision=$$revision $(ARGS) . || exit 1; \
	done
	@for name in $(IMAGES); do \
	  $(ENGINE) image inspect --format '{{.Size}}' $(call image,$$name) \
	    | awk -v name=$(call image,$$name) '{printf "%-60s %5.0f MB\n", name, $$1 / 1e6}'; \
	done

# Of this clone: another folder is another desk.
PROJECT := experience-desk-containers-$(shell pwd | cksum | cut -d ' ' -f 1)
COMPOSE := $(ENGINE) compose --project-name $(PROJECT) --file compose.yaml --file compose.services.yaml

.PHONY: up-containers hands down-containers
up-containers: images .local/containers.env ## Kafka, MongoDB, sign-in and the five services in containers (needs Compose)
	TAG=$(TAG) $(COMPOSE) up --detach --wait --no-build
	@echo "Everybody's password is in .local/containers.env; docs/operations.md says how to sign in."

hands: ## A command in the toolbox of these containers, for example ARGS="desk audit"
	TAG=$(TAG) $(COMPOSE) exec toolbox $(ARGS)

down-containers: ## Stop these; data stays in volumes
	TAG=$(TAG) $(COMPOSE) down

.local/containers.env:
	@mkdir -p .local && umask 077 && python3 -c \
	  'import secrets; [print(f"{name}={secrets.token_urlsafe(33)}") for name in ("DESK_CURSOR_SECRET", "DESK_DEV_PASSWORD")]' >$@

.PHONY: bench
bench: setup ## Measure, with baselines in the same run; writes bench/results
	@PYTHONPATH=bench $(PY) -m desk_bench $(ARGS)

# The folder or file of tickets stands behind the target: make eval-triage ../shared/data
.PHONY: eval-triage
eval-triage: setup ## How well it names the team, beside a plain baseline: make eval-triage PATH
	@PYTHONPATH=bench $(PY) -m desk_bench.routing $(or $(filter-out $@,$(MAKECMDGOALS)),$(ARGS))

.PHONY: eval-telemetry
eval-telemetry: setup ## Judge early warning on labelled series and on made disks: make eval-telemetry PATH
	@PYTHONPATH=bench $(PY) -m desk_bench.telemetry $(filter-out $@,$(MAKECMDGOALS)) $(ARGS)

.PHONY: eval-problems
eval-problems: setup ## What problems are found in made outages among real texts: make eval-problems PATH
	@PYTHONPATH=bench $(PY) -m desk_bench.outages $(filter-out $@,$(MAKECMDGOALS)) $(ARGS)

.PHONY: clean
clean: ## Remove caches and local data (stop the desk first: make down)
	rm -rf .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage deploy/local/target
