"""One record each, and the JSON that Datadog's API takes (`POST /api/v1/monitor`)."""

from dataclasses import dataclass
from typing import Any, Literal

from tools.mixin.settings import Settings

Severity = Literal["critical", "warning"]
PRIORITY = {"critical": 1, "warning": 3}

_SET = " by {eval_set_id}"
_NAMED = "{{eval_set_id.name}}"
_MUTED = f"max:eval_watchdog.eval_set_muted{{*}}{_SET}"
_NO_PAGE = f"max:eval_watchdog.eval_set_no_page{{*}}{_SET}"
_OTHERS = (
    "orphaned_sandbox",
    "hung_teardown",
    "deletion_stuck",
    "overdue_wait",
    "sandbox_error",
    "sample_error",
)
"""Causes that many incidents may have without one trouble behind them."""


@dataclass(frozen=True)
class Monitor:
    """An alert as Datadog has it; its name is that of the Prometheus alert."""

    name: str
    severity: Severity
    query: str
    """Up to its comparison: what follows stands in `bound`."""
    bound: tuple[Literal[">", ">=", "<", "<="], float]
    message: str
    runbook: str = ""
    """The page of the runbook, where it isn't called like the alert."""
    page: str = "/incidents?state=open"
    missing: Literal["default", "show_and_notify_no_data"] = "default"
    """What no data means: nothing, or that it is to be told."""


def _verdict(name: str) -> str:
    return f"max:eval_watchdog.eval_set_verdict{{verdict:{name}}}{_SET} - {_MUTED}"


def _incidents(cause: str) -> str:
    return f"sum:eval_watchdog.incidents_open{{{cause}}}"


MONITORS = (
    Monitor(
        "EvalSetStuck",
        "critical",
        f"min(last_5m):{_verdict('stuck')} - {_NO_PAGE}",
        (">=", 1),
        f"Nothing that still runs in eval set {_NAMED} gets anything done, and waiting longer is "
        f"not expected to help. The evidence: watchdog explain {_NAMED}",
        runbook="README",
        page=f"/incidents?q={_NAMED}",
    ),
    Monitor(
        "EvalSetPartiallyStuck",
        "warning",
        f"min(last_1h):{_verdict('partially_stuck')}",
        (">=", 1),
        f"Some samples of eval set {_NAMED} have got nothing done for an hour; others go on. The "
        f"evidence: watchdog explain {_NAMED}",
        runbook="README",
        page=f"/incidents?q={_NAMED}",
    ),
    Monitor(
        "EvalSetDegraded",
        "warning",
        f"avg(last_2h):{_verdict('degraded')}",
        (">", 0.75),
        f"Model calls of eval set {_NAMED} fail far more often than usual, or succeed and achieve "
        "nothing, for most of two hours.",
        page=f"/incidents?q={_NAMED}",
    ),
    Monitor(
        "EvalSetUnknown",
        "warning",
        f"min(last_30m):{_verdict('unknown')}",
        (">=", 1),
        "For over 30 minutes the watchdog could not read what it needs to judge eval set "
        f"{_NAMED}: it may be stuck, and nobody would know.",
        page=f"/incidents?q={_NAMED}",
    ),
    Monitor(
        "EvalLogWritesFailing",
        "critical",
        f"min(last_10m):{_incidents('cause:log_write_failed')}",
        (">", 0),
        "Evaluations go on, and what they do is not stored. What isn't written is lost with the "
        "runner.",
        runbook="log_write_failed",
    ),
    Monitor(
        "EvalSandboxesOrphaned",
        "warning",
        f"min(last_30m):{_incidents('cause:orphaned_sandbox')}",
        (">", 0),
        "Eval sets ended over an hour ago, and their sandbox pods still take room and cost money.",
        runbook="orphaned_sandbox",
    ),
    Monitor(
        "EvalIncidentsMany",
        "critical",
        f"min(last_5m):{_incidents(','.join(f'!cause:{cause}' for cause in _OTHERS))}",
        (">=", 10),
        "So many separate incidents at once mostly have one cause that the watchdog can't see: the "
        "cluster, its network, a secret, a release.",
    ),
    Monitor(
        "EvalModelCallsFailing",
        "warning",
        "sum(last_30m):sum:eval_watchdog.model_calls.count{outcome:fail} by {model}.as_count()"
        " / sum:eval_watchdog.model_calls.count{*} by {model}.as_count()",
        (">", 0.5),
        "Most calls to {{model.name}} of the last half hour failed, over all eval sets.",
    ),
    Monitor(
        "EvalWatchdogDown",
        "critical",
        "max(last_10m):sum:eval_watchdog.leader{*}",
        ("<", 1),
        "No watchdog gives metrics, or none of its replicas leads. Nobody watches the evaluations.",
        page="/",
        missing="show_and_notify_no_data",
    ),
    Monitor(
        "EvalWatchdogPollStale",
        "critical",
        "change(max(last_10m),last_10m):max:eval_watchdog.last_complete_poll_timestamp_seconds{*}",
        ("<=", 0),
        "The watchdog has not completed a poll for over 10 minutes: it runs, and is blind. Its "
        "/readyz says why.",
        page="/",
    ),
    Monitor(
        "EvalWatchdogSourceSilent",
        "critical",
        "max(last_15m):max:eval_watchdog.source_up{*} by {source}",
        ("<", 1),
        "{{source.name}} has not answered in full for over 15 minutes. Its evaluations are not "
        "watched; the other sources' are.",
        page="/",
    ),
    Monitor(
        "EvalWatchdogChannelFailing",
        "critical",
        "min(last_5m):max:eval_watchdog.notification_channel_failing{*} by {channel}",
        (">=", 1),
        "{{channel.name}} takes nothing of the watchdog's: a person has to mend it; /readyz has "
        "the reason.",
        page="/",
    ),
    Monitor(
        "EvalWatchdogTasksLate",
        "warning",
        "min(last_30m):max:eval_watchdog.tasks_late{*} by {source}",
        (">", 0),
        "No poll of {{source.name}} comes to the end of what is due: what is stuck is told later "
        "than it should be.",
        page="/",
    ),
    Monitor(
        "EvalWatchdogConfigRefused",
        "warning",
        "max(last_10m):min:eval_watchdog.config_last_reload_successful{*}",
        ("<", 1),
        "What stands in the configuration or its files of secrets is faulty; what was there before "
        "goes on. The log names the keys (config_refused).",
        page="/",
    ),
    Monitor(
        "EvalWatchdogDoctorFailed",
        "warning",
        "min(last_2h):max:eval_watchdog.doctor_check{status:failed} by {check}",
        (">=", 1),
        "For over 2 hours the check {{check.name}} of the watchdog's own examination has failed. "
        "What to do: watchdog doctor",
        page="/",
    ),
)


def monitor(of: Monitor, settings: Settings) -> dict[str, Any]:
    """The body of the request that makes it."""
    sign, bound = of.bound
    severity = getattr(settings, of.severity)
    runbook = f"{settings.runbook}/{of.runbook or of.name}{settings.runbook_suffix}"
    return {
        "name": of.name,
        "type": "query alert",
        "query": f"{of.query} {sign} {bound}",
        "message": f"{of.message}\n\nPage: {settings.page}{of.page}\nRunbook: {runbook}",
        "tags": ["app:stuck-eval-watchdog", f"severity:{severity}"],
        "priority": PRIORITY[of.severity],
        "options": {
            "thresholds": {"critical": bound},
            "on_missing_data": of.missing,
            "require_full_window": True,
            "include_tags": True,
        },
    }
