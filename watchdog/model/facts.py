"""What a source can say. Foreign formats end in `collect`; these records go on to `fold`.

All instants are seconds since the epoch (UTC); all durations are seconds.
"""

from typing import Literal, NamedTuple

from msgspec import Struct

from watchdog.model.allowances import Allowance
from watchdog.model.cluster import ClusterView

LogStatus = Literal["started", "success", "cancelled", "error"]


CALLS_MAX = 64
"""Calls of tools that are kept of one answer."""

AnswerKind = Literal["plain", "empty", "refused", "cut_off"]
"""A model's answer without calls of tools: refused by a filter, cut off at a limit of tokens."""


class SampleKey(NamedTuple):
    """A sample within a task. Ids that were integers are strings here."""

    id: str
    epoch: int


class ApproverPolicy(Struct, frozen=True):
    """One approver of `config.approval`, and the tools whose calls it decides on.

    Inspect asks the approvers of a call in order, until one doesn't pass the decision on.
    """

    tools: tuple[str, ...]
    """Names of tools, or globs; `*` for all."""
    by_person: bool
    """Whether a person decides, as far as can be known: the approver isn't an automatic one."""


class Connections(NamedTuple):
    """How many calls a model may have at once in one process: the least, the first, the most."""

    least: int = 10
    start: int = 10
    most: int = 10


class RoleModel(NamedTuple):
    """A model that the task calls beside its own, a grader say."""

    model: str
    connections: Connections | None = None
    """Where it has bounds of its own."""


class TaskSpec(Struct, frozen=True):
    """What the log says of its task before any sample runs (`start.json`, `header.json`)."""

    task: str
    task_id: str
    model: str
    created_at: float | None = None
    total_samples: int | None = None
    """Sample ids x epochs; None where the log does not say."""
    max_samples: int | None = None
    max_sandboxes: int | None = None
    """Sandboxes that a process may have at once."""
    connections: Connections = Connections()
    """Of its model, and of its roles' where they have none of their own."""
    roles: tuple[RoleModel, ...] = ()
    max_retries: int | None = None
    """After so many retries Inspect gives a model call up; None is never."""
    retry_timeout: float | None = None
    """Seconds after which Inspect gives a model call up, retries included; None is never."""
    time_limit: float | None = None
    """Seconds that a sample's solvers may take; its scorers half of it again. None is no limit."""
    working_limit: float | None = None
    """The same without what it waits for."""
    waits_long: bool = False
    """Whether its calls are asked in the background, or with a client's time-out of their own."""
    has_sandbox: bool = False
    eval_set_id: str | None = None
    allowance: Allowance = Allowance()
    """What its owner says of it in the log's metadata."""
    ignored: tuple[str, ...] = ()
    """What of that can't be used, each with the reason."""
    inspect_version: tuple[int, int, int] | None = None
    """Of Inspect, as the log names it; None where it doesn't, or not as a version."""
    message_limit: int | None = None
    """Messages after which Inspect ends a sample by itself; None is never."""
    fail_on_error: bool | float | None = None
    """Whether an errored sample fails the task, or from which share or count; None is yes."""
    continue_on_fail: bool | None = None
    """Whether the other samples go on where the task will fail; None is no."""
    run_id: str | None = None
    """The run that wrote the log: all tasks that one call of Inspect started have the same."""
    approval: tuple[ApproverPolicy, ...] = ()
    """Who approves the calls of tools, in order; empty where nobody does."""

    @property
    def bears_errors(self) -> bool:
        """Whether the other samples go on after one is ended as an error."""
        return self.fail_on_error is False or self.continue_on_fail is True


class SampleSummary(Struct, frozen=True):
    """One line of a manifest or of a journal's summaries."""

    key: SampleKey
    uuid: str | None = None
    started_at: float | None = None
    completed_at: float | None = None
    completed: bool = False
    error: str | None = None
    cancelled: bool = False
    limit: str | None = None
    by_model: bool = False
    """Inspect says that its error is a model call's (`ModelGenerateError`)."""


