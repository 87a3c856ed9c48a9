"""The HTTP surface: page, report, metrics, health."""
