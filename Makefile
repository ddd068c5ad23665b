# Every target sets up what it needs; nothing has to be done before. `make help` lists them.
PYTHON ?= python3
BOOTSTRAP = @$(PYTHON) launcher/bootstrap.py

.DEFAULT_GOAL := help
.PHONY: help run test shell train lint format dialogues benchmark nlu-report screenshots widget-peers lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -e 's/:.*## /\t/' | sort | while IFS="$$(printf '\t')" read -r a b; do printf '  make %-12s %s\n' "$$a" "$$b"; done

run: ## set up, train if needed, start everything, print the address
	$(BOOTSTRAP) run

test: ## set up and run linters and all tests (ARGS="tests/catalogue -x" for some)
	$(BOOTSTRAP) test $(ARGS)

shell: ## talk with the bot in the terminal, actions running
	$(BOOTSTRAP) shell

train: ## train the model if its data, domain or configuration changed
	$(BOOTSTRAP) train

lint: ## ruff and mypy
	$(BOOTSTRAP) lint

format: ## let ruff put the code in order
	$(BOOTSTRAP) format

dialogues: ## run the dialogue tests with progress (ARGS="-k name" for some)
	$(BOOTSTRAP) dialogues $(ARGS)

benchmark: ## a chat turn through the api against Rasa alone
	$(BOOTSTRAP) benchmark $(ARGS)

nlu-report: ## the report on understanding, as an HTML page in var/
	$(BOOTSTRAP) nlu-report $(ARGS)

screenshots: ## make the pictures in docs/screenshots anew
	$(BOOTSTRAP) screenshots

widget-peers: ## the chat widget against five others (fetches them with npm; ARGS="--only deep-chat" for some)
	$(BOOTSTRAP) widget-peers $(ARGS)

lock: ## write requirements/ anew from pyproject.toml
	$(BOOTSTRAP) lock

clean: ## remove environments, models and everything generated
	rm -rf .envs .uv bot/models var .mypy_cache .ruff_cache .pytest_cache .hypothesis .rasa
