# What a person can do here. `make` alone prints this list; each target's scripts are in tools/.
SHELL := /bin/bash
.DEFAULT_GOAL := help
LISTEN ?= 127.0.0.1:8080
DATA ?= var
ARGS ?=
KEYS ?=
AGENTS ?=

.PHONY: help setup run fleet test test-agents lint format wheel release release-key image keys test-image bench bench-hub bench-image lock clean

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

test-agents: ## run the tests with the real agent CLIs, installed for them (ARGS as for test)
	@exec tools/test-agents.sh $(ARGS)

lint: ## run every linter and type checker
	@exec tools/lint.sh

format: ## rewrite the Python sources in the project's format
	@tools/setup.sh dev && .venv/bin/ruff check --fix . && .venv/bin/ruff format .

wheel: ## build the wheel and try it outside the checkout
	@exec tools/wheel.sh

image: ## build the image for a Raspberry Pi into dist/ (as root; AGENTS="claude-code codex" come with it; ARGS=--release)
	@$(if $(AGENTS),HUTCH_IMAGE_AGENTS="$(AGENTS)") exec tools/image.sh $(ARGS)

keys: ## make the keys that releases are signed with, once (KEYS=folder)
	@exec tools/keys.sh $(KEYS)

test-image: ## start the image in QEMU and judge it: first boot, updates, power cuts (ARGS="-k first_boot")
	@exec tools/test-image.sh $(ARGS)

release: ## make a signed release for install.sh and its updates (ARGS="--wheels --url https://…/hutch-1.2.3.bundle")
	@exec tools/release.sh $(ARGS)

release-key: ## make the key that releases are signed with, once, in keys/release.pem
	@exec tools/release-key.sh

bench: ## measure Hutch beside its peers (ARGS="--only echo --peers hutch,terminado")
	@exec tools/bench.sh $(ARGS)

bench-hub: ## measure what the hub carries, beside a raw relay and nats-server (ARGS=--quick)
	@exec tools/bench-hub.sh $(ARGS)

bench-image: ## measure the image: size, start, update, what a small change costs (one JSON)
	@exec tools/bench-image.sh $(ARGS)

lock: ## compile requirements/*.txt from pyproject.toml again (ARGS=--upgrade for newer versions)
	@exec tools/lock.sh $(ARGS)

clean: ## remove what was built and installed here; ./var stays
	@rm -rf .venv dist build foundation/web/static webui/frontend/node_modules bench/.peers .cache/agents
