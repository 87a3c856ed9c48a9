"""The group `links`."""

from watchdog.config.section import Section, WebAddress


class Links(Section):
    """Where messages lead: addresses in which `{eval_set_id}` and `{cause}` are filled in."""

    grafana: WebAddress | None = None
    """A dashboard, e.g. `https://grafana/d/x?var-eval_set_id={eval_set_id}`."""
    alertmanager: WebAddress | None = None
    """Alertmanager's base address; the link is to a silence for the eval set, filled in."""
    runbook: WebAddress | None = None
    """The runbook, e.g. `https://wiki/runbook/{cause}`."""
    log_viewer: WebAddress | None = None
    """Inspect's log viewer, e.g. `https://viewer/?log_dir={eval_set_id}`."""
