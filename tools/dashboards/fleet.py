"""The fleet: what is stuck, and how everything else fares."""

from tools.dashboards.parts import (
    CHOSEN,
    EACH,
    PAGE,
    RUNBOOK_OF_VALUE,
    Json,
    board,
    incidents_opened,
    lines,
    link,
    or_none,
    query,
    stat,
    steps,
    table,
    timeline,
    variable,
    verdict_colours,
    verdict_mappings,
    verdict_number,
)

SETS = f'{CHOSEN},eval_set_id=~"$eval_set_id"'
MODELS = f'{SETS},model=~"$model"'
RATE = "[$__rate_interval]"
IN_DEPTH = (
    "/d/eval-watchdog-eval-set?var-eval_set_id=${__value.raw}"
    "&${datasource:queryparam}&${cluster:queryparam}&${namespace:queryparam}&${job:queryparam}"
    "&${__url_time_range}"
)
_LINKS = {
    "Eval set": (("In depth", IN_DEPTH), ("Its page", f"{PAGE}/eval-sets/${{__value.raw}}")),
    "Cause": (("Runbook", RUNBOOK_OF_VALUE),),
}
_GOOD_AT_ZERO = steps(("green", None), ("red", 1))
_WARN_ABOVE_ZERO = steps(("green", None), ("orange", 1))


def _with_verdict(verdict: str) -> str:
    series = f'eval_watchdog_eval_set_verdict{{{SETS},verdict="{verdict}"}}'
    return or_none(f"sum(max by ({EACH}, eval_set_id) ({series}))")


def _top() -> list[Json]:
    watched = f"count(count by ({EACH}, eval_set_id) (eval_watchdog_eval_set_verdict{{{SETS}}}))"
    progressing = _with_verdict("progressing")
    return [
        stat("Stuck", "Nothing that still runs gets anything done.", _with_verdict("stuck"),
             thresholds=_GOOD_AT_ZERO),
        stat("Partially stuck", "Some samples are stuck, others go on.",
             _with_verdict("partially_stuck"), thresholds=_WARN_ABOVE_ZERO),
        stat("Degraded", "Calls fail more than usual, or succeed and achieve nothing.",
             _with_verdict("degraded"), thresholds=steps(("green", None), ("yellow", 1))),
        stat("Unknown", "What is needed to tell could not be read.", _with_verdict("unknown"),
             thresholds=steps(("green", None), ("purple", 1))),
        stat("Progressing", "Eval sets in which work gets done.", progressing,
             color_mode="value"),
        stat("Watched", "All eval sets that the watchdog sees, ended ones included.",
             or_none(watched), color_mode="value"),
        stat("Open incidents", "What belongs together is one incident.",
             or_none(f"sum(eval_watchdog_incidents_open{{{CHOSEN}}})"),
             thresholds=_WARN_ABOVE_ZERO),
        stat("Last complete poll", "How long ago everything was read. All above is as old.",
             f"time() - max(eval_watchdog_last_complete_poll_timestamp_seconds{{{CHOSEN}}})",
             unit="s", thresholds=steps(("green", None), ("orange", 120), ("red", 300))),
    ]  # fmt: skip


def _of_stuck(metric: str, labels: str = MODELS) -> str:
    """A metric of the tasks that are stuck."""
    return (
        f"max by (eval_set_id, task, model) ({metric}{{{labels}}}) "
        f"and on (eval_set_id, task, model) eval_watchdog_task_stuck_seconds{{{MODELS}}} > 0"
    )


