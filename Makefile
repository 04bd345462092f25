# Everything a clone needs: `make` lists the targets. The work lies in ops/*.sh, where it can be read and tested.
.DEFAULT_GOAL := help
.PHONY: help dev test check bench format install install-tests

PORT ?= 8000
BENCH ?=
PYTEST ?= -n 2 --dist loadfile --no-loadscope-reorder
RUN := .venv/bin

help: ## this list
	@echo 'Imprint, from a clone:'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do printf '%-20s %s\n' "$$target" "$$text"; done

dev: install ## run all of it here: Postgres, Redis, server, worker, demo (PORT=8000); Ctrl-C stops everything
	@exec $(RUN)/imprint dev --port $(PORT)

test: install install-tests ## the whole test suite (PYTEST='-n 2 tests/unit' for a part)
	@$(RUN)/python -m compileall -q app auth migrations ops tenants workers  # once, not in each of the commands that tests start
	$(RUN)/pytest $(PYTEST)

check: install ## format, lint, types, import contracts, migration lint, SDL drift
	@sh ops/check.sh

bench: install ## the benchmarks (BENCH=read for one of them)
	@exec $(RUN)/imprint bench $(BENCH)

format: install ## put every file into the house's format
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix-only .

install: ## put all that is needed into .venv
	@sh ops/bootstrap.sh

install-tests: ## put the tests' peers (Chromium, Postgres 15) on a Debian where you are root; elsewhere name the missing ones
	@sh ops/test-peers.sh
