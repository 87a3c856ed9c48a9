"""What addresses ask for: filters, pages, and the way up from an address."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.exceptions import HTTPException
from starlette.requests import Request

from watchdog.model.facts import SampleKey
from watchdog.model.instants import from_timestamp
from watchdog.model.samples import STANDINGS
from watchdog.pipeline.sample_detail import WantedSample
from watchdog.pipeline.sample_list import CursorError, SampleFilter
from watchdog.pipeline.sample_list import order_of as place_in_list
from watchdog.surfaces.fleet.filters import VALUES_MAX, FilterError, Filters, filters_of
from watchdog.surfaces.fleet.listing import LIMIT_MAX, PAGE, PAGES_MAX, order_of
from watchdog.surfaces.models.filters import ModelFilters, model_filters_of
from watchdog.surfaces.web.fleet_page import Asked

SAMPLES_PAGE = 100
"""Samples of one page, and of one answer where nobody asks for more."""
EPOCHS_MAX = 2**53
DEPTH_MAX = 64
"""Slashes of an address that a way up is made for."""


def asked(request: Request) -> Asked:
    """A page of the fleet.

    Raises:
        HTTPException: 400, no filter, or no page.
    """
    return Asked(filters(request), number(request, "page", 1, PAGES_MAX))


def listed(request: Request) -> tuple[Filters, str | None, int]:
    """What is asked of the API: filters, cursor, how many.

    Raises:
        HTTPException: 400, no filter, no cursor or two, or no number.
    """
    cursors = request.query_params.getlist("cursor")
    if len(cursors) > 1:
        raise HTTPException(400, "cursor is given more than once")
    limit = number(request, "limit", PAGE, LIMIT_MAX)
    for cursor in cursors:
        with _flaws_named():
            order_of(cursor)
    return filters(request), cursors[0] if cursors else None, limit


def sample_filter(request: Request) -> SampleFilter:
    """Which samples of an eval set.

    Raises:
        HTTPException: 400, no such state, no cursor or two, or no number.
    """
    states = [text for text in request.query_params.getlist("state") if text]
    strangers = [text for text in states if text not in STANDINGS]
    if strangers or len(states) > VALUES_MAX:
        raise HTTPException(400, f"state: should be some of {', '.join(STANDINGS)}")
    cursors = request.query_params.getlist("cursor")
    if len(cursors) > 1:
        raise HTTPException(400, "cursor is given more than once")
    limit = number(request, "limit", SAMPLES_PAGE, LIMIT_MAX)
    for cursor in cursors:
        with _flaws_named():
            place_in_list(cursor)
    wanted = tuple(standing for standing in STANDINGS if standing in states)
    return SampleFilter(wanted, cursors[0] if cursors else None, limit)


def wanted_sample(request: Request, task_id: str) -> WantedSample:
    """The sample that `?id=` and `?epoch=` name.

    Raises:
        HTTPException: 400, they name none.
    """
    ids = request.query_params.getlist("id")
    if len(ids) != 1:
        raise HTTPException(400, "id: the sample's id is needed, once")
    return WantedSample(
        task_id, SampleKey(ids[0], number(request, "epoch", 1, EPOCHS_MAX, least=0))
    )


def since(request: Request) -> str | None:
    """The instant of `?since=`; None where there is none.

    Raises:
        HTTPException: 400, it is none.
    """
    texts = [text for text in request.query_params.getlist("since") if text]
    if len(texts) > 1 or (texts and from_timestamp(texts[0]) is None):
        raise HTTPException(400, "since: should be an instant such as 2026-11-23T08:00:00Z")
    return texts[0] if texts else None


def filters(request: Request) -> Filters:
    """The filters of an address.

    Raises:
        HTTPException: 400, no filter.
    """
    with _flaws_named():
        return filters_of(request.query_params.multi_items())


def model_filters(request: Request) -> ModelFilters:
    """The filters of the models' address.

    Raises:
        HTTPException: 400, no filter.
    """
    with _flaws_named():
        return model_filters_of(request.query_params.multi_items())


@contextmanager
def _flaws_named() -> Iterator[None]:
    try:
        yield
    except (FilterError, CursorError) as flaw:
        raise HTTPException(400, str(flaw)) from None


def way_up(request: Request) -> str:
    """From the address as the browser has it, where a slash of an id is no slash, to the first."""
    path: bytes = request.scope.get("raw_path", b"/").partition(b"?")[0]
    return "../" * min(DEPTH_MAX, max(0, path.count(b"/") - 1))


def number(request: Request, name: str, usual: int, most: int, least: int = 1) -> int:
    """A number of the query, the usual one where it isn't there.

    Raises:
        HTTPException: 400, it is none from `least` to `most`, or there several times.
    """
    texts = request.query_params.getlist(name)
    if not texts:
        return usual
    text = texts[0]
    if len(texts) > 1 or not (
        text.isascii() and text.isdigit() and least <= int(text[:17]) <= most
    ):
        raise HTTPException(400, f"{name}: should be a number from {least} to {most:,}")
    return int(text)
