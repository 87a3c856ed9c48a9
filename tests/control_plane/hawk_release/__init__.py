"""Eval sets installed by the chart of Hawk's published wheel, watched on a real cluster."""
