"""The notification log, and what else is kept over a restart: a database."""