class Row(Struct, frozen=True, gc=False):
    """One row of a sample buffer, reduced to what a verdict needs.

    A call has up to three rows with one `event_id`: pending, then interim, then final; the last
    wins. Rows are ordered by `id`, never by `at`: Inspect sets `at` of a finished model call back
    to the moment it was asked for.
    """

    id: int
    event_id: str
    kind: str
    """Inspect's event name: model, tool, sandbox, span_begin, span_end, input, info, …"""
    at: float | None = None
    completed_at: float | None = None
    pending: bool = False
    final: bool = True
    """False for the interim row of a call (neither pending nor completed, empty output)."""
    name: str = ""
    """Model of a model call, function of a tool call, action of a sandbox event, span's name."""
    role: str | None = None
    error: str | None = None
    error_class: str | None = None
    """Class name in the last line of the traceback, e.g. `openai.RateLimitError`."""
    cached: bool = False
    batch: bool = False
    timeout: float | None = None
    """Declared limit of the call in seconds: a tool's argument, an exec's option, a setting."""
    span_id: str | None = None
    """Id of the span that the event occurred within; None where its writer names none."""
    span: str | None = None
    """Id of the span that begins or ends (span_begin, span_end)."""
    parent_id: str | None = None
    """Id of the span that a span begins within."""
    type: str | None = None
    """Type of a span (`scorers`, `scorer`, `solver`, `agent`, …), source of an info event, decision
    of an approval."""
    calls: tuple[str, ...] = ()
    """Functions of the tools that a model's answer calls, at most `CALLS_MAX`."""
    digest: int | None = None
    """What a finished tool call asked and gave, or what a model's answer without calls said to the
    newest message before it; equal ones are repetitions, and nothing can be read from it."""
    answer: AnswerKind | None = None
    """What such an answer of a model is; None for one that calls tools."""
    took: float | None = None
    """Seconds that a model's answer took, without the wait for a connection slot."""
    messages: int = 0
    """Messages that a model was asked with, once it answered."""
    echoes: bool = False
    """Whether one of those stands among them twice."""
    unfamiliar: bool = False
    """It is, or ends, a call of a kind that isn't known here: what it does can't be told."""


class Listing(Struct, frozen=True):
    """The logs of an eval set that count, newest of each task id; others are gone or superseded."""

    eval_set_id: str
    logs: tuple[str, ...]


class Located(Struct, frozen=True):
    """Where an eval set's logs are, as a person types it."""

    eval_set_id: str
    address: str
    """What the program itself takes: a directory, a bundle, `s3://bucket/prefix`."""
    logs_at: str
    """The logs' own folder; empty where these are copies."""
    local: bool
    """Whether they are on this machine."""


class SpecRead(Struct, frozen=True):
    """A log's task specification and status were read."""

    eval_set_id: str
    log: str
    spec: TaskSpec
    status: LogStatus
    error: str | None = None
    completed_at: float | None = None


class EndedRead(Struct, frozen=True):
    """Summaries of samples that left the buffer for the log (journal or final summaries)."""

    eval_set_id: str
    log: str
    samples: tuple[SampleSummary, ...]


class ManifestRead(Struct, frozen=True):
    """All samples in the buffer now, running or about to be flushed."""

    eval_set_id: str
    log: str
    samples: tuple[SampleSummary, ...]


class RowsRead(Struct, frozen=True):
    """New rows of one sample, in order."""

    eval_set_id: str
    log: str
    key: SampleKey
    rows: tuple[Row, ...]
    stored_at: float | None = None
    """When they were stored, by the store's clock; None where that isn't known."""


class RowsLost(Struct, frozen=True):
    """Rows of one sample that can't be read (missing or corrupt segment).

    `newest` says that nothing later was read of it: its present state is unknown.
    """

    eval_set_id: str
    log: str
    key: SampleKey
    newest: bool


