"""The group `links`."""

from typing import Self

from pydantic import model_validator

from watchdog.addresses import places
from watchdog.config.section import Section, WebAddress

_SAMPLE = frozenset({"eval_set_id", "sample_id", "epoch", "sample_uuid", "task_id", "log"})
KNOWN = {"sample_viewer": _SAMPLE, "logs": frozenset({"eval_set_id"})}
"""What is filled in, of those that always said so."""


class Links(Section):
    """Where messages and pages lead: addresses with `{eval_set_id}` and the like in them.

    What is filled in is quoted. In messages `{cause}` is filled in too.
    """

    grafana: WebAddress | None = None
    """A dashboard, e.g. `https://grafana/d/x?var-eval_set_id={eval_set_id}`."""
    alertmanager: WebAddress | None = None
    """Alertmanager's base address; the link is to a silence for the eval set, filled in."""
    runbook: WebAddress | None = None
    """The runbook, e.g. `https://wiki/runbook/{cause}`."""
    log_viewer: WebAddress | None = None
    """Inspect's log viewer, e.g. `https://viewer/?log_dir={eval_set_id}`."""
    sample_viewer: WebAddress | None = None
    """The same for a sample, e.g. `https://viewer/{eval_set_id}/{log}/{sample_id}/{epoch}`; `{log}`
    is its log's file name; there are `{sample_uuid}` and `{task_id}` too."""
    logs: WebAddress | None = None
    """Where the runner's log is kept, e.g. `https://logs/?q={eval_set_id}`."""

    @model_validator(mode="after")
    def _knows_its_places(self) -> Self:
        """A place that nothing fills would lead nowhere."""
        for name, known in KNOWN.items():
            strangers = places(getattr(self, name) or "") - known
            if strangers:
                raise ValueError(
                    f"{name}: nothing fills {{{min(strangers)}}}; there are "
                    + ", ".join(f"{{{place}}}" for place in sorted(known))
                )
        return self
