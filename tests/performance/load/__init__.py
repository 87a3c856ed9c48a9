"""Fleets of running tasks as Inspect writes them, in a real S3 server, and what a poll costs."""
