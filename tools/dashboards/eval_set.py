"""One eval set in depth."""

from tools.dashboards.parts import (
    CHOSEN,
    PAGE,
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
    verdict_mappings,
    verdict_number,
)

ONE = f'{CHOSEN},eval_set_id="$eval_set_id"'
TASKS = f'{ONE},task=~"$task"'
RATE = "[$__rate_interval]"
BY = "task, model"


def _samples(state: str) -> str:
    return f'eval_watchdog_task_samples{{{TASKS},state="{state}"}}'


def _top() -> list[Json]:
    verdict = verdict_number("eval_watchdog_eval_set_verdict", ONE)
    cause = f"max by (cause) (eval_watchdog_eval_set_stuck_seconds{{{ONE}}})"
    named = f'label_replace({cause}, "cause", "none", "cause", "")'
    done = f"sum({_samples('completed')}) / sum({_samples('total')})"
    progress = f"time() - max(eval_watchdog_task_last_progress_timestamp_seconds{{{TASKS}}})"
    return [
        stat("Verdict", "What the watchdog says of it now.", verdict, mappings=verdict_mappings()),
        stat("Cause", "Why it is stuck, or degraded.", named, "{{cause}}", text_mode="name",
             color_mode="value"),
        stat("Stuck for", "0 when it isn't.", f"max(eval_watchdog_eval_set_stuck_seconds{{{ONE}}})",
             unit="s", thresholds=steps(("green", None), ("red", 1))),
        stat("Last progress", "How long ago anything got done.", progress, unit="s",
             color_mode="value"),
        stat("Suspicion", "Highest of any task; at 1 the verdict falls.",
             f"max(eval_watchdog_task_suspicion{{{TASKS}}})", decimals=2,
             thresholds=steps(("green", None), ("yellow", 0.5), ("red", 1))),
        stat("Stuck samples", "Of those that run.", f"sum({_samples('stuck')})",
             thresholds=steps(("green", None), ("red", 1))),
        stat("Running samples", "In the buffer and not ended.",
             f"sum({_samples('running')})", color_mode="value"),
        stat("Completed", "Share of all samples.", done, unit="percentunit", color_mode="value"),
    ]  # fmt: skip


def _verdicts() -> list[Json]:
    whole = verdict_number("eval_watchdog_eval_set_verdict", ONE)
    tasks = verdict_number("eval_watchdog_task_verdict", TASKS, BY)
    queries = [query(whole, "eval set"), query(tasks, "{{task}} {{model}}")]
    words = "The eval set's verdict, and its tasks'."
    return [timeline("Verdicts", words, queries, mappings=verdict_mappings())]


def _tasks() -> Json:
    def each(metric: str) -> str:
        return f"max by ({BY}) ({metric}{{{TASKS}}})"

    def number(state: str) -> str:
        return f"sum by ({BY}) ({_samples(state)})"

    values = (
        ("Stuck for", "s", each("eval_watchdog_task_stuck_seconds")),
        ("Suspicion", "short", each("eval_watchdog_task_suspicion")),
        ("Fail streak", "short", each("eval_watchdog_task_fail_streak")),
        ("Stuck", "short", number("stuck")),
        ("Running", "short", number("running")),
        ("Queued", "short", number("queued")),
        ("Completed", "short", number("completed")),
        ("Errored", "short", number("errored")),
        ("Total", "short", number("total")),
    )
    return table(
        "Tasks",
        "The newest log of each task.",
        [query(expr, instant=True, form="table") for _, _, expr in values],
        columns={"task": "Task", "model": "Model"},
        links={"Task": (("Its page", f"{PAGE}/eval-sets/${{eval_set_id:percentencode}}"),)},
        values=tuple((name, unit) for name, unit, _ in values),
    )


def _stuck() -> list[Json]:
    longest = f"max by (task, model, cause) (eval_watchdog_task_stuck_seconds{{{TASKS}}})"
    estimated = f"max by ({BY}) (eval_watchdog_task_estimated_stuck_seconds{{{TASKS}}})"
    suspicion = f"max by ({BY}) (eval_watchdog_task_suspicion{{{TASKS}}})"
    return [
        lines("Stuck for", "The longest stuck sample of a task; beside it retries x wait.",
              [query(longest, "{{task}} {{cause}}"), query(estimated, "{{task}} retries x wait")],
              unit="s", min=0),
        lines("Suspicion", "Evidence over the bound at which the verdict falls: 1 is stuck.",
              [query(suspicion, "{{task}} {{model}}")], min=0, line=1),
    ]  # fmt: skip


def _calls() -> list[Json]:
    calls = f"eval_watchdog_model_calls_total{{{TASKS}}}"
    rates = f"sum by (model, outcome, cause) (rate({calls}{RATE}))"
    streaks = f"max by ({BY}) (eval_watchdog_task_fail_streak{{{TASKS}}})"
    retries = or_none(f"sum by ({BY}) (eval_watchdog_task_http_retries{{{TASKS}}})")
    return [
        lines("Model calls", "Attempts a second, by outcome and cause.",
              [query(rates, "{{model}} {{outcome}} {{cause}}")], unit="reqps", min=0),
        lines("Fail streaks", "Failed calls since the last success, of a task's worst sample.",
              [query(streaks, "{{task}} {{model}}")], min=0, decimals=0),
        lines("HTTP retries", "The runner's own counter. It freezes while nothing completes.",
              [query(retries, "{{task}} {{model}}")], min=0, decimals=0),
    ]  # fmt: skip


def _progress() -> list[Json]:
    states = f'sum by (state) (eval_watchdog_task_samples{{{TASKS},state!~"total|stuck"}})'
    ages = f"time() - max by ({BY}) (eval_watchdog_task_last_progress_timestamp_seconds{{{TASKS}}})"
    return [
        lines("Samples by state", "Over its tasks that are chosen.", [query(states, "{{state}}")],
              stack=True, min=0, decimals=0),
        lines("Since the last progress", "In a long back-off this grows, and is harmless.",
              [query(ages, "{{task}} {{model}}")], unit="s", min=0),
    ]  # fmt: skip


def dashboard() -> Json:
    """The dashboard on one eval set."""
    sets = f"label_values(eval_watchdog_eval_set_verdict{{{CHOSEN}}}, eval_set_id)"
    tasks = f"label_values(eval_watchdog_task_verdict{{{ONE}}}, task)"
    variables = (
        variable("eval_set_id", "Eval set", sets, many=False),
        variable("task", "Task", tasks),
    )
    sections = (
        ("", ((4, _top()), (6, _verdicts()), (7, [_tasks()]))),
        ("Stuck", ((8, _stuck()),)),
        ("Model calls", ((8, _calls()),)),
        ("Progress", ((8, _progress()),)),
    )
    return board(
        "eval-watchdog-eval-set",
        "Evaluations: one eval set",
        variables,
        sections,
        page=link("Its page", f"{PAGE}/eval-sets/${{eval_set_id:percentencode}}"),
        annotations=(incidents_opened(),),
    )
