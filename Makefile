# `make help` lists what can be made. Everything is installed by what needs it; nothing needs root but missing
# Debian packages, which are named when they cannot be installed.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
STATE ?= .ragpulse
PORTS_FROM ?=
BENCH ?=
OF ?=
DRILL ?=
CONFIG ?= cluster.yaml
NODE ?=
AT := --state "$(STATE)"
SETTINGS := . .venv/settings
# Bytecode is kept, whatever the environment says: else each process of a test compiles everything that it imports anew.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: up
up: ## set up, start and watch: your cluster.yaml, or a demo cluster when there is none
	@documents/scripts/setup up
	@$(SETTINGS) && $(BIN)/ragpulse up $(AT) $(if $(PORTS_FROM),--ports-from $(PORTS_FROM))

.PHONY: check
check: ## judge every connection of your cluster.yaml (or CONFIG=...) from this machine (or NODE=...)
	@documents/scripts/setup up
	@$(SETTINGS) && $(BIN)/ragpulse check --config "$(CONFIG)" $(if $(NODE),--node "$(NODE)")

.PHONY: down
down: ## stop everything that `make up` started
	@if [ -x $(BIN)/ragpulse ]; then $(BIN)/ragpulse down $(AT); else echo "nothing is set up here, so nothing runs"; fi

.PHONY: status
status: ## what runs, since when
	@if [ -x $(BIN)/ragpulse ]; then $(BIN)/ragpulse status $(AT); else echo "nothing is set up here, so nothing runs"; fi

.PHONY: test
test: ## set up, then lint, types, generated files, and all tests on real servers
	@documents/scripts/setup test
	@$(MAKE) lint check-generated
	@$(SETTINGS) && $(PYTEST) -n 4 --dist loadfile --no-loadscope-reorder --durations=12 --durations-min=4 --cov --cov-report= -m "not proof and not vllm and not memory"

.PHONY: test-proof
test-proof: ## the slow proofs of all kinds: a thousand load patterns, whole machines under their rules, failing cycles
	@documents/scripts/setup test
	@$(SETTINGS) && $(PYTEST) -n 2 -m proof

.PHONY: mutate
mutate: ## change every threshold, comparator, hold and guard of the alerts: which changes does no test notice? (or OF="node gpu")
	@documents/scripts/setup test
	@$(SETTINGS) && $(BIN)/python -m tests.mutation $(OF)

.PHONY: test-gpu
test-gpu: test-proof

.PHONY: test-vllm
test-vllm: ## the proofs that only a real vLLM can give: loaded, stopped, killed (2.4 GiB, once; 5 minutes)
	@documents/scripts/setup test
	@$(SETTINGS) && RAGPULSE_VLLM="$$(documents/scripts/vllm-cpu)" && export RAGPULSE_VLLM && \
		$(PYTEST) -m vllm -rP

.PHONY: test-memory
test-memory: ## the proofs that only a real memory service can give: mcp-memory-service (170 MB, once; half a minute)
	@documents/scripts/setup test
	@$(SETTINGS) && RAGPULSE_MCP_MEMORY="$$(documents/scripts/mcp-memory)" && export RAGPULSE_MCP_MEMORY && \
		$(PYTEST) -m memory -rP

.PHONY: test-boards
test-boards: $(BIN)/ruff ## compare the boards with Grafana's own types (npm: 26 MB, once; seconds)
	@documents/scripts/test-boards

.PHONY: test-page
test-page: $(BIN)/ruff ## have axe-core judge the Overview page and a runbook in Chromium (npm: 3 MB, once; seconds)
	@documents/scripts/test-page

.PHONY: pictures
pictures: $(BIN)/ruff ## draw every board with Grafana's own parts, into docs/images/boards (npm: 460 MB, once; minutes)
	@documents/scripts/setup test
	@$(SETTINGS) && documents/scripts/pictures

$(BIN)/ruff:
	@documents/scripts/setup test

.PHONY: lint
lint: $(BIN)/ruff ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

.PHONY: check-generated
check-generated: $(BIN)/ruff ## prove that the committed generated files are current
	@$(BIN)/ragpulse generate --config cluster.example.yaml --committed --check

.PHONY: generate
generate: $(BIN)/ruff ## write the committed generated files anew from cluster.example.yaml
	@$(BIN)/ragpulse generate --config cluster.example.yaml --committed

.PHONY: format
format: $(BIN)/ruff ## format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

.PHONY: bench
bench: ## measure the agent beside node_exporter into docs/benchmarks.md (14 minutes; BENCH=quick is a trial of four)
	@documents/scripts/setup test
	@$(SETTINGS) && $(BIN)/python -m benchmarks $(if $(filter quick,$(BENCH)),--quick)

.PHONY: bench-slo
bench-slo: ## measure what 20 objectives with 31 days behind them cost Prometheus (ten minutes for each generation)
	@documents/scripts/setup test
	@$(SETTINGS) && $(BIN)/python -m benchmarks.slo_cost

.PHONY: drill
drill: ## break a demo in every way, time who is told, compare with docs/detection-times.md (2 hours; DRILL="--list")
	@documents/scripts/setup test
	@$(SETTINGS) && $(BIN)/ragpulse drill --against docs/detection-times.json $(DRILL)

.PHONY: picture
picture: ## take a picture of the Overview page (or URL=...) that runs here, into .ragpulse/overview.png
	@documents/scripts/picture "$(STATE)/overview.png" $(URL)

.PHONY: bare
bare: ## prove `make up`, `make test`, `make down` on a bare Debian machine (debootstrap, as root)
	@documents/scripts/bare-machine

.PHONY: lock
lock: $(BIN)/ruff ## resolve the requirement files anew
	@documents/scripts/lock
