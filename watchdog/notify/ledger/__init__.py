"""What was told, and what is kept over a restart: a database."""
