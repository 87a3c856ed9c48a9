"""Prometheus exposition: the families of the current snapshot, and metrics on ourselves.

`python -m watchdog.surfaces.metrics > docs/metrics.md` writes the reference.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Literal, get_args

from msgspec import Struct
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from watchdog import __version__
from watchdog.model.instants import from_timestamp
from watchdog.model.probe import ProbeResult
from watchdog.model.report import Snapshot, SourceReport
from watchdog.pipeline.doctor.finding import STATUSES, Status
from watchdog.redaction import redact
from watchdog.surfaces.deflated import Deflater, Piece, Plain, joined
from watchdog.surfaces.exposition import Expositions
from watchdog.surfaces.families import FAMILIES, Family, label

Read = Callable[[], Snapshot | None]
HeartbeatOutcome = Literal["sent", "withheld", "failed"]
Judged = Literal["true", "false", "unjudged"]
Pressed = Literal["done", "refused", "repeated", "dropped", "failed"]
_EOF = b"# EOF\n"
_STAGE_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class SelfFamily(Struct, frozen=True):
    """A metric family on the watchdog itself."""

    name: str
    type: Literal["gauge", "counter", "histogram", "info"]
    help: str
    labels: tuple[str, ...] = ()


POLL_DURATION = SelfFamily(
    "eval_watchdog_poll_duration_seconds",
    "histogram",
    "How long the stages of a poll took.",
    ("stage",),
)
LAST_POLL = SelfFamily(
    "eval_watchdog_last_complete_poll_timestamp_seconds",
    "gauge",
    "When a poll of any source was last complete, in seconds since the epoch; 0 until the first. "
    "The dead man's switch of the whole.",
)
SOURCE_UP = SelfFamily(
    "eval_watchdog_source_up",
    "gauge",
    "1 while a source, or a part behind it, is listed in full; 0 while it doesn't answer.",
    ("source",),
)
SOURCE_LAST_POLL = SelfFamily(
    "eval_watchdog_source_last_complete_poll_timestamp_seconds",
    "gauge",
    "When a source last answered in full, in seconds since the epoch; 0 until the first time. "
    "The dead man's switch of each.",
    ("source",),
)
TASKS_LATE = SelfFamily(
    "eval_watchdog_tasks_late",
    "gauge",
    "Tasks that were due and that the last poll of a source did not come to: it ends before all "
    "are read. 0 as a rule; above it for long, the fleet is larger than this service can read.",
    ("source",),
)
POLL_LAG = SelfFamily(
    "eval_watchdog_poll_lag_seconds",
    "gauge",
    "By how much the one of them that waits longest is late.",
    ("source",),
)
SOURCE_ERRORS = SelfFamily(
    "eval_watchdog_source_errors_total",
    "counter",
    "Reads that failed, by source and reason.",
    ("source", "reason"),
)
NOTIFICATIONS = SelfFamily(
    "eval_watchdog_notifications_total",
    "counter",
    "Messages handed to a channel, by outcome (sent, retry, refused). `shadow`: it would have been "
    "handed this one, and was not (`notify.shadow`); the quiet channel itself is `shadow`.",
    ("channel", "outcome"),
)
BUILD_INFO = SelfFamily(
    "eval_watchdog_build_info", "info", "1, labelled with the version that runs.", ("version",)
)
LEARNED = SelfFamily(
    "eval_watchdog_learned_seconds",
    "gauge",
    "Time watched that the fleet's experience rests on; 0 is day one, with nothing but the priors.",
)
PROBE_REQUESTS = SelfFamily(
    "eval_watchdog_probe_requests_total",
    "counter",
    "Direct API tests, by how they ended; those that were not made are `not_tested`.",
    ("route", "provider", "model", "outcome"),
)
PROBE_TOKENS = SelfFamily(
    "eval_watchdog_probe_tokens_total",
    "counter",
    "Estimated input tokens that direct API tests sent.",
    ("route", "provider", "model"),
)
CHANNEL_FAILING = SelfFamily(
    "eval_watchdog_notification_channel_failing",
    "gauge",
    "1 while a channel refuses messages for good, or the ledger fails: a person has to look.",
    ("channel",),
)
SLACK_CONNECTED = SelfFamily(
    "eval_watchdog_slack_connection_up",
    "gauge",
    "1 while the connection is open over which Slack's buttons answer (Socket Mode), 0 while it "
    "isn't: messages arrive all the same. No series without `slack.app_token`.",
    ("channel",),
)
SLACK_PRESSES = SelfFamily(
    "eval_watchdog_slack_presses_total",
    "counter",
    "Presses of Slack's buttons, by what came of them: done, refused (who pressed was told why), "
    "repeated (Slack told one twice), dropped (too many waited), failed.",
    ("outcome",),
)
HEARTBEAT_SENT = SelfFamily(
    "eval_watchdog_heartbeat_last_success_timestamp_seconds",
    "gauge",
    "When the outgoing heartbeat was last taken by all that hear it, in seconds since the epoch; 0 "
    "until the first time, and where none is set up.",
)
HEARTBEATS = SelfFamily(
    "eval_watchdog_heartbeat_total",
    "counter",
    "Looks at which an outgoing heartbeat was due, by outcome: sent, withheld (the log says why; "
    "looked at again every 5 s), failed.",
    ("outcome",),
)
HEARTBEAT_INTERVAL = SelfFamily(
    "eval_watchdog_heartbeat_interval_seconds",
    "gauge",
    "Seconds between two outgoing heartbeats; 0 where none is set up (`heartbeat`).",
)
DOCTOR = SelfFamily(
    "eval_watchdog_doctor_check",
    "gauge",
    "1 for the worst status that a check of the hourly examination found, 0 for the others; no "
    "series before the first. The log says what, and what to do.",
    ("check", "status"),
)
LOOP_HELD = SelfFamily(
    "eval_watchdog_event_loop_block_seconds",
    "gauge",
    "The longest time since the last scrape for which the event loop was held: probes, page and "
    "polls wait that long. Above 0.1 is worth a look.",
)
CHECKPOINT_SAVED = SelfFamily(
    "eval_watchdog_checkpoint_timestamp_seconds",
    "gauge",
    "When checkpoints were last written, in seconds since the epoch; 0 until the first time. A "
    "restart reads what was written to the store since then.",
)
CHECKPOINT_BYTES = SelfFamily(
    "eval_watchdog_checkpoint_bytes", "gauge", "Bytes of all checkpoints that are kept."
)
CHECKPOINT_PENDING = SelfFamily(
    "eval_watchdog_checkpoint_pending_eval_sets",
    "gauge",
    "Eval sets that changed since their checkpoint was written.",
)
CHECKPOINT_FAILURES = SelfFamily(
    "eval_watchdog_checkpoint_failures_total",
    "counter",
    "Times that checkpoints could not be read or written; what they lack is read anew.",
)
CONFIG_OK = SelfFamily(
    "eval_watchdog_config_last_reload_successful",
    "gauge",
    "1 where configuration and secrets, as they stand in their files, were taken up, and where "
    "there are no such files; 0 where they are faulty: the log names the keys, and what was there "
    "before goes on.",
)
CONFIG_AT = SelfFamily(
    "eval_watchdog_config_last_reload_success_timestamp_seconds",
    "gauge",
    "When they were taken up last, the start included, in seconds since the epoch; 0 where there "
    "are no such files.",
)
CONFIG_WAITING = SelfFamily(
    "eval_watchdog_config_restart_pending_settings",
    "gauge",
    "Settings whose new value takes effect with the next start; the log names them.",
)
CANARY_SUCCESS = SelfFamily(
    "eval_watchdog_canary_last_success_timestamp_seconds",
    "gauge",
    "When the last canary that arrived was begun, in seconds since the epoch; 0 until one did.",
)
CANARY_DELAY = SelfFamily(
    "eval_watchdog_canary_delay_seconds",
    "gauge",
    "Seconds that it took from the beginning of its reading to the channel's confirmation.",
)
CANARY_INTERVAL = SelfFamily(
    "eval_watchdog_canary_interval_seconds",
    "gauge",
    "Seconds between two canaries; 0 where none is set up (`canary`).",
)
CANARIES = SelfFamily(
    "eval_watchdog_canary_total",
    "counter",
    "Canaries, by how they ended: delivered, not_stuck, other_cause, not_decided, not_delivered, "
    "failed.",
    ("outcome",),
)
PAGES = SelfFamily(
    "eval_watchdog_pages_total",
    "counter",
    "Pages, by what people said they were worth: true, false; unjudged where one ended and nobody "
    "had said anything. One that is judged anew counts again.",
    ("judged",),
)
LEADER = SelfFamily(
    "eval_watchdog_leader",
    "gauge",
    "1 of the replica that watches and tells people, 0 of one that stands by; 1 of a single one.",
)
SHADOW = SelfFamily(
    "eval_watchdog_shadow",
    "gauge",
    "1 while only the quiet channel is told (`notify.shadow`); 0 else. Alertmanager is told as "
    "ever: docs/shadow.md says how its alerts stay quiet too.",
)
SELF_FAMILIES = (
    LEADER,
    SHADOW,
    POLL_DURATION,
    LAST_POLL,
    SOURCE_UP,
    SOURCE_LAST_POLL,
    TASKS_LATE,
    POLL_LAG,
    SOURCE_ERRORS,
    NOTIFICATIONS,
    PAGES,
    CHANNEL_FAILING,
    SLACK_CONNECTED,
    SLACK_PRESSES,
    HEARTBEAT_SENT,
    HEARTBEATS,
    HEARTBEAT_INTERVAL,
    DOCTOR,
    PROBE_REQUESTS,
    PROBE_TOKENS,
    LEARNED,
    LOOP_HELD,
    CHECKPOINT_SAVED,
    CHECKPOINT_BYTES,
    CHECKPOINT_PENDING,
    CHECKPOINT_FAILURES,
    CONFIG_OK,
    CONFIG_AT,
    CONFIG_WAITING,
    CANARY_SUCCESS,
    CANARY_DELAY,
    CANARY_INTERVAL,
    CANARIES,
    BUILD_INFO,
)


class SelfMetrics:
    """Metrics of the process, on a registry of their own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._durations = Histogram(
            *_head(POLL_DURATION), registry=self.registry, buckets=_STAGE_BUCKETS
        )
        self._last_poll = Gauge(*_head(LAST_POLL), registry=self.registry)
        self._source_up = Gauge(*_head(SOURCE_UP), registry=self.registry)
        self._source_last_poll = Gauge(*_head(SOURCE_LAST_POLL), registry=self.registry)
        self._tasks_late = Gauge(*_head(TASKS_LATE), registry=self.registry)
        self._poll_lag = Gauge(*_head(POLL_LAG), registry=self.registry)
        self._source_errors = Counter(*_head(SOURCE_ERRORS), registry=self.registry)
        self._notifications = Counter(*_head(NOTIFICATIONS), registry=self.registry)
        self._pages = Counter(*_head(PAGES), registry=self.registry)
        for judged in get_args(Judged):
            self._pages.labels(judged)
        self._learned = Gauge(*_head(LEARNED), registry=self.registry)
        self._probes = Counter(*_head(PROBE_REQUESTS), registry=self.registry)
        self._probe_tokens = Counter(*_head(PROBE_TOKENS), registry=self.registry)
        self._channel_failing = Gauge(*_head(CHANNEL_FAILING), registry=self.registry)
        self._slack_connected = Gauge(*_head(SLACK_CONNECTED), registry=self.registry)
        self._slack_presses = Counter(*_head(SLACK_PRESSES), registry=self.registry)
        self._heartbeat_sent = Gauge(*_head(HEARTBEAT_SENT), registry=self.registry)
        self._heartbeats = Counter(*_head(HEARTBEATS), registry=self.registry)
        for beat in get_args(HeartbeatOutcome):
            self._heartbeats.labels(beat)
        self._heartbeat_interval = Gauge(*_head(HEARTBEAT_INTERVAL), registry=self.registry)
        self._doctor = Gauge(*_head(DOCTOR), registry=self.registry)
        self._loop_held = Gauge(*_head(LOOP_HELD), registry=self.registry)
        self._checkpoint_saved = Gauge(*_head(CHECKPOINT_SAVED), registry=self.registry)
        self._checkpoint_bytes = Gauge(*_head(CHECKPOINT_BYTES), registry=self.registry)
        self._checkpoint_pending = Gauge(*_head(CHECKPOINT_PENDING), registry=self.registry)
        self._checkpoint_failures = Counter(*_head(CHECKPOINT_FAILURES), registry=self.registry)
        self._config_ok = Gauge(*_head(CONFIG_OK), registry=self.registry)
        self._config_ok.set(1)  # what it began with; without files it stays so
        self._config_at = Gauge(*_head(CONFIG_AT), registry=self.registry)
        self._config_waiting = Gauge(*_head(CONFIG_WAITING), registry=self.registry)
        self._canary_success = Gauge(*_head(CANARY_SUCCESS), registry=self.registry)
        self._canary_delay = Gauge(*_head(CANARY_DELAY), registry=self.registry)
        self._canary_interval = Gauge(*_head(CANARY_INTERVAL), registry=self.registry)
        self._canaries = Counter(*_head(CANARIES), registry=self.registry)
        self._leader = Gauge(*_head(LEADER), registry=self.registry)
        self._leader.set(1)
        self._shadow = Gauge(*_head(SHADOW), registry=self.registry)
        _build_info(self.registry)

    def page_judged(self, judged: Judged) -> None:
        """Somebody said what a page was worth, or nobody did until its end."""
        self._pages.labels(judged).inc()

    def shadow(self, is_on: bool) -> None:
        """Whether only the quiet channel is told."""
        self._shadow.set(is_on)

    def measure_lead(self, leads: Callable[[], bool]) -> None:
        """Whether this replica leads is asked for at each scrape."""
        self._leader.set_function(leads)

    def config_reloaded(self, at: float, waiting: int) -> None:
        """Settings were taken up; so many of them wait for the next start."""
        self._config_ok.set(1)
        self._config_at.set(at)
        self._config_waiting.set(waiting)

    def config_refused(self) -> None:
        """What stands in the files can't be taken up."""
        self._config_ok.set(0)

    def measure_loop(self, longest: Callable[[], float]) -> None:
        """How long the loop was held is asked for at each scrape."""
        self._loop_held.set_function(longest)

    def stage_took(self, stage: str, seconds: float) -> None:
        """A stage of a poll is done."""
        self._durations.labels(_label(stage)).observe(seconds)

    def poll_complete(self, at: float) -> None:
        """A source answered."""
        self._last_poll.set(at)

    def sources(self, reports: Iterable[SourceReport]) -> None:
        """How each source answers."""
        for source in reports:
            name = _label(source.name)
            self._source_up.labels(name).set(source.state == "answers")
            if not source.part_of:
                at = from_timestamp(source.last_complete_at) or 0.0
                self._source_last_poll.labels(name).set(at)

    def checkpoints_saved(self, at: float, size: int) -> None:
        """A round was written; all of them have `size` bytes."""
        self._checkpoint_saved.set(at)
        self._checkpoint_bytes.set(size)

    def checkpoints_pending(self, eval_sets: int) -> None:
        """So many eval sets wait for the next round."""
        self._checkpoint_pending.set(eval_sets)

    def checkpoint_failed(self) -> None:
        """They could not be read, or written."""
        self._checkpoint_failures.inc()

    def canary_interval(self, seconds: float) -> None:
        """So many seconds lie between two of them; 0 where there is none."""
        self._canary_interval.set(seconds)

    def canary(self, outcome: str) -> None:
        """One ended."""
        self._canaries.labels(_label(outcome)).inc()

    def canary_arrived(self, at: float, seconds: float) -> None:
        """The last one that arrived was begun `at`, and took so long."""
        self._canary_success.set(at)
        self._canary_delay.set(seconds)

    def late(self, source: str, tasks: int, seconds: float) -> None:
        """What a poll of a source did not come to, and by how much the longest wait is late."""
        self._tasks_late.labels(_label(source)).set(tasks)
        self._poll_lag.labels(_label(source)).set(seconds)

    def learned(self, seconds: float) -> None:
        """The fleet's experience rests on so much time."""
        self._learned.set(seconds)

    def source_error(self, source: str, reason: str, times: int = 1) -> None:
        """A read failed, or so many; `reason` is one of a few short words."""
        self._source_errors.labels(_label(source), _label(reason)).inc(times)

    def notification(self, channel: str, outcome: str) -> None:
        """A channel took a message, or did not."""
        self._notifications.labels(_label(channel), _label(outcome)).inc()

    def channels_failing(self, channels: Iterable[str], failing: Collection[str]) -> None:
        """Which of the channels need a person; those that were taken away are none any more."""
        self._channel_failing.clear()
        for channel in channels:
            self._channel_failing.labels(_label(channel)).set(channel in failing)

    def slack_connected(self, up: bool | None) -> None:
        """Whether buttons answer; None where there are none."""
        if up is None:
            self._slack_connected.clear()
            return
        self._slack_connected.labels("slack").set(up)
        for outcome in get_args(Pressed):
            self._slack_presses.labels(outcome)

    def slack_press(self, outcome: Pressed) -> None:
        """Somebody pressed a button, and this came of it."""
        self._slack_presses.labels(outcome).inc()

    def heartbeat_interval(self, seconds: float) -> None:
        """So many seconds lie between two of them; 0 where nobody hears any."""
        self._heartbeat_interval.set(seconds)

    def heartbeat(self, outcome: HeartbeatOutcome, at: float) -> None:
        """A heartbeat was due, and this is what became of it."""
        self._heartbeats.labels(outcome).inc()
        if outcome == "sent":
            self._heartbeat_sent.set(at)

    def examined(self, by_check: Mapping[str, Status]) -> None:
        """An examination is done: the worst status of each check."""
        for check, worst in by_check.items():
            for status in STATUSES:
                self._doctor.labels(_label(check), status).set(status == worst)

    def probe(self, result: ProbeResult) -> None:
        """A direct API test ended, or was not made."""
        about = (_label(result.route), _label(result.provider), _label(result.model))
        self._probes.labels(*about, _label(result.outcome)).inc()
        if result.tested:
            self._probe_tokens.labels(*about).inc(result.tokens)


