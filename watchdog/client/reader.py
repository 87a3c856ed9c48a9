"""What commands read, wherever it comes from."""

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Protocol

from watchdog.client.errors import NotFoundError
from watchdog.model.report import Report
from watchdog.model.samples import RunnerLines, SampleDetail, SampleList, SampleRow, Standing
from watchdog.model.texts import clean
from watchdog.surfaces.fleet.filters import Filters
from watchdog.surfaces.fleet.records import EvalSetDetail
from watchdog.surfaces.fleet.view import FleetView

ROWS_MAX = 10_000
"""Eval sets of one answer."""
SAMPLES_MAX = 100_000
"""Samples of one answer."""
PREFIX = 4
"""Characters of a name that may stand for it, at least."""
_LIKE = 3


class Reader(Protocol):
    """A place that commands read from."""

    @property
    def name(self) -> str:
        """What people call it."""

    async def fleet(self, filters: Filters) -> FleetView:
        """The fleet.

        Raises:
            UsageError: it can't be read.
        """

    async def eval_set(self, name: str) -> EvalSetDetail:
        """One eval set, by its id or a part of it that tells.

        Raises:
            NotFoundError: there is none.
            UsageError: it can't be read.
        """

    async def report(self, name: str | None) -> Report:
        """The whole report, or what concerns one eval set of it.

        Raises:
            UsageError: as above.
        """

    async def samples(self, name: str, states: Sequence[Standing]) -> SampleList:
        """Samples of one eval set, in these states; none for all.

        Raises:
            UsageError: as above.
        """

    async def sample(self, name: str, asked: str) -> SampleDetail:
        """One sample with its last events.

        Args:
            name: of the eval set.
            asked: the sample's uuid, `id`, `id/epoch`, `task/id` or `task/id/epoch`.

        Raises:
            UsageError: as above.
        """

    async def log(self, name: str, since: str | None) -> RunnerLines:
        """The runner's lines that matter, those after an instant (ISO 8601).

        Raises:
            UsageError: as above.
        """

    async def aclose(self) -> None:
        """Close what is open."""


def resolved(asked: str, ids: Iterable[str], name_of: Callable[[str], str] = str) -> str:
    """The id that somebody means: itself, what its source calls it, or the end of its path.

    Raises:
        NotFoundError: none, or several; the text names those that are like it.
    """
    known = list(ids)
    tests: tuple[Callable[[str], bool], ...] = (
        lambda one: one == asked,
        lambda one: name_of(one) == asked,
        lambda one: one.rsplit("/", 1)[-1] == asked,
    )
    for fits in tests:
        fitting = [one for one in known if fits(one)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise NotFoundError(f"{clean(asked, 200)} is the name of several: {_some(fitting)}")
    raise NotFoundError(unknown("eval set", asked, known))


def sample_meant(asked: str, rows: Sequence[SampleRow]) -> SampleRow:
    """The sample that somebody means: by one of its names, or the beginning of one that tells.

    Raises:
        NotFoundError: none, or several; the text names those that are like it.
    """
    fitting = [row for row in rows if asked in _names(row)]
    if not fitting and len(asked) >= PREFIX:
        fitting = [row for row in rows if any(n.startswith(asked) for n in _names(row))]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        several = [f"{row.task}/{row.id}/{row.epoch}" for row in fitting]
        raise NotFoundError(f"sample {clean(asked, 200)} may be several: {_some(several)}")
    raise NotFoundError(unknown("sample", asked, [f"{row.id}/{row.epoch}" for row in rows]))


def incident_meant(asked: str, ids: Iterable[str]) -> str:
    """The incident's id that somebody means: itself, or its beginning.

    Raises:
        NotFoundError: none, or several; the text names those that are like it.
    """
    known = list(dict.fromkeys(ids))
    fitting = [one for one in known if len(asked) >= PREFIX and one.startswith(asked)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise NotFoundError(f"incident {clean(asked, 200)} may be several: {_some(fitting)}")
    raise NotFoundError(unknown("incident", asked, known))


def _names(row: SampleRow) -> tuple[str, ...]:
    """All that a sample goes by."""
    name, whole = f"{row.task}/{row.id}", f"{row.task}/{row.id}/{row.epoch}"
    return (row.uuid or "", row.id, f"{row.id}/{row.epoch}", name, whole)


def unknown(kind: str, asked: str, known: Iterable[str]) -> str:
    """That there is no such thing, and what may have been meant."""
    names = [clean(name, 200) for name in known]
    shown = clean(asked, 200)
    like = get_close_matches(shown, names, n=_LIKE, cutoff=0.6)
    like = like or [name for name in names if shown and shown in name][:_LIKE]
    if like:
        return f"there is no {kind} {shown}; did you mean {' or '.join(like)}?"
    return f"there is no {kind} {shown}; there are {_some(names)}"


def _some(names: list[str]) -> str:
    shown = ", ".join(clean(name, 200) for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown or "none"
