"""Open and past incidents, as pages and API show them."""
