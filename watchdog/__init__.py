"""Stuck-eval watchdog: finds stuck Inspect AI evaluations, says why, and tells whom it helps."""

__version__ = "0.2.0"
DISTRIBUTION = "stuck-eval-watchdog"
