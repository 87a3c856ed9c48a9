"""Inspect's formats: logs, sample buffers, the runner's log."""
