"""Simulated clusters: what happens to eval sets on a cluster's bad days, and what people hear."""
