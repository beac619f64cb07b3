# The two commands are `make run` and `make test`; both set up what they need, and lose no time where it is there.
.PHONY: setup run test lint bench bench-engine bench-records bench-dialects clean
bin := .local/venv/bin

setup:
	@./setup.sh

run: setup
	@./spark-submit.sh pipeline --config conf/pipelines/demo.yaml

test: setup
	@$(bin)/python -m pytest -n 2 --dist loadfile

lint: setup
	@$(bin)/ruff check .
	@$(bin)/ruff format --check .
	@$(bin)/mypy
	@$(bin)/lint-imports --no-cache

bench: setup
	@PYTHONPATH=. $(bin)/python tests/benchmarks/bench_demo.py

bench-engine: setup
	@PYTHONPATH=. $(bin)/python tests/benchmarks/bench_engine.py $(ARGS)

bench-records: setup
	@PYTHONPATH=. $(bin)/python -m tests.benchmarks.bench_records $(ARGS)

bench-dialects: setup
	@PYTHONPATH=. $(bin)/python -m tests.benchmarks.bench_dialects $(ARGS)

clean:
	rm -rf .local data/demo .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
