"""How far the tools got that models' answers call: a person may have to approve them first.

Rows of inspect_ai 0.3.285 (`model/_call_tools.py`): the answer; per call an `approval` row once
somebody decided, its span, its pending event, its final one. Inspect 0.3.90 writes the pending
event first, and no row of an approval, or one after it. An agent that runs as a tool has answers
of its own while that call is open, so turns stand within each other, the innermost last.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from watchdog.model.facts import Row
from watchdog.model.instants import later
from watchdog.model.state import OpenCall, ToolTurn

PASSES_ON = "escalate"
"""The decision of an approver who leaves it to the next one."""
ENDS_TURNS = frozenset({"solver", "solvers", "scorer", "scorers"})
"""Spans that begin only once the answers before are done with."""
DEPTH_MAX = 16

Turns = tuple[ToolTurn, ...]


def calling(turns: Turns, open_calls: Iterable[OpenCall]) -> Turns:
    """After the beginning of a model call.

    Where calls of the newest answer have not begun, an approver may ask its own model first; the
    next row tells (an approval), or the next answer takes its place.
    """
    within = under_way(turns, open_calls)
    newest = turns[-1] if turns else None
    if newest is None or newest in within or newest.begun >= len(newest.calls):
        return within
    return (*within, replace(newest, passed_over=True))


def answered(turns: Turns, row: Row, open_calls: Iterable[OpenCall], span: str = "") -> Turns:
    """After a model's answer in a span; the same one comes again with its end."""
    if turns and turns[-1].answer == row.event_id:
        return (*turns[:-1], replace(turns[-1], since=later(turns[-1].since, row.completed_at)))
    turns = calling(turns, open_calls)
    if not row.calls:
        return turns
    within = turns[:-1] if turns and turns[-1].passed_over else turns
    turn = ToolTurn(row.event_id, row.id, row.calls, later(row.at, row.completed_at), span)
    return (*within, turn)[-DEPTH_MAX:]


def decided(turns: Turns, row: Row) -> Turns:
    """After an approver's word: the next one's turn, or the tool's."""
    if not turns:
        return turns
    turn = replace(turns[-1], passed_over=False, since=later(turns[-1].since, row.at))
    if row.type != PASSES_ON:
        turn = replace(turn, approved=min(turn.approved + 1, len(turn.calls)))
    return (*turns[:-1], turn)


def begun(turns: Turns) -> Turns:
    """After the first event of a tool."""
    if not turns:
        return turns
    turn = turns[-1]
    return (*turns[:-1], replace(turn, begun=min(turn.begun + 1, len(turn.calls))))


def ended(turns: Turns, call: OpenCall | None, row: Row, open_calls: Iterable[OpenCall]) -> Turns:
    """After a tool's end: what ended needs no approval, and answers within it are done with."""
    turns = tuple(t for t in turns if call is None or t.row < call.row)
    if not turns:
        return turns
    turn = turns[-1]
    running = sum(other.kind == "tool" and other.row > turn.row for other in open_calls)
    approved = max(turn.approved, turn.begun - running)
    since = later(turn.since, later(row.at, row.completed_at))
    return (*turns[:-1], replace(turn, approved=approved, since=since, passed_over=False))


def unapproved(turns: Turns, open_calls: Iterable[OpenCall]) -> OpenCall | None:
    """The call that was written before anybody decided on it (Inspect 0.3.90)."""
    if not turns or turns[-1].begun <= turns[-1].approved:
        return None
    calls = [call for call in open_calls if call.kind == "tool" and call.row > turns[-1].row]
    return calls[-1] if calls else None


def under_way(turns: Turns, open_calls: Iterable[OpenCall]) -> Turns:
    """The answers of which a tool runs."""
    rows = [call.row for call in open_calls if call.kind == "tool"]
    ends = [turn.row for turn in turns[1:]]
    bounds = zip(turns, (*ends, float("inf")), strict=False)
    return tuple(turn for turn, end in bounds if any(turn.row < row < end for row in rows))
