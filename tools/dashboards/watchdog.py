"""The watchdog itself."""

from tools.dashboards.parts import (
    CHOSEN,
    EACH,
    NAMED,
    PAGE,
    Json,
    annotation,
    board,
    lines,
    link,
    or_none,
    panel,
    query,
    stat,
    steps,
    timeline,
    variable,
)

JOB = f'{CHOSEN},instance=~"$instance"'
POD = f"{EACH}, instance"
RATE = "[$__rate_interval]"
AGE = f"time() - max by ({EACH}) (eval_watchdog_last_complete_poll_timestamp_seconds{{{JOB}}})"


def _own(metric: str) -> str:
    """A metric of the process, of watchdogs only."""
    return f"({metric}{{{JOB}}} and on ({POD}) eval_watchdog_build_info)"


def _at_work(metric: str) -> str:
    """The same without replicas that stand by."""
    return f"({_own(metric)} unless on ({POD}) eval_watchdog_leader == 0)"


def _age(metric: str) -> str:
    """How long ago something was, where it ever was."""
    return f"time() - (max by ({EACH}) ({metric}{{{JOB}}}) > 0)"


def _top() -> list[Json]:
    start = f"max({_at_work('process_start_time_seconds')})"
    errors = f"sum(increase(eval_watchdog_source_errors_total{{{JOB}}}[1h]))"
    unsent = f'sum(increase(eval_watchdog_notifications_total{{{JOB},outcome!="sent"}}[1h]))'
    channels = (
        f"sum(max by ({EACH}, channel) (eval_watchdog_notification_channel_failing{{{JOB}}}))"
    )
    good = steps(("green", None), ("red", 1))
    return [
        stat("Watching", "Watchdogs that watch and tell; two for one fleet send everything twice.",
             f"sum(eval_watchdog_leader{{{JOB}}})",
             thresholds=steps(("red", None), ("green", 1))),
        stat("Version", "Of the watchdogs that are scraped.",
             f"max by (version) (eval_watchdog_build_info{{{JOB}}})", "{{version}}",
             text_mode="name", color_mode="value"),
        stat("Last complete poll", "How long ago every source was read.", f"max({AGE})", unit="s",
             thresholds=steps(("green", None), ("orange", 120), ("red", 300))),
        stat("Up for", "Since the newest start of one that watches.", f"time() - {start}",
             unit="s", color_mode="value"),
        stat("Experience", "Weeks watched that the odds rest on; 0 is day one.",
             f"max(eval_watchdog_learned_seconds{{{JOB}}}) / 604800", decimals=1,
             color_mode="value"),
        stat("Source errors", "Failed reads within the last hour.", or_none(errors), decimals=0,
             thresholds=steps(("green", None), ("orange", 1))),
        stat("Messages not sent", "Within the last hour; they are tried again.", or_none(unsent),
             decimals=0, thresholds=steps(("green", None), ("orange", 1))),
        stat("Channels failing", "They refuse every message: a person has to mend it.",
             or_none(channels), thresholds=good),
    ]  # fmt: skip


def _standing() -> list[Json]:
    refused = (
        f"sum(eval_watchdog_config_last_reload_successful{{{JOB}}} == bool 0 "
        f"and on ({POD}) eval_watchdog_config_last_reload_success_timestamp_seconds > 0)"
    )
    waiting = f"sum(eval_watchdog_config_restart_pending_settings{{{JOB}}})"
    failed = f'sum(max by ({EACH}, check) (eval_watchdog_doctor_check{{{JOB},status="failed"}}))'
    never = {"noValue": "none", "unit": "s", "color_mode": "value"}
    return [
        stat("Standing by", "Replicas that would take over; seen where Prometheus scrapes pods.",
             f"sum(eval_watchdog_leader{{{JOB}}} == bool 0)", color_mode="value"),
        stat("Configuration", "Watchdogs that refuse what stands in their files; the log says why.",
             or_none(refused), thresholds=steps(("green", None), ("red", 1))),
        stat("Wait for a restart", "Settings whose new value takes effect with the next start.",
             or_none(waiting), thresholds=steps(("green", None), ("orange", 1))),
        stat("Last heartbeat", "How long ago the oldest one was taken; none where none is set up.",
             f"max({_age('eval_watchdog_heartbeat_last_success_timestamp_seconds')})", **never),
        stat("Last canary", "How long ago the oldest one that arrived was begun.",
             f"max({_age('eval_watchdog_canary_last_success_timestamp_seconds')})", **never),
        stat("Checks failed", "Of its own examination; `watchdog doctor` says what to do.",
             or_none(failed), thresholds=steps(("green", None), ("red", 1))),
    ]  # fmt: skip