class StandbyMetrics:
    """Metrics of a replica that stands by: none that a rule could take for a watchdog's at work."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        Gauge(*_head(LEADER), registry=self.registry).set(0)
        _build_info(self.registry)


class _One(Collector):
    """A family for the client's encoders."""

    def __init__(self, family: Family) -> None:
        kind = CounterMetricFamily if family.type == "counter" else GaugeMetricFamily
        self._metric = kind(family.name, family.help, labels=family.labels)

    def collect(self) -> Iterator[Metric]:
        """It alone, without a sample."""
        return iter((self._metric,))


class Exposition:
    """What `/metrics` answers."""

    def __init__(
        self,
        read: Read,
        own: SelfMetrics | StandbyMetrics,
        masked: Callable[[Snapshot], Snapshot] = lambda snapshot: snapshot,
    ) -> None:
        """Args: read: the current snapshot; own: metrics of ourselves; masked: as it is shown."""
        self._read = read
        self._own = own.registry
        self._masked = masked
        self._expositions = Expositions()
        self._families = tuple(_One(family) for family in FAMILIES)

    def content_type(self, accept: str) -> str:
        """Of the answer: Prometheus text or OpenMetrics, as `accept` asks."""
        return _chosen(accept)[1]

    def render(self, accept: str) -> tuple[bytes, str]:
        """Body and content type, in one piece."""
        return joined(self.pieces(accept), Plain()), self.content_type(accept)

    def pieces(self, accept: str) -> Iterator[Piece]:
        """The body; of what is as it was at the last scrape nothing is made anew."""
        encode, _ = _chosen(accept)
        deflate = Deflater().piece
        own, end = _without_end(encode(self._own))
        yield deflate(own)
        snapshot = self._read()
        if snapshot is not None:
            rows = self._expositions.of(snapshot, self._masked)
            for family, row in zip(self._families, rows, strict=True):
                yield deflate(_without_end(encode(family))[0])
                yield from row
        yield deflate(end)


