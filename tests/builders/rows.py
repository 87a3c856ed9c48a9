"""Short words for rows, as tests write them. Times are seconds; ids count up by themselves."""

from collections.abc import Iterable

from watchdog.fold import fold
from watchdog.model.facts import (
    EndedRead,
    Fact,
    Listing,
    ManifestRead,
    Row,
    RowsRead,
    SampleKey,
    SampleSummary,
    SpecRead,
    TaskRead,
    TaskSpec,
)
from watchdog.model.state import EvalSetState

SET = "set-1"
LOG = "2026_mmlu_abc.eval"
MODEL = "openai/gpt-4o"
ERROR_500 = "Error code: 500 - {'error': {'message': 'Internal server error'}}"


def key(sample: str = "1", epoch: int = 1) -> SampleKey:
    return SampleKey(sample, epoch)


class Rows:
    """Rows of one sample, one after the other."""

    def __init__(self, model: str = MODEL) -> None:
        self.rows: list[Row] = []
        self.model = model

    def add(self, kind: str, at: float, event: str | None = None, **fields) -> "Rows":
        number = len(self.rows) + 1
        self.rows.append(Row(number, event or f"e{number}", kind, at, **fields))
        return self

    def ok(self, at: float, seconds: float = 10.0, **fields) -> "Rows":
        event = f"m{len(self.rows)}"
        self.add("model", at, event, name=self.model, pending=True, final=False, **fields)
        done = at + seconds
        return self.add("model", at, event, name=self.model, completed_at=done, **fields)

    def calls(self, at: float, *functions: str, seconds: float = 10.0) -> "Rows":
        """An answer that calls tools: written once as it comes, and once more with its end."""
        self.pending("model", at)
        event, done = self.rows[-1].event_id, at + seconds
        self.add("model", at, event, name=self.model, calls=functions)
        return self.add("model", at, event, name=self.model, calls=functions, completed_at=done)

    def approved(self, at: float, decision: str = "approve") -> "Rows":
        return self.add("approval", at, type=decision)

    def tool(self, at: float, name: str = "bash") -> "Rows":
        """A tool begins, after its span."""
        return self.add("span_begin", at, name=name, type="tool", span="t").pending(
            "tool", at, name
        )

    def tool_end(self, at: float, name: str = "bash") -> "Rows":
        """The newest tool that runs ends."""
        begun = next(r for r in reversed(self.rows) if r.kind == "tool" and r.pending)
        return self.add("tool", begun.at, begun.event_id, name=name, completed_at=at)

    def fail(self, at: float, error: str = ERROR_500, error_class: str | None = None) -> "Rows":
        event = f"m{len(self.rows)}"
        self.add("model", at, event, name=self.model, pending=True, final=False)
        name = self.model
        return self.add("model", at, event, name=name, error=error, error_class=error_class)

    def fails(self, ats: Iterable[float], error: str = ERROR_500) -> "Rows":
        for at in ats:
            self.fail(at, error)
        return self

    def pending(self, kind: str, at: float, name: str = "", **fields) -> "Rows":
        return self.add(kind, at, name=name or self.model, pending=True, final=False, **fields)

    def scorer(self, at: float) -> "Rows":
        return self.add("span_begin", at, name="scorers", type="scorers", span="s1")


def busy(until: float, every: float = 60.0) -> Rows:
    """A sample that calls its model every so often."""
    rows = Rows()
    for at in range(0, int(until), int(every)):
        rows.ok(at, 20)
    return rows


def schedule(start: float, attempts: int, call: float = 5.0) -> list[float]:
    """When attempts begin that all fail after `call` seconds, by Inspect's back-off."""
    instants = [start]
    for attempt in range(1, attempts):
        instants.append(instants[-1] + call + min(3.0 * 2 ** (attempt - 1), 1800.0))
    return instants


def facts(
    samples: dict[str, Rows],
    *,
    read_at: float,
    total: int | None = None,
    ended: tuple[SampleSummary, ...] = (),
    log: str = LOG,
    eval_set: str = SET,
    created: float = 0.0,
    status: str = "started",
    **spec,
) -> list[Fact]:
    """What a source says of one log with these running samples."""
    count = total if total is not None else len(samples) + len(ended)
    task = TaskSpec("mmlu", "abc", MODEL, created, count, **spec)
    running = tuple(
        SampleSummary(key(name), uuid=f"u{name}", started_at=created) for name in samples
    )
    return [
        SpecRead(eval_set, log, task, status),
        EndedRead(eval_set, log, ended),
        ManifestRead(eval_set, log, running),
        *(RowsRead(eval_set, log, key(name), tuple(rows.rows)) for name, rows in samples.items()),
        TaskRead(eval_set, log, read_at),
    ]


def state(*batches: list[Fact], eval_set: str = SET) -> EvalSetState:
    """All facts folded."""
    folded = fold(EvalSetState(eval_set), Listing(eval_set, (LOG,)))
    for batch in batches:
        for fact in batch:
            folded = fold(folded, fact)
    return folded