def _leaders() -> list[Json]:
    leads = f"max by ({POD}) (eval_watchdog_leader{{{JOB}}})"
    beats = or_none(f"sum by (outcome) (increase(eval_watchdog_heartbeat_total{{{JOB}}}{RATE}))")
    age = _age("eval_watchdog_heartbeat_last_success_timestamp_seconds")
    every = f"max by ({EACH}) (eval_watchdog_heartbeat_interval_seconds{{{JOB}}}) > 0"
    return [
        timeline("Who leads", "One that stands by is seen where Prometheus scrapes pods.",
                 [query(leads, "{{instance}}")],
                 mappings=_words(("stands by", "blue"), ("leads", "green"))),
        lines("Heartbeats", "Looks at which one was due, by outcome; withheld: the log says why.",
              [query(beats, "{{outcome}}")], min=0, stack=True),
        lines("Age of the last heartbeat", "That was taken; an alert from five intervals on.",
              [query(age, NAMED), query(every, f"{NAMED}: interval")], unit="s", min=0),
    ]  # fmt: skip


def _examined() -> list[Json]:
    def worst(status: str) -> str:
        return f'max by (check) (eval_watchdog_doctor_check{{{JOB},status="{status}"}})'

    found = f"3 * {worst('failed')} + 2 * {worst('warning')} + {worst('unknown')}"
    taken = f"min by ({EACH}) (eval_watchdog_config_last_reload_successful{{{JOB}}})"
    return [
        timeline("Its own examination", "The worst of each check; an alert after two hours.",
                 [query(found, "{{check}}")],
                 mappings=_words(("ok", "green"), ("unknown", "purple"), ("warning", "orange"),
                                 ("failed", "red"))),
        timeline("Configuration taken up", "Whether what stands in its files is whole, and in use.",
                 [query(taken, NAMED)],
                 mappings=_words(("refused", "red"), ("taken up", "green"))),
    ]  # fmt: skip


def _words(*words: tuple[str, str]) -> list[Json]:
    """Numbers from 0 on as words and colours."""
    options = {
        str(number): {"text": text, "color": colour, "index": number}
        for number, (text, colour) in enumerate(words)
    }
    return [{"type": "value", "options": options}]


def _polls() -> list[Json]:
    buckets = f"eval_watchdog_poll_duration_seconds_bucket{{{JOB}}}"
    quantiles = [
        query(f"histogram_quantile({q}, sum by (le, stage) (rate({buckets}{RATE})))",
              f"{{{{stage}}}} {name}")
        for q, name in ((0.5, "median"), (0.95, "95 %"), (0.99, "99 %"))
    ]  # fmt: skip
    return [
        _heatmap(),
        lines("Stages of a poll", "How long they take.", quantiles, unit="s", min=0),
        lines("Age of the last complete poll", "The dead man's switch: an alert from 5 min on.",
              [query(AGE, NAMED)], unit="s", min=0, line=300),
    ]  # fmt: skip


def _heatmap() -> Json:
    collect = f'eval_watchdog_poll_duration_seconds_bucket{{{JOB},stage="collect"}}'
    options = {
        "calculate": False,
        "color": {"mode": "scheme", "scheme": "Blues", "steps": 32},
        "yAxis": {"unit": "s"},
        "legend": {"show": True},
        "tooltip": {"mode": "single", "yHistogram": False},
    }
    counts = query(f"sum by (le) (increase({collect}{RATE}))", "{{le}}", form="heatmap")
    words = "How many polls took how long to read everything."
    return panel("heatmap", "Reading", words, [counts], options=options)


