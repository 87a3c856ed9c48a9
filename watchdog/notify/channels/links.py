"""Where people read on and act: addresses with the incident filled in. Pure."""

import re
from collections.abc import Iterator

from msgspec import Struct

from watchdog.addresses import filled, is_address, quoted
from watchdog.model.report import IncidentReport

OWN_MAX = 1000
"""Of an address of ours: a message has room for it, and for a few others."""

DASHBOARD_MAX = 20
"""Eval sets that a dashboard is opened for."""

_PARAMETER = re.compile(r"([?&])([^?&=]+)=\{eval_set_id\}")


class Templates(Struct, frozen=True):
    """Addresses with `{eval_set_id}` or `{cause}` in them; None for none."""

    page: str | None = None
    """The watchdog's own page: the way to all others."""
    grafana: str | None = None
    alertmanager: str | None = None
    """Alertmanager's base address."""
    runbook: str | None = None
    log_viewer: str | None = None


def links(
    incident: IncidentReport, templates: Templates, opening: int = 0
) -> Iterator[tuple[str, str]]:
    """Title and address of each link; those about an eval set name the incident's first.

    Grafana's takes several: its variable is repeated.

    What may not be linked (`is_address`) is left out.

    Args:
        incident: what is told.
        templates: the addresses.
        opening: which time it is open, from 1; 0 where that is not known.
    """
    first = incident.eval_sets[0] if incident.eval_sets else ""
    values = {"eval_set_id": first, "cause": incident.cause.value}
    candidates = (
        ("Status page", own_page(incident, templates.page, opening)),
        ("Grafana", _for_all(templates.grafana or "", incident.eval_sets)),
        ("Log viewer", templates.log_viewer),
        ("Runbook", templates.runbook),
        ("Silence", _silence(incident, templates.alertmanager)),
    )
    for title, template in candidates:
        address = filled(template or "", values)
        if is_address(address):
            yield title, address


def own_page(incident: IncidentReport, page: str | None, opening: int = 0) -> str | None:
    """Where the watchdog's own page tells of an incident, also when it is over."""
    if page is None:
        return None
    address = f"{page.rstrip('/')}/incidents/{quoted(incident.id)}"
    if opening:
        address += f"?opening={opening}"
    return address if len(address) <= OWN_MAX else page


def _for_all(template: str, eval_sets: tuple[str, ...]) -> str:
    """`var-eval_set_id={eval_set_id}` once for each eval set, where that makes no address too long.

    https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/create-dashboard-url-variables/
    """
    names = eval_sets[:DASHBOARD_MAX]
    address = _PARAMETER.sub(
        lambda match: match[1] + "&".join(f"{match[2]}={quoted(name)}" for name in names), template
    )
    return address if names and is_address(address) else template


def _silence(incident: IncidentReport, base: str | None) -> str | None:
    """Alertmanager's form for a new silence, with a matcher for all eval sets of the incident."""
    if base is None or not incident.eval_sets:
        return None
    matcher = f'eval_set_id="{_string(incident.eval_sets[0])}"'
    if len(incident.eval_sets) > 1:
        names = "|".join(_literal(name) for name in incident.eval_sets)
        matcher = f'eval_set_id=~"{_string(names)}"'
    return f"{base.rstrip('/')}/#/silences/new?filter={quoted(f'{{{matcher}}}')}"


def _string(text: str) -> str:
    """A text within a matcher's quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _literal(name: str) -> str:
    """A name as Prometheus' regular expressions (RE2) take it."""
    return "".join(f"\\{char}" if char in "\\.+*?()|[]{}^$" else char for char in name)
