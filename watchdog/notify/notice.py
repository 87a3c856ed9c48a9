"""A notice: all that a message says of an incident, as a record that outlives a restart."""

from collections.abc import Callable, Iterator, Sequence
from heapq import nlargest
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from watchdog.model.acts import ACT_KINDS, Act, ActKind, holding, sentences, who
from watchdog.model.causes import cause_words
from watchdog.model.instants import clock
from watchdog.model.instants import from_timestamp as instant
from watchdog.model.lazy_samples import told_at
from watchdog.model.report import EvalSetReport, IncidentReport, RunningSample, Snapshot, TaskReport
from watchdog.model.verdict import STUCK_VERDICTS, Verdict, worst
from watchdog.model.words import count
from watchdog.notify.decide import Decision, LedgerEntry, Reason
from watchdog.notify.decide.acknowledged import WORDS, Worse
from watchdog.notify.decide.half_read import has_other_start

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
    part_of: str = ""
    """It isn't over: it became part of the incident of this id."""
    samples: tuple[NoticeSample, ...] = ()
    more_samples: int = 0
    actions: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    """What is new since the message was last written, a sentence each; none in the first."""
    owners: tuple[str, ...] = ()
    """E-mail addresses of those who started its eval sets."""
    odds: str | None = None
    """How rarely something as bad passes by itself, in words; None where no odds were weighed."""
    handling: tuple[str, ...] = ()
    """What people did about it, and what of that counts: a sentence each."""
    acknowledged: bool = False
    """Somebody acknowledged it since the message was last written."""
    opening: int = 0
    """How often its incident's id has opened, from 1; 0 where an earlier version wrote it."""
    held: tuple[ActKind, ...] = ()
    """The kinds of what people did about it and that counts."""
    shadow: tuple[str, ...] | None = None
    """In the shadow: the channels that would have been told, and aren't; None where there is no
    shadow."""
    would_know: tuple[str, ...] = ()
    """In the shadow: the channels that would have been told by now that it is open."""
    members: tuple[IncidentReport, ...] = ()
    """Digest: the incidents that it tells; `incident` is the gravest of them."""


