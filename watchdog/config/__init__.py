"""Settings: one file for each group; what is derived from them stands beside."""
