"""Which eval set an address is about, and which part of it.

An id's slash is written `%2F` there; a proxy may undo that. So of an address with more slashes than
it should have several readings are possible: the one counts whose eval set is there.
"""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from starlette.requests import Request

from watchdog.model.report import Snapshot

BASES = ("/api/v1/eval-sets/", "/eval-sets/")
SAMPLES, LOG = "samples", "log"


class Place(NamedTuple):
    """An eval set, or a part of it."""

    eval_set_id: str
    part: str = ""
    """`samples`, `log`; empty for the eval set itself."""
    task_id: str | None = None
    """Of the one sample that is asked for."""


def place_of(request: Request, view: Snapshot | None) -> Place:
    """What an address is about; of several readings the first whose eval set is watched.

    An eval set may be named as Inspect calls it.
    """
    readings = list(_readings(request))
    if view is None:
        return readings[0]
    own = next((place for place in readings if place.eval_set_id in view.watched), None)
    if own is not None:
        return own
    others = (
        place._replace(eval_set_id=view.aliases[place.eval_set_id])
        for place in readings
        if place.eval_set_id in view.aliases
    )
    return next(others, readings[0])


def _readings(request: Request) -> Iterator[Place]:
    """As it is written first; then as it may have been before a proxy undid it."""
    path = request.scope.get("raw_path", b"").partition(b"?")[0].decode("latin-1")
    base = next((base for base in BASES if base in path), None)
    written = path.partition(base)[2].split("/") if base is not None else []
    plain = [unquote(part) for part in written]
    if len(plain) == 1:
        yield Place(plain[0])
    if len(plain) == 2 and plain[1] in {SAMPLES, LOG}:
        yield Place(plain[0], plain[1])
    if len(plain) == 3 and plain[1] == SAMPLES:
        yield Place(plain[0], SAMPLES, plain[2])
    yield from _undone("/".join(plain))


def _undone(rest: str) -> Iterator[Place]:
    """All readings of a path whose slashes may be anybody's."""
    for part in (SAMPLES, LOG):
        if rest.endswith(f"/{part}"):
            yield Place(rest.removesuffix(f"/{part}"), part)
    head, slash, task_id = rest.rpartition(f"/{SAMPLES}/")
    if slash:
        yield Place(head, SAMPLES, task_id)
    yield Place(rest)