def _stuck_tasks() -> Json:
    stuck_for = f"eval_watchdog_task_stuck_seconds{{{MODELS}}}"
    longest = f"max by (eval_set_id, task, model, cause) ({stuck_for}) > 0"
    stuck = f'{MODELS},state="stuck"'
    queries = (
        longest,
        _of_stuck("eval_watchdog_task_samples", stuck),
        _of_stuck("eval_watchdog_task_fail_streak"),
        _of_stuck("eval_watchdog_task_suspicion"),
        _of_stuck("eval_watchdog_task_estimated_stuck_seconds"),
    )
    return table(
        "What is stuck",
        "Each stuck task. Its eval set leads to the dashboard in depth.",
        [query(expr, instant=True, form="table") for expr in queries],
        columns={"eval_set_id": "Eval set", "task": "Task", "model": "Model", "cause": "Cause"},
        values=(
            ("Stuck for", "s"),
            ("Stuck samples", "short"),
            ("Fail streak", "short"),
            ("Suspicion", "short"),
            ("Retries x wait", "s"),
        ),
        links=_LINKS,
        noValue="Nothing is stuck",
    )


def _stuck_eval_sets() -> Json:
    longest = f"max by (eval_set_id, cause) (eval_watchdog_eval_set_stuck_seconds{{{SETS}}}) > 0"
    stuck = f"eval_watchdog_eval_set_stuck_seconds{{{SETS}}} > 0"
    asked = f"max by (eval_set_id) (eval_watchdog_eval_set_muted{{{SETS}}})"
    muted = f"{asked} and on (eval_set_id) {stuck}"
    return table(
        "Eval sets that are stuck",
        "Those without any task included: what never got as far as a log.",
        [query(expr, instant=True, form="table") for expr in (longest, muted)],
        columns={"eval_set_id": "Eval set", "cause": "Cause"},
        values=(("Stuck for", "s"), ("Muted", "bool_yes_no")),
        links=_LINKS,
        noValue="Nothing is stuck",
    )


def _history() -> list[Json]:
    verdicts = (
        f"sum by (verdict) (max by ({EACH}, eval_set_id, verdict) "
        f"(eval_watchdog_eval_set_verdict{{{SETS}}}))"
    )
    incidents = or_none(f"sum by (scope, cause) (eval_watchdog_incidents_open{{{CHOSEN}}})")
    return [
        lines("Eval sets by verdict", "How many are how.", [query(verdicts, "{{verdict}}")],
              stack=True, min=0, decimals=0, overrides=verdict_colours()),
        lines("Open incidents", "By scope and cause; what belongs together is one.",
              [query(incidents, "{{scope}} {{cause}}")], stack=True, min=0, decimals=0),
    ]  # fmt: skip


def _verdicts() -> list[Json]:
    """Those alone that were in trouble within the time shown: of a fleet nobody reads all."""
    bad = "degraded|partially_stuck|stuck|unknown"
    verdict = verdict_number("eval_watchdog_eval_set_verdict", SETS, "eval_set_id")
    troubled = f'eval_watchdog_eval_set_verdict{{{SETS},verdict=~"{bad}"}}[$__range]'
    shown = f"({verdict}) and on (eval_set_id) max_over_time({troubled}) == 1"
    words = (
        "Of the eval sets that were degraded, stuck or unknown at any time within what is shown."
    )
    return [
        timeline("Verdicts over time", words, [query(shown, "{{eval_set_id}}")],
                 mappings=verdict_mappings(), noValue="None was in trouble"),
    ]  # fmt: skip


def _signs() -> list[Json]:
    def top(metric: str, by: str) -> str:
        return f"topk(10, max by ({by}) ({metric}{{{MODELS}}}))"

    suspicion = top("eval_watchdog_task_suspicion", "eval_set_id, task, model")
    streaks = top("eval_watchdog_task_fail_streak", "eval_set_id, task, model")
    longest = f"topk(10, max by (eval_set_id) (eval_watchdog_eval_set_stuck_seconds{{{SETS}}}))"
    return [
        lines("Stuck for", "The ten that have stood longest.", [query(longest, "{{eval_set_id}}")],
              unit="s", min=0),
        lines("Suspicion", "Evidence over the bound at which the verdict falls: 1 is stuck.",
              [query(suspicion, "{{eval_set_id}} {{task}}")], min=0, line=1),
        lines("Fail streaks", "Failed calls since the last success, of a task's worst sample.",
              [query(streaks, "{{eval_set_id}} {{task}}")], min=0, decimals=0),
    ]  # fmt: skip


