"""One real evaluation on many releases of Inspect AI, each in an environment of its own."""
