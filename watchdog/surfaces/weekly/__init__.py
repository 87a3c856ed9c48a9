"""A week's report for people, and as each may see it."""
