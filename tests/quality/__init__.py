"""How good the verdicts are: recordings, and simulated fleets, beside simple rules.

`make quality` runs it; docs/quality.md tells what came out.
"""
