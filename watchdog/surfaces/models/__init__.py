"""Health by provider and model: what the fleet's calls, direct tests and incidents say of it."""
