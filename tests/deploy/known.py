"""The metrics that there are: what the program exports, and what Prometheus and the process add."""

from tests.deploy.expressions import rules
from watchdog.surfaces.families import FAMILIES
from watchdog.surfaces.metrics import SELF_FAMILIES

PROCESS = {
    "process_start_time_seconds",
    "process_resident_memory_bytes",
    "process_cpu_seconds_total",
    "process_open_fds",
}
"""Of prometheus-client's ProcessCollector, on Linux."""
PROMETHEUS = {"scrape_samples_scraped"}


def exported():
    """Names as they stand in the exposition."""
    names = set()
    for family in (*FAMILIES, *SELF_FAMILIES):
        endings = ("_bucket", "_sum", "_count") if family.type == "histogram" else ("",)
        names |= {family.name + ending for ending in endings}
    return names


def everything():
    return exported() | PROCESS | PROMETHEUS | {rule["record"] for rule in rules("record")}