class HistoryBegun(Struct, frozen=True):
    """A log's samples have long histories: their newest rows come first, the older ones later."""

    eval_set_id: str
    log: str
    keys: tuple[SampleKey, ...]
    """Those of which rows are passed over for now."""


class HistoryRead(Struct, frozen=True):
    """Rows of such a log in their order, from the first that was passed over."""

    eval_set_id: str
    log: str
    parts: tuple[RowsRead | RowsLost, ...]
    complete: bool
    """Whether there are no more of them."""


class TaskRead(Struct, frozen=True):
    """The log and its buffer were read, or confirmed unchanged, at `at`."""

    eval_set_id: str
    log: str
    at: float
    stored_at: float | None = None
    """When its newest object was stored, as the store says or its file's time."""
    interval: float = 0.0
    """Seconds until it is read again, at the most; 0 where that is at each poll."""


class EarlierAttempt(Struct, frozen=True):
    """An older log of the same task: how its attempt ended."""

    log: str
    status: LogStatus | None
    """None where that could not be read; `started` where its runner died."""
    error: str | None = None
    """First line of the error that ended it."""


class AttemptsRead(Struct, frozen=True):
    """The older logs of a task, oldest first; copies that were recovered are not among them."""

    eval_set_id: str
    log: str
    """The one that counts."""
    count: int
    """How many logs there are of the task, with that one."""
    earlier: tuple[EarlierAttempt, ...] = ()
    """The last ones before it."""


class WriterProcess(Struct, frozen=True):
    """The process of this machine that writes a log, as the name of its buffer has it."""

    pid: int
    gone: bool
    """Whether it has ended; a process that is there says nothing of what it does."""
    last_written_at: float


class WriterRead(Struct, frozen=True):
    """Which process writes a log, where that can be known; None where it can't."""

    eval_set_id: str
    log: str
    writer: WriterProcess | None


class EvalSetUnreadable(Struct, frozen=True):
    """Nothing could be read of an eval set that was known or asked for, at `at`."""

    eval_set_id: str
    at: float
    text: str


class TaskUnreadable(Struct, frozen=True):
    """A log or its buffer could not be read at `at`; what was known of it stays, with its age."""

    eval_set_id: str
    log: str
    at: float
    text: str


class TaskBacklog(Struct, frozen=True):
    """A log's rows were read up to the eval set's share of the poll; the next one goes on there.

    What was read so far says nothing of what the task is at now.
    """

    eval_set_id: str
    log: str
    at: float
    text: str


class RetryLogged(Struct, frozen=True):
    """A runner log's retry line: attempt number `attempt` failed, the next one is due in `wait`."""

    eval_set_id: str
    at: float | None
    task: str | None
    key: SampleKey | None
    model: str
    attempt: int
    wait: float
    error: str


class TaskProgressLogged(Struct, frozen=True):
    """A runner log's `Task: …` line. `http_retries` is the runner's own counter."""

    eval_set_id: str
    at: float | None
    task: str
    steps: int | None
    total_steps: int | None
    http_retries: int | None
    retry: tuple[int, int] | None = None
    """Which retry of the task this is, and how many there may be; None for the first attempt."""


class ThroughputLogged(Struct, frozen=True):
    """A runner log's `[Throughput]` line: a model's rates over the last minute, in the process."""

    eval_set_id: str
    at: float | None
    model: str
    output_tokens_per_second: float
    requests_per_minute: float
    retries_per_minute: float
    in_backoff: int


class SandboxRestartLogged(Struct, frozen=True):
    """A runner log says that a sandbox pod was replaced or restarted (informational)."""

    eval_set_id: str
    at: float | None
    key: SampleKey | None
    task: str | None
    text: str


class SampleDeathLogged(Struct, frozen=True):
    """A runner's log says that a sample ended in an error and begins anew, in place.

    Until it does it is in no manifest, and no summary ever tells of it.
    """

    eval_set_id: str
    at: float | None
    task: str | None
    key: SampleKey
    error: str


