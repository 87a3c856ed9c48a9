"""The packages as people get them: wheel and sdist, installed into each Python at hand."""