CALLING: frozenset[Kind] = frozenset({"opened", "escalated", "reopened"})
"""Kinds that call whoever is on call: the others change nothing about that it is open."""
KINDS: dict[Reason, Kind] = {
    Reason.OPEN: "opened",
    Reason.UPDATE: "updated",
    Reason.EDIT: "edited",
    Reason.ESCALATE: "escalated",
    Reason.WORSE: "reminded",
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
    ids = frozenset(incident.eval_sets)
    eval_sets = [item for item in snapshot.report.eval_sets if item.eval_set_id in ids]
    stuck, number = _stuck_samples(eval_sets, incident, snapshot.at)
    samples = tuple(_sample(task, sample) for task, sample in stuck)
    # as the summary counts them: one message has one number
    total = incident.stuck_samples or number
    emails = dict.fromkeys(eval_set.email for eval_set in eval_sets if eval_set.email)
    kind = kind or KINDS[decision.reason]
    shown = decision.entry.shown if decision.entry is not None else None
    return Notice(
        kind=kind,
        incident=incident,
        at=decision.at,
        since=instant(incident.since) or decision.at,
        verdict=worst([item.verdict for item in eval_sets]) if eval_sets else None,
        samples=samples,
        more_samples=max(0, total - len(samples)),
        actions=_actions(incident, eval_sets)[:MAX_ACTIONS],
        changes=(
            changes(shown, incident, kind, decision.fell)
            if shown is not None and kind != "opened"
            else ()
        ),
        handling=_handling(decision),
        acknowledged=_is_acknowledged_anew(decision),
        held=_held(decision),
        owners=tuple(emails)[:MAX_OWNERS],
        # they rest on what others had, and not all of that is read
        odds=None if incident.reading else next(_odds(stuck), None),
    )


def _acts(decision: Decision) -> tuple[Act, ...]:
    acts, fell = decision.entry.acts if decision.entry is not None else (), decision.fell
    return tuple(act for act in acts if fell is None or act.place != fell.place)


def _handling(decision: Decision) -> tuple[str, ...]:
    return sentences(_acts(decision), decision.at)


def _held(decision: Decision) -> tuple[ActKind, ...]:
    acts = _acts(decision)
    return tuple(kind for kind in ACT_KINDS if holding(acts, kind, decision.at) is not None)


def _is_acknowledged_anew(decision: Decision) -> bool:
    entry = decision.entry
    if entry is None or decision.fell is not None:
        return False
    act = holding(entry.acts, "acknowledgement", decision.at)
    return act is not None and act.at > entry.shown_at


def changes(
    shown: IncidentReport, incident: IncidentReport, kind: Kind, fell: Act | None = None
) -> tuple[str, ...]:
    """What is new since the message was last written, a sentence each.

    Args:
        shown: as the message shows it.
        incident: as it is now.
        kind: of the message.
        fell: the acknowledgement that counts no more, as it got worse.
    """
    sentences = [_FIRST[kind]] if kind in _FIRST and (fell is None or kind == "escalated") else []
    if fell is not None:
        by = who(fell.by, verified=fell.verified)
        why = WORDS[Worse(fell.ended_why)]
        sentences.append(f"The acknowledgement by {by} counts no more: {why}")
    sentences += _members(shown, incident)
    scope, before = _scope(incident), _scope(shown)
    if (shown.scope, shown.subject) != (incident.scope, incident.subject):
        sentences.append(f"Now it is about the {scope}; before, about the {before}")
    if shown.reading and not incident.reading:
        sentences.append(_all_read(shown, incident))
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
    before, after = frozenset(shown.eval_sets), frozenset(incident.eval_sets)
    joiners = [name for name in incident.eval_sets if name not in before]
    leavers = [name for name in shown.eval_sets if name not in after]
    total = len(incident.eval_sets) + len(incident.recovered)
    sentences = [f"{_names(joiners)} joined"] if joiners else []
    if leavers:
        rest = f"{len(incident.eval_sets)} of {count(total, 'eval set')} still stuck"
        sentences.append(f"{_names(leavers)} recovered: {rest}")
    return sentences


def _all_read(shown: IncidentReport, incident: IncidentReport) -> str:
    since = instant(incident.since)
    moved = f": it began at {clock(since)}" if since and has_other_start(shown, incident) else ""
    return f"All older events are read now{moved}"


def _names(names: list[str]) -> str:
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more


def _scope(incident: IncidentReport) -> str:
    return f"{incident.scope.replace('_', ' ')} {incident.subject}"


def as_beginning(notice: Notice) -> Notice:
    """A message on an incident that stands, for who has not heard of its beginning."""
    shadow = None if notice.shadow is None else notice.would_know
    return replace(notice, kind="opened", changes=(), shadow=shadow)


def digest(notices: Sequence[Notice]) -> Notice:
    """One message for many incidents that open at once, the gravest and oldest first."""
    members = sorted(notices, key=lambda item: (item.incident.severity != "page", item.since))
    owners = dict.fromkeys(owner for item in members for owner in item.owners)
    would = dict.fromkeys(name for item in members for name in item.shadow or ())
    return Notice(
        kind="digest",
        incident=members[0].incident,
        at=members[0].at,
        since=min(item.since for item in members),
        owners=tuple(owners)[:MAX_OWNERS],
        shadow=None if members[0].shadow is None else tuple(would),
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
        part_of=incident.part_of,
        handling=_handling(decision),
        held=_held(decision),
    )


StuckSample = tuple[TaskReport, RunningSample]


def _stuck_samples(
    eval_sets: list[EvalSetReport], incident: IncidentReport, now: float
) -> tuple[list[StuckSample], int]:
    """The longest stuck ones of those that the incident is about, as of `now`; and of how many.

    A fleet has a hundred thousand, and each is put into words to be looked at: none is kept.
    """
    tasks = [task for eval_set in eval_sets for task in eval_set.tasks]
    of_subject = [task for task in tasks if incident.subject in {task.model, task.task}]
    wanted: tuple[tuple[list[TaskReport], Callable[[RunningSample], bool]], ...] = (
        (of_subject, lambda sample: sample.cause == incident.cause),
        (tasks, lambda sample: sample.cause == incident.cause),
        (tasks, lambda _: True),
    )
    for some, fits in wanted:
        longest, number = _longest(some, fits, now)
        if number:
            return longest, number
    return [], 0


def _longest(
    tasks: list[TaskReport], fits: Callable[[RunningSample], bool], now: float
) -> tuple[list[StuckSample], int]:
    number = 0

    def stuck() -> Iterator[StuckSample]:
        nonlocal number
        for task in tasks:
            for sample in told_at(task.running, now):
                if sample.verdict in STUCK_VERDICTS and fits(sample):
                    number += 1
                    yield task, sample

    longest = nlargest(MAX_SAMPLES, stuck(), key=lambda pair: pair[1].stuck_seconds)
    return longest, number


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
    is_end = notice.kind == "resolved" and not notice.part_of
    return is_end and was_degraded and notice.verdict in STUCK_VERDICTS


def impact(notice: Notice) -> str:
    """`3 samples of 2 eval sets`, or only the eval sets where no sample is named."""
    eval_sets = count(len(notice.incident.eval_sets), "eval set")
    samples = len(notice.samples) + notice.more_samples
    return f"{count(samples, 'stuck sample')} in {eval_sets}" if samples else eval_sets