def _calls() -> list[Json]:
    def rate(by: str, more: str = "") -> str:
        return f"sum by ({by}) (rate(eval_watchdog_model_calls_total{{{MODELS}{more}}}{RATE}))"

    failed = ',outcome="fail"'
    share = f"({rate('model', failed)} or 0 * {rate('model')}) / {rate('model')}"
    causes = or_none(rate("cause", failed))
    retries = or_none(f"sum by (model) (rate(eval_watchdog_task_http_retries{{{MODELS}}}{RATE}))")
    return [
        lines("Model calls", "Attempts a second, by model and outcome.",
              [query(rate("model, outcome"), "{{model}} {{outcome}}")], unit="reqps", min=0),
        lines("Share of calls that fail", "By model.", [query(share, "{{model}}")],
              unit="percentunit", min=0, max=1),
        lines("Failures by cause", "Failed attempts a second.", [query(causes, "{{cause}}")],
              unit="reqps", min=0, stack=True),
        lines("HTTP retries", "The runners' own counters, a second. They freeze in a full stall.",
              [query(retries, "{{model}}")], unit="reqps", min=0),
    ]  # fmt: skip


def _samples() -> list[Json]:
    states = f'sum by (state) (eval_watchdog_task_samples{{{MODELS},state!~"total|stuck"}})'
    stuck = f'sum by (model) (eval_watchdog_task_samples{{{MODELS},state="stuck"}})'
    return [
        lines("Samples by state", "Over all tasks.", [query(states, "{{state}}")], stack=True,
              min=0, decimals=0),
        lines("Stuck samples by model", "One model's, or everybody's?",
              [query(stuck, "{{model}}")], min=0, decimals=0),
    ]  # fmt: skip


def _probes() -> list[Json]:
    found = f'{CHOSEN},model=~"$model"'
    last = or_none(f"min by (route, model, size) (eval_watchdog_probe_success{{{found}}})")
    outcomes = or_none(
        f"sum by (route, outcome) (increase(eval_watchdog_probe_requests_total{{{found}}}{RATE}))"
    )
    tokens = or_none(
        f"sum by (provider) (increase(eval_watchdog_probe_tokens_total{{{found}}}{RATE}))"
    )
    return [
        lines("Last direct API test", "1: the API answered as it should. Small or large request, "
              "through Middleman or straight to the provider.",
              [query(last, "{{model}} {{route}} {{size}}")], min=0, max=1, decimals=0),
        lines("Direct API tests", "By route and outcome.",
              [query(outcomes, "{{route}} {{outcome}}")], min=0, stack=True),
        lines("Tokens of direct API tests", "Estimated input tokens; what the tests cost.",
              [query(tokens, "{{provider}}")], min=0, stack=True),
    ]  # fmt: skip


def dashboard() -> Json:
    """The dashboard on all eval sets."""
    variables = (
        variable(
            "eval_set_id",
            "Eval set",
            f"label_values(eval_watchdog_eval_set_verdict{{{CHOSEN}}}, eval_set_id)",
        ),
        variable("model", "Model", f"label_values(eval_watchdog_task_verdict{{{SETS}}}, model)"),
    )
    sections = (
        ("", ((4, _top()),)),
        ("Stuck", ((8, [_stuck_tasks()]), (6, [_stuck_eval_sets()]))),
        ("Over time", ((8, _history()), (9, _verdicts()), (8, _signs()))),
        ("Model calls", ((8, _calls()[:2]), (8, _calls()[2:]))),
        ("Samples", ((8, _samples()),)),
        ("Direct API tests", ((8, _probes()),)),
    )
    return board(
        "eval-watchdog-fleet",
        "Evaluations: the fleet",
        variables,
        sections,
        page=link("The watchdog's page", f"{PAGE}/"),
        annotations=(incidents_opened(),),
    )
