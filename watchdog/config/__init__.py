"""Settings: a file for each group; what else is known of them is derived from the models."""
