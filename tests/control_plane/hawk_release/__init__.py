"""Eval sets installed by Hawk's own chart, out of its published wheel, watched on a real cluster."""
