"""What is shown inside of eval sets, with one text wherever a text may stand."""

from tests.builders.snapshots import ago
from watchdog.model.parts import (
    Attempt,
    EvalSetParts,
    Moment,
    OpenCallItem,
    PodRow,
    RunnerSaid,
    SampleStrip,
)
from watchdog.model.probe import ProbeOutcome
from watchdog.model.report import EvidenceItem, PendingItem, ProbeReport
from watchdog.model.samples import (
    RunnerLine,
    RunnerLines,
    SampleDetail,
    SampleEvent,
    SampleList,
    SampleRow,
)
from watchdog.model.verdict import Cause, Verdict


def parts(text: str, task_id: str = "AbC123", sample: str = "42") -> EvalSetParts:
    """Of an eval set."""
    moments = tuple(
        Moment(ago(seconds), kind, text, until, lasts, 3)
        for seconds, kind, until, lasts in (
            (900, "started", None, False),
            (800, "pod_event", ago(700), False),
            (600, "stuck", None, True),
            (500, "incident", None, True),
            (400, "write_failed", None, False),
        )
    )
    attempts = (Attempt(ago(800), True, None, ago(900)), Attempt(ago(600), False, Cause.AUTH))
    call = OpenCallItem("tool", text, ago(300))
    pod = PodRow(text, text, "sandbox", text, text, False, 3, text, ago(900), text, 0.012, 2**31)
    test = ProbeReport("direct", "small", text, ProbeOutcome.TIMEOUT, ago(60), 1.5, 504, text)
    return EvalSetParts(
        timeline=moments,
        pods=(pod,),
        pods_at=ago(5),
        pods_in_all=9,
        said=(RunnerSaid(ago(50), text, text),),
        tests=(test,),
        strips=(SampleStrip(task_id, sample, 1, attempts, (call,)),),
    )


def row(text: str, **changes) -> SampleRow:
    """A sample in a list."""
    usual = {
        "task": text,
        "task_id": text,
        "model": text,
        "id": text,
        "epoch": 2,
        "state": "stuck",
        "uuid": text,
        "verdict": Verdict.STUCK,
        "cause": Cause.HUNG_TOOL_CALL,
        "phase": "solving",
        "started_at": ago(900),
        "stuck_since": ago(600),
        "stuck_seconds": 600.0,
        "retries": 7,
        "fail_streak": 7,
        "recent": text,
        "pending": PendingItem("tool", text, ago(300), 300.0),
    }
    return SampleRow(**{**usual, **changes})


def listed(eval_set_id: str, text: str, **changes) -> SampleList:
    """A list of samples."""
    ended = row(text, state="errored", verdict=None, error=text, stuck_since=None, ended_at=ago(9))
    usual = {"total": 9, "matching": 9, "by_state": {"stuck": 1, "queued": 7, "errored": 1}}
    rows = (row(text), ended)
    more = {"samples": rows, "next": text, "notes": (text,), **usual, **changes}
    return SampleList(now=ago(0), eval_set_id=eval_set_id, **more)


def detail(eval_set_id: str, text: str, **changes) -> SampleDetail:
    """A sample with an event of each kind."""
    kinds = ("model", "tool", "sandbox", "wait", "span", "approval", "input", "info", "error")
    events = tuple(
        SampleEvent(ago(500 - n), ago(490 - n), 10.0, kind, text, outcome, Cause.AUTH, text, text)
        for n, (kind, outcome) in enumerate(
            (kind, outcome) for kind in kinds for outcome in ("ok", "failed", "pending", "")
        )
    )
    usual = {
        "sample": row(text),
        "evidence": (EvidenceItem(ago(5), "x", text),),
        "pending": (PendingItem("model", text, ago(300), 300.0),),
        "events": events,
        "events_from": "buffer",
        "earlier": True,
        "not_available": text,
    }
    return SampleDetail(now=ago(0), eval_set_id=eval_set_id, **{**usual, **changes})


def lines(eval_set_id: str, text: str) -> RunnerLines:
    """A runner's lines."""
    line = RunnerLine(ago(5), ago(50), 7, text, text, text)
    return RunnerLines(ago(0), eval_set_id, (line,), 9, ago(99), True, text)