def _chosen(accept: str) -> tuple[Callable[[Collector], bytes], str]:
    try:
        return choose_encoder(accept)
    except (TypeError, ValueError):
        return choose_encoder("")


def _without_end(text: bytes) -> tuple[bytes, bytes]:
    """OpenMetrics ends with a line that says so, Prometheus text without."""
    return (text[: -len(_EOF)], _EOF) if text.endswith(_EOF) else (text, b"")


def markdown() -> str:
    """The reference of all families, as docs/metrics.md holds it."""
    families: tuple[Family | SelfFamily, ...] = (*FAMILIES, *SELF_FAMILIES)
    rows = [
        f"| `{family.name}` | {family.type} | {_code(family.labels)} | {family.help} |"
        for family in families
    ]
    head = ["| name | type | labels | meaning |", "| --- | --- | --- | --- |"]
    return "\n".join(["# Metrics", "", *_INTRODUCTION, "", *head, *rows, ""])


_INTRODUCTION = (
    "`/metrics` answers in Prometheus text or OpenMetrics, by `Accept`. Generated from the records",
    "in `watchdog/surfaces/families.py` and `metrics.py`: `python -m watchdog.surfaces.metrics`.",
    "",
    "Label sets are bounded: never a sample id, uuid, pod name or error text. Values are cut at",
    "128 characters. The series of an eval set disappear when it is no longer watched. `cause` is",
    "empty where nothing is wrong.",
)


def _code(labels: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in labels)


def _label(value: str | None) -> str:
    """A label of what no snapshot told: it was not searched for secrets yet."""
    return label(redact(value or ""))


def _build_info(registry: CollectorRegistry) -> None:
    build = Info("eval_watchdog_build", BUILD_INFO.help, registry=registry)
    build.info({"version": __version__})


def _head(family: SelfFamily) -> tuple[str, str, tuple[str, ...]]:
    return family.name, family.help, family.labels


if __name__ == "__main__":
    sys.stdout.write(markdown())
