"""Grafana dashboards, from descriptions in Python: `python -m tools.deploy` writes them.

Plain dictionaries rather than an SDK: a dozen helpers (`parts.py`) say all that is needed, without
a dependency that changes with each release of Grafana.
"""

from tools.dashboards import eval_set, fleet, watchdog

DASHBOARDS = {
    "fleet.json": fleet.dashboard,
    "eval-set.json": eval_set.dashboard,
    "watchdog.json": watchdog.dashboard,
}
