"""From states to verdicts: pure. A family of causes is a file, `rules.py` has their order."""
