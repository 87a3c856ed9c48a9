"""A notice: all that a message says of an incident, as a record that outlives a restart."""

from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from watchdog.model.causes import cause_words
from watchdog.model.instants import from_timestamp as instant
from watchdog.model.lazy_samples import told_at
from watchdog.model.report import EvalSetReport, IncidentReport, RunningSample, Snapshot, TaskReport
from watchdog.model.verdict import STUCK_VERDICTS, Verdict, worst
from watchdog.model.words import count
from watchdog.notify.decide import Decision, LedgerEntry, Reason

Kind = Literal[
    "opened",
    "edited",
    "updated",
    "escalated",
    "reminded",
    "reopened",
    "resolved",
    "digest",
    "canary",
]
"""Who is called by all but `edited`: that only changes what the first message shows. `canary` is a
test of all from reading to telling (`canary.py`), and about nothing that is watched."""
MAX_SAMPLES = 8
MAX_ACTIONS = 6
MAX_CHANGES = 8
MAX_NAMES = 10
MAX_OWNERS = 5


class NoticeSample(Struct, frozen=True):
    """A stuck sample, as a message shows it."""

    task: str
    model: str
    id: str
    epoch: int
    stuck_seconds: float
    fail_streak: int
    recent: str
    pending: str | None
    wait_seconds: float | None
    evidence: str | None


class Notice(Struct, frozen=True):
    """What a channel is to tell."""

    kind: Kind
    incident: IncidentReport
    at: float
    since: float
    """When it began: the incident's own time, else when it was opened."""
    verdict: Verdict | None = None
    """Opened: the worst verdict of its eval sets. Resolved: what became of them, None if gone."""
    ended: float | None = None
    """Resolved: when it was first not seen any more, before that was waited for to last."""
    gone: bool = False
    resumed: bool = False
    """It ended because the same eval set was started again."""
    samples: tuple[NoticeSample, ...] = ()
    more_samples: int = 0
    actions: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    """What is new since the message was last written, a sentence each; none in the first."""
    owners: tuple[str, ...] = ()
    """E-mail addresses of those who started its eval sets."""
    odds: str | None = None
    """How rarely something as bad passes by itself, in words; None where no odds were weighed."""
    members: tuple[IncidentReport, ...] = ()
    """Digest: the incidents that it tells; `incident` is the gravest of them."""


KINDS: dict[Reason, Kind] = {
    Reason.OPEN: "opened",
    Reason.UPDATE: "updated",
    Reason.EDIT: "edited",
    Reason.ESCALATE: "escalated",
    Reason.REMIND: "reminded",
    Reason.REOPEN: "reopened",
}
"""What a message on an incident that stands is called."""


def opened(decision: Decision, snapshot: Snapshot) -> Notice:
    """The message at the start, or to who was never notified of it."""
    return standing(decision, snapshot, "opened")


def standing(decision: Decision, snapshot: Snapshot, kind: Kind | None = None) -> Notice:
    """The message on an incident that stands: all that is known of it, and what is new."""
    incident = decision.incident
    eval_sets = [
        eval_set
        for eval_set in snapshot.report.eval_sets
        if eval_set.eval_set_id in incident.eval_sets
    ]
    stuck = _stuck_samples(eval_sets, incident, snapshot.at)
    samples = tuple(_sample(task, sample) for task, sample in stuck)
    emails = dict.fromkeys(eval_set.email for eval_set in eval_sets if eval_set.email)
    kind = kind or KINDS[decision.reason]
    shown = decision.entry.shown if decision.entry is not None else None
    return Notice(
        kind=kind,
        incident=incident,
        at=decision.at,
        since=instant(incident.since) or decision.at,
        verdict=worst([item.verdict for item in eval_sets]) if eval_sets else None,
        samples=samples[:MAX_SAMPLES],
        more_samples=max(0, len(samples) - MAX_SAMPLES),
        actions=_actions(incident, eval_sets)[:MAX_ACTIONS],
        changes=changes(shown, incident, kind) if shown is not None and kind != "opened" else (),
        owners=tuple(emails)[:MAX_OWNERS],
        odds=next(_odds(stuck), None),
    )


def changes(shown: IncidentReport, incident: IncidentReport, kind: Kind) -> tuple[str, ...]:
    """What is new since the message was last written, a sentence each."""
    sentences = [_FIRST[kind]] if kind in _FIRST else []
    sentences += _members(shown, incident)
    scope, before = _scope(incident), _scope(shown)
    if (shown.scope, shown.subject) != (incident.scope, incident.subject):
        sentences.append(f"Now it is about the {scope}; before, about the {before}")
    if shown.cause is not incident.cause:
        sentences.append(f"Now the cause is: {cause_words(incident.cause)}")
    old_sentences = {conclusion.sentence for conclusion in shown.conclusions}
    sentences += [c.sentence for c in incident.conclusions if c.sentence not in old_sentences]
    old_pages = {page.url or page.title for page in shown.outside}
    pages = [page for page in incident.outside if (page.url or page.title) not in old_pages]
    sentences += [f"{page.provider} says: {page.title} {page.url}".strip() for page in pages]
    return tuple(sentences)[:MAX_CHANGES]