class FormerEndsRead(Struct, frozen=True):
    """Samples that ended in errors in a task's attempts before the one that counts, of one run."""

    eval_set_id: str
    log: str
    """The log that counts."""
    samples: tuple[SampleSummary, ...]
    """Those that erred, the last ones, in order of the attempts."""
    begun: tuple[float, ...] = ()
    """When the attempts began that were read."""


class RunnerLogRead(Struct, frozen=True):
    """The runner's log was read up to a line written at `last_line_at`."""

    eval_set_id: str
    last_line_at: float | None
    pod: str = ""
    """Whose log it is, by name; empty where that isn't known."""
    seconds: float = 0.0
    """From the first line that was read this time to the last."""
    longest_silence: float = 0.0
    """Seconds between two of these lines at most."""


class LogWriteFailed(Struct, frozen=True):
    """A runner says that it could not write a log, or its buffer."""

    eval_set_id: str
    at: float | None
    log: str
    """The log's address; empty where it isn't named."""
    task: str
    """The task's name; empty where it isn't named."""
    error: str
    """Class and message, on one bounded line without secrets."""
    pod: str = ""


class RunnerErrorLogged(Struct, frozen=True):
    """The last error that a runner's log tells: an ERROR, or an uncaught exception."""

    eval_set_id: str
    at: float | None
    text: str
    """One bounded line without secrets."""
    pod: str = ""


class EvalSetRetryLogged(Struct, frozen=True):
    """A runner says that it waits before it tries its unfinished tasks anew, all of them."""

    eval_set_id: str
    at: float | None
    pod: str = ""


class InteractionsRead(Struct, frozen=True):
    """How many samples of an eval set wait for a person, as its runner says (Hawk's file).

    The runner writes it at each change only, and one that is killed leaves its last count behind.
    """

    eval_set_id: str
    count: int | None
    """None where there is no such file."""
    at: float | None = None
    """When it was written, by the store's clock."""


class ModelAccessRead(Struct, frozen=True):
    """Which groups may see an eval set's models, as the file beside its logs says (Hawk's)."""

    eval_set_id: str
    groups: tuple[str, ...] | None
    """Bare names; None where there is no such file, or it can't be read."""
    models: tuple[str, ...] = ()
    """Names of its models."""
    readable: bool = True
    """False where there is one that can't be read."""


class OwnNameRead(Struct, frozen=True):
    """What Inspect calls an eval set, as the file beside its logs says."""

    eval_set_id: str
    name: str
    """Empty where there is no such file, or no name in it."""


class StopsRead(Struct, frozen=True):
    """When people asked for an eval set, or samples of it, to be stopped (Hawk's markers)."""

    eval_set_id: str
    all_at: float | None = None
    """For all of it; None where nobody asked."""
    samples: tuple[tuple[str, float], ...] = ()
    """For single samples: uuid and when, the newest first."""


class ClusterRead(Struct, frozen=True):
    """The eval set as the cluster shows it now; replaces what the last one said."""

    eval_set_id: str
    view: ClusterView


class RunnerLogSampled(Struct, frozen=True):
    """A runner wrote more than is read: lines between the two instants were left out."""

    eval_set_id: str
    since: float | None
    until: float


Fact = (
    Listing
    | Located
    | SpecRead
    | EndedRead
    | ManifestRead
    | RowsRead
    | RowsLost
    | HistoryBegun
    | HistoryRead
    | WriterRead
    | TaskRead
    | TaskUnreadable
    | TaskBacklog
    | EvalSetUnreadable
    | RetryLogged
    | TaskProgressLogged
    | ThroughputLogged
    | SandboxRestartLogged
    | SampleDeathLogged
    | FormerEndsRead
    | RunnerLogRead
    | LogWriteFailed
    | RunnerErrorLogged
    | EvalSetRetryLogged
    | AttemptsRead
    | InteractionsRead
    | ModelAccessRead
    | OwnNameRead
    | StopsRead
    | ClusterRead
    | RunnerLogSampled
)
