"""Fuzzing of every parser: the registry, the corpus, an hour by `make fuzz`, a minute in CI."""
