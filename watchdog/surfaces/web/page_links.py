"""Where the pages of an eval set and of a sample lead beside the watchdog. Pure."""

from watchdog.addresses import filled, is_address
from watchdog.config.links import Links
from watchdog.model.samples import SampleRow

Link = tuple[str, str]
"""Title and address."""


def eval_set_links(links: Links, name: str) -> tuple[Link, ...]:
    """Those of an eval set, by what its source calls it; what may not be linked is left out."""
    templates = (
        ("Grafana", links.grafana),
        ("Runner's log", links.logs),
        ("Inspect's viewer", links.log_viewer),
    )
    filled_in = ((title, filled(text or "", {"eval_set_id": name})) for title, text in templates)
    return tuple((title, address) for title, address in filled_in if is_address(address))


def sample_links(links: Links, name: str, sample: SampleRow, log: str) -> tuple[Link, ...]:
    """Those of a sample: Inspect's viewer at it, or at its eval set.

    Args:
        links: the templates.
        name: what its source calls its eval set.
        sample: which one.
        log: its log's file name; empty where that isn't known.
    """
    values = {
        "eval_set_id": name,
        "sample_id": sample.id,
        "epoch": str(sample.epoch),
        "sample_uuid": sample.uuid or "",
        "task_id": sample.task_id,
        "log": log,
    }
    address = filled(links.sample_viewer or "", values)
    if is_address(address):
        return (("Inspect's viewer", address),)
    return tuple(one for one in eval_set_links(links, name) if one[0] == "Inspect's viewer")
