"""The race: how soon our models are as good as those of other libraries, in processor seconds. `python -m tests.benchmarks.race --help`."""
