# `make help` lists what can be made. Everything is installed by what needs it; nothing needs root but missing
# Debian packages, which are named when they cannot be installed.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

-include .venv/settings.mk

BIN := .venv/bin
STATE ?= .ragpulse
PORTS_FROM ?=
UP_OPTIONS := --state $(STATE) $(if $(PORTS_FROM),--ports-from $(PORTS_FROM))

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Each goal runs in two steps, so that the second one sees the settings that the first one wrote.
.PHONY: setup-up setup-test
setup-up setup-test:
	@documents/scripts/setup $(@:setup-%=%)

.PHONY: up
up: setup-up ## set up, start and watch: your cluster.yaml, or a demo cluster when there is none
	@$(MAKE) run-up

.PHONY: run-up
run-up:
	@$(BIN)/ragpulse up $(UP_OPTIONS)

.PHONY: down
down: ## stop everything that `make up` started
	@if [ -x $(BIN)/ragpulse ]; then $(BIN)/ragpulse down --state $(STATE); else echo "nothing is set up here, so nothing runs"; fi

.PHONY: status
status: ## what runs, since when
	@$(BIN)/ragpulse status --state $(STATE)

.PHONY: test
test: setup-test ## set up, then lint, types, generated files, and all tests on real servers
	@$(MAKE) run-test

.PHONY: run-test
run-test: lint check-generated
	@$(BIN)/python -m pytest -n 2 --dist loadfile

.PHONY: lint
lint: ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

.PHONY: check-generated
check-generated: ## prove that the committed generated files are current
	@$(BIN)/ragpulse generate --config cluster.example.yaml --committed --check

.PHONY: generate
generate: ## write the committed generated files anew from cluster.example.yaml
	@$(BIN)/ragpulse generate --config cluster.example.yaml --committed

.PHONY: format
format: ## format the code
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

.PHONY: picture
picture: ## take the picture of the running demo's Overview page that README shows
	@documents/scripts/picture docs/images/overview.png

.PHONY: bare
bare: ## prove `make up`, `make test`, `make down` on a bare Debian machine (debootstrap, as root)
	@documents/scripts/bare-machine

.PHONY: lock
lock: ## resolve the requirement files anew
	@documents/scripts/lock
