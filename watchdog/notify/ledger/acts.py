"""Writes down what people do about incidents. Each is one transaction."""

from enum import StrEnum
from glob import escape

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, delete, func, select

from watchdog.model.acts import Act, ActKind, who
from watchdog.model.kept_incidents import KeptIncident
from watchdog.model.report import IncidentReport
from watchdog.notify.decide.acknowledged import extent_of
from watchdog.notify.ledger import events, history
from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.mutes import MUTES_MAX, Mute, put
from watchdog.notify.ledger.rows import Thread
from watchdog.notify.ledger.tables import incidents, mutes_table


class Done(StrEnum):
    """What became of it."""

    DONE = "done"
    NOTHING = "nothing"
    """There was nothing to take back."""
    NOT_OPEN = "not_open"
    """It is over, or nobody was told of it."""
    NO_SUCH = "no_such"
    TOO_MANY = "too_many"
    """More eval sets than may be muted by hand."""


class Subject(Struct, frozen=True):
    """The incident that an act is about."""

    incident: IncidentReport
    """As it is now."""
    opening: int
    """Which time it was open; 0 where nobody was told of it."""

    @property
    def thread(self) -> Thread:
        """As the ledger names it."""
        return self.incident.id, self.opening


def do(ledger: Ledger, subject: Subject, act: Act) -> Done:
    """Write an act down; it takes the place of an earlier one of its kind."""
    with ledger.transaction() as connection:
        act = replace(act, extent=extent_of(subject.incident))
        if act.kind == "acknowledgement":
            if not _is_open(connection, ledger, subject.thread):
                return Done.NOT_OPEN
        elif act.kind == "silence":
            _take_back(connection, ledger, subject.thread, _ending("silence", act, "replaced"))
            names = [escape(name) for name in subject.incident.eval_sets]
            if len(names) + _mutes(connection, act.at) > MUTES_MAX:
                return Done.TOO_MANY
            act = replace(act, silenced=_mute(connection, names, act))
        _take_back(connection, ledger, subject.thread, _ending(act.kind, act, "replaced"))
        events.add(connection, ledger.watch, subject.thread, act)
    return Done.DONE


def take_back(ledger: Ledger, thread: Thread, kind: ActKind, ended: Act) -> Done:
    """End what counts of a kind; `ended` says by whom, when and why."""
    with ledger.transaction() as connection:
        is_done = _take_back(connection, ledger, thread, replace(ended, kind=kind))
    return Done.DONE if is_done else Done.NOTHING


def acts_on(ledger: Ledger, thread: Thread) -> tuple[Act, ...]:
    """What people did about one opening, the oldest first."""
    with ledger.engine.connect() as connection:
        rows = events.of_threads(connection, ledger.watch, [thread]).get(thread, ())
    return events.acts_of(rows)


def judge(ledger: Ledger, incident_id: str, opening: int | None, act: Act) -> Done:
    """Judge an opening of an incident, the last unless another is named."""
    kept: KeptIncident | None = history.one(ledger, incident_id, opening)
    if kept is None:
        return Done.NO_SUCH
    return do(ledger, Subject(kept.incident, kept.opening), act)


def _ending(kind: ActKind, act: Act, why: str) -> Act:
    return replace(act, kind=kind, ended_at=act.at, ended_by=act.by, ended_why=why)


def _take_back(connection: Connection, ledger: Ledger, thread: Thread, ended: Act) -> bool:
    """End all that counts of a kind; a silence's mutes go where nobody changed them since."""
    rows = events.of_threads(connection, ledger.watch, [thread]).get(thread, ())
    now = ended.ended_at or ended.at
    acts = events.acts_of(rows)
    counting = [a for a in acts if a.kind == ended.kind and a.holds(now)]
    for act in counting:
        over = replace(act, ended_at=now, ended_by=ended.ended_by, ended_why=ended.ended_why)
        events.end(connection, ledger.watch, thread, over)
        for name in act.silenced:
            same = (mutes_table.c.eval_set == name, mutes_table.c.until == act.until)
            connection.execute(delete(mutes_table).where(*same))
    return bool(counting)


def _mute(connection: Connection, names: list[str], act: Act) -> tuple[str, ...]:
    """Mute what isn't muted for longer already; what was."""
    until = act.until if act.until is not None else act.at
    query = select(mutes_table.c.eval_set).where(
        mutes_table.c.eval_set.in_(names), mutes_table.c.until >= until
    )
    longer = set(connection.execute(query).scalars())
    ours = [name for name in names if name not in longer]
    for name in ours:
        put(connection, Mute(name, until, reason_of(act)), act.at)
    return tuple(ours)


def reason_of(act: Act) -> str:
    """Why it is muted, as it stands beside the incident."""
    by = who(act.by, verified=act.verified)
    return f"{by}: {act.why}" if act.why else by


def _mutes(connection: Connection, now: float) -> int:
    query = select(func.count()).select_from(mutes_table).where(mutes_table.c.until > now)
    return int(connection.execute(query).scalar() or 0)


def _is_open(connection: Connection, ledger: Ledger, thread: Thread) -> bool:
    query = select(incidents.c.id).where(
        incidents.c.watch == ledger.watch,
        incidents.c.id == thread[0],
        incidents.c.generation == thread[1],
        incidents.c.resolved_at.is_(None),
    )
    return connection.execute(query).first() is not None