_FIRST: dict[Kind, str] = {
    "escalated": "It is a page now: nothing of it goes on any more",
    "reminded": "It still stands",
    "reopened": "It is back",
}


def _members(shown: IncidentReport, incident: IncidentReport) -> list[str]:
    """Who joined, and who recovered."""
    joiners = [name for name in incident.eval_sets if name not in shown.eval_sets]
    leavers = [name for name in shown.eval_sets if name not in incident.eval_sets]
    total = len(incident.eval_sets) + len(incident.recovered)
    sentences = [f"{_names(joiners)} joined"] if joiners else []
    if leavers:
        rest = f"{len(incident.eval_sets)} of {count(total, 'eval set')} still stuck"
        sentences.append(f"{_names(leavers)} recovered: {rest}")
    return sentences


def _names(names: list[str]) -> str:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more


def _scope(incident: IncidentReport) -> str:
    return f"{incident.scope.replace('_', ' ')} {incident.subject}"


def digest(notices: Sequence[Notice]) -> Notice:
    """One message for many incidents that open at once, the gravest and oldest first."""
    members = sorted(notices, key=lambda item: (item.incident.severity != "page", item.since))
    owners = dict.fromkeys(owner for item in members for owner in item.owners)
    return Notice(
        kind="digest",
        incident=members[0].incident,
        at=members[0].at,
        since=min(item.since for item in members),
        owners=tuple(owners)[:MAX_OWNERS],
        members=tuple(item.incident for item in members),
    )


def resolved(decision: Decision, entry: LedgerEntry) -> Notice:
    """The message at the end, from what the ledger remembers."""
    incident = decision.incident
    return Notice(
        kind="resolved",
        incident=incident,
        at=decision.at,
        since=instant(incident.since) or entry.opened_at,
        verdict=decision.ended_as,
        ended=entry.absent_since,
        gone=decision.reason is Reason.GONE,
        resumed=decision.reason is Reason.RESUMED,
    )


StuckSample = tuple[TaskReport, RunningSample]


def _stuck_samples(
    eval_sets: list[EvalSetReport], incident: IncidentReport, now: float
) -> list[StuckSample]:
    """The stuck samples that the incident is about, as of `now`, the longest stuck first."""
    stuck = [
        (task, sample)
        for eval_set in eval_sets
        for task in eval_set.tasks
        for sample in told_at(task.running, now)
        if sample.verdict in STUCK_VERDICTS
    ]
    by_cause = [pair for pair in stuck if pair[1].cause == incident.cause]
    by_subject = [pair for pair in by_cause if incident.subject in (pair[0].model, pair[0].task)]
    return sorted(by_subject or by_cause or stuck, key=lambda pair: -pair[1].stuck_seconds)


def _odds(stuck: list[StuckSample]) -> Iterator[str]:
    evidence = (item for _, sample in stuck for item in sample.evidence)
    return (item.text for item in evidence if item.kind == "odds")


def _sample(task: TaskReport, sample: RunningSample) -> NoticeSample:
    pending = sample.pending
    return NoticeSample(
        task=task.task,
        model=task.model,
        id=sample.id,
        epoch=sample.epoch,
        stuck_seconds=sample.stuck_seconds,
        fail_streak=sample.fail_streak,
        recent=sample.recent,
        pending=f"{pending.kind} {pending.name}".strip() if pending else None,
        wait_seconds=sample.wait_seconds,
        evidence=sample.evidence[0].text if sample.evidence else None,
    )


def _actions(incident: IncidentReport, eval_sets: list[EvalSetReport]) -> tuple[str, ...]:
    if incident.actions:
        return incident.actions
    return tuple(dict.fromkeys(action for item in eval_sets for action in item.actions))


def lasted(notice: Notice) -> float:
    """Seconds from its beginning until it was over, or until the message."""
    end = notice.at if notice.ended is None else notice.ended
    return max(0.0, end - notice.since)


def got_worse(notice: Notice) -> bool:
    """Whether what was degraded ended because it is stuck now, which is an incident of its own."""
    was_degraded = notice.incident.verdict is Verdict.DEGRADED
    return notice.kind == "resolved" and was_degraded and notice.verdict in STUCK_VERDICTS


def impact(notice: Notice) -> str:
    """`3 samples of 2 eval sets`, or only the eval sets where no sample is named."""
    eval_sets = count(len(notice.incident.eval_sets), "eval set")
    samples = len(notice.samples) + notice.more_samples
    return f"{count(samples, 'stuck sample')} in {eval_sets}" if samples else eval_sets