def _troubles() -> list[Json]:
    errors = or_none(
        f"sum by (source, reason) (increase(eval_watchdog_source_errors_total{{{JOB}}}{RATE}))"
    )
    sent = or_none(
        f"sum by (channel, outcome) (increase(eval_watchdog_notifications_total{{{JOB}}}{RATE}))"
    )
    failing = or_none(f"max by (channel) (eval_watchdog_notification_channel_failing{{{JOB}}})")
    return [
        lines("Source errors", "Failed reads, by source and reason.",
              [query(errors, "{{source}} {{reason}}")], min=0, stack=True),
        lines("Messages", "Handed to channels, by outcome.",
              [query(sent, "{{channel}} {{outcome}}")], min=0, stack=True),
        lines("Channels that fail", "1 while a channel refuses for good.",
              [query(failing, "{{channel}}")], min=0, max=1, decimals=0),
    ]  # fmt: skip


def _canary() -> list[Json]:
    every = f"max by ({EACH}) (eval_watchdog_canary_interval_seconds{{{JOB}}}) > 0"
    last = f"max by ({EACH}) (eval_watchdog_canary_last_success_timestamp_seconds{{{JOB}}}) > 0"
    delay = f"max by ({EACH}) (eval_watchdog_canary_delay_seconds{{{JOB}}}) > 0"
    ended = or_none(f"sum by (outcome) (increase(eval_watchdog_canary_total{{{JOB}}}{RATE}))")
    return [
        lines("Age of the last canary", "That arrived; an alert from two intervals on.",
              [query(f"time() - ({last})", NAMED),
               query(every, f"{NAMED}: interval")], unit="s", min=0),
        lines("Delay of the last canary", "From its reading to the channel's confirmation.",
              [query(delay, NAMED)], unit="s", min=0),
        lines("Canaries", "By how they ended.", [query(ended, "{{outcome}}")], min=0, stack=True),
    ]  # fmt: skip


def _process() -> list[Json]:
    memory = _own("process_resident_memory_bytes")
    spent = f"rate(process_cpu_seconds_total{{{JOB}}}{RATE})"
    cpu = f"{spent} and on ({POD}) eval_watchdog_build_info"
    files = _own("process_open_fds")
    starts = f"changes(max by ({EACH}) ({_at_work('process_start_time_seconds')})[1h:])"
    return [
        lines("Memory", "Resident.", [query(memory, "{{instance}}")], unit="bytes", min=0),
        lines("CPU", "Cores in use.", [query(cpu, "{{instance}}")], min=0, decimals=3),
        lines("Open files", "Sockets included; they should not grow for ever.",
              [query(files, "{{instance}}")], min=0, decimals=0),
        lines("Restarts", "And takeovers, in the hour before; an alert from 4 in half an hour on.",
              [query(starts, NAMED)], min=0, decimals=0),
    ]  # fmt: skip


def _experience() -> list[Json]:
    learned = f"max by ({EACH}) (eval_watchdog_learned_seconds{{{JOB}}}) / 604800"
    sets = f"count by ({EACH}, eval_set_id) (eval_watchdog_eval_set_verdict{{{JOB}}})"
    watched = f"count by ({EACH}) ({sets})"
    series = f"scrape_samples_scraped{{{JOB}}} and on ({POD}) eval_watchdog_build_info"
    return [
        lines("Experience", "Weeks watched that the odds rest on.", [query(learned, NAMED)],
              min=0),
        lines("Eval sets watched", "Running ones, and those that ended lately.",
              [query(watched, NAMED)], min=0, decimals=0),
        lines("Series", "What one scrape brings.", [query(series, "{{instance}}")], min=0,
              decimals=0),
    ]  # fmt: skip


def _started() -> Json:
    """A mark where a watchdog started: `/metrics` of another process, or a pod that takes over."""
    start = f"max by ({EACH}) ({_at_work('process_start_time_seconds')})"
    return annotation("Watchdog started", f"changes(({start})[2m:1m]) > 0", NAMED, "blue")


def dashboard() -> Json:
    """The dashboard on the watchdog."""
    sections = (
        ("", ((4, _top()), (4, _standing()))),
        ("Polls", ((8, _polls()),)),
        ("Troubles", ((8, _troubles()),)),
        ("Always on", ((7, _leaders()), (6, _examined()), (7, _canary()))),
        ("Process", ((7, _process()),)),
        ("Experience", ((7, _experience()),)),
    )
    pods = f"label_values(eval_watchdog_build_info{{{CHOSEN}}}, instance)"
    return board(
        "eval-watchdog-itself",
        "Evaluations: the watchdog itself",
        (variable("instance", "Pod", pods),),
        sections,
        page=link("Its page", f"{PAGE}/"),
        annotations=(_started(),),
    )
