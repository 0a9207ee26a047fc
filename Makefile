# What a person can do here. `make` alone prints this list; each target's scripts are in tools/.
SHELL := /bin/bash
.DEFAULT_GOAL := help
LISTEN ?= 127.0.0.1:8080
DATA ?= var
ARGS ?=

.PHONY: help setup run fleet test lint format wheel release release-key bench bench-hub lock clean

help: ## print this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do \
	  printf '  make %-11s %s\n' "$$name" "$$what"; done

setup: ## install everything that development needs
	@tools/setup.sh dev

run: ## start a device on http://127.0.0.1:8080 with its data in ./var (LISTEN=host:port, DATA=folder, ARGS=…)
	@exec tools/run.sh --data "$(DATA)" --listen "$(LISTEN)" $(ARGS)

fleet: ## start a hub and three devices on this machine and open the hub's page (ARGS="--no-browser --port 8090")
	@exec tools/fleet.sh $(ARGS)

test: ## set up and run every test (ARGS="tests/unit -k name" for some of them)
	@exec tools/test.sh $(ARGS)

lint: ## run every linter and type checker
	@exec tools/lint.sh

format: ## rewrite the Python sources in the project's format
	@tools/setup.sh dev && .venv/bin/ruff check --fix . && .venv/bin/ruff format .

wheel: ## build the wheel and try it outside the checkout
	@exec tools/wheel.sh

release: ## make a signed release for install.sh and its updates (ARGS="--wheels --url https://…/hutch-1.2.3.bundle")
	@exec tools/release.sh $(ARGS)

release-key: ## make the key that releases are signed with, once, in keys/release.pem
	@exec tools/release-key.sh

bench: ## measure Hutch beside its peers (ARGS="--only echo --peers hutch,terminado")
	@exec tools/bench.sh $(ARGS)

bench-hub: ## measure what the hub carries, beside a raw relay and nats-server (ARGS=--quick)
	@exec tools/bench-hub.sh $(ARGS)

lock: ## compile requirements/*.txt from pyproject.toml again (ARGS=--upgrade for newer versions)
	@exec tools/lock.sh $(ARGS)

clean: ## remove what was built and installed here; ./var stays
	@rm -rf .venv dist build foundation/web/static webui/frontend/node_modules bench/.peers
