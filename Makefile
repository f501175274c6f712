# A newcomer needs `make demo` and `make test`; all else is for contributors. Needs make, git and a Python from 3.11 up.
# The first word that runs makes .venv; PYTHON=/path/to/python3 chooses its Python, ARGS="-k words" goes to the command run.

PYTHON =
ARGS =
BIN = .venv/bin
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-header --no-emit-index-url $(ARGS)

.PHONY: help environment demo test soak check bench wheel lock

help: ## list these words
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

environment: ## make .venv, or find it ready
	@sh tools/environment.sh $(PYTHON)

demo: environment ## a whole city on this machine: lead a flood yourself (ARGS="--headless --scenario all" plays five stories)
	$(BIN)/bongsu demo $(ARGS)

test: environment ## run every test, on every core
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal $(ARGS)

soak: environment ## restarts, kills, frozen nodes, and ten times the schedules from a new seed: much longer than test (ARGS="-k restarted")
	BONGSU_RESTARTS=20 BONGSU_ASLEEP_S=40 $(BIN)/python -m pytest --numprocesses 0 --capture no $(ARGS) tests/service/test_draining.py \
		tests/staircase/test_kill.py tests/nodes tests/journal/postgres/test_living.py tests/journal/sqlite/test_kill.py
	BONGSU_SEED=$$(date +%s) BONGSU_EXAMPLES=400 $(BIN)/python -m pytest --numprocesses 0 --timeout 1800 $(ARGS) \
		tests/staircase/test_any_schedule.py tests/staircase/test_two_nodes.py

check: environment ## lint, format, types, layers, the house's budgets
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest --quiet tests/test_house.py

bench: environment ## what accepting, approving, one alert more and a flood cost here, beside bare commits and posts (ARGS="--json")
	$(BIN)/python -m benchmarks.accept $(ARGS)
	$(BIN)/python -m benchmarks.approve $(ARGS)
	$(BIN)/python -m benchmarks.record $(ARGS)
	$(BIN)/python -m benchmarks.flat $(ARGS)
	$(BIN)/python -m benchmarks.flood $(ARGS)
	$(BIN)/python -m benchmarks.drain $(ARGS)
	$(BIN)/python -m benchmarks.pages $(filter --json,$(ARGS))

wheel: environment ## build the wheel and try it in empty environments: make wheel ARGS="python3.11 python3.13"
	$(BIN)/python tools/try_wheel.py $(ARGS)

lock: environment ## pin the libraries anew: make lock ARGS=--upgrade
	$(LOCK) pyproject.toml --output-file requirements/core.txt
	$(LOCK) requirements/test.in --output-file requirements/test.txt
	$(LOCK) requirements/check.in --output-file requirements/check.txt
