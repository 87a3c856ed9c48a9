"""The page of the models: which provider fails, how much, since when. Pure."""

from collections.abc import Iterator

from msgspec.structs import replace

from watchdog.model.report import Snapshot
from watchdog.model.words import duration
from watchdog.surfaces.models.filters import ModelFilters
from watchdog.surfaces.models.listing import Past, models_of, providers_of
from watchdog.surfaces.models.records import CallCountReport, CallSecondsReport
from watchdog.surfaces.web.templating import PageContext, render

OUTAGES = 3
"""Outages of a model that are shown."""
WINDOWS = {300.0: "5 min", 3600.0: "1 h", 86_400.0: "24 h"}
"""Seconds of a window, and its name."""
FEW = 0.005
"""A share that is no whole percent."""


def models_page(
    snapshot: Snapshot | None, filters: ModelFilters, past: Past, frame: PageContext
) -> str:
    """The page; without a snapshot, that the first poll is running."""
    models = models_of(snapshot, filters, past) if snapshot is not None else None
    return render(
        "models.html",
        frame,
        snapshot,
        models=models,
        filters=filters,
        providers=providers_of(snapshot) if snapshot is not None else [],
        chips=list(_chips(filters)),
        unwatched=_unwatched(models.models[0].counts) if models and models.models else "",
        share=share_words,
        seconds=seconds_words,
        outages=OUTAGES,
        windows=WINDOWS,
    )


def share_words(count: CallCountReport) -> str:
    """`12 % of 1,200`: how many of the attempts failed."""
    total = count.ok + count.failed
    if not total:
        return "no call"
    share = count.failed / total
    if 0 < share < FEW:
        text = "< 1 %"
    elif 1 - FEW < share < 1:
        text = "> 99 %"
    else:
        text = f"{share:.0%}".replace("%", " %")
    return f"{text} of {total:,}"


def seconds_words(took: CallSecondsReport, part: str) -> str:
    """`2.4 s`: how long calls took at most, of which `part` is said: `p50`, `p95`."""
    value = took.p50 if part == "p50" else took.p95
    if value is None:
        return ""
    return f"{value:.1f} s" if value < 60 else duration(value)


def _unwatched(counts: tuple[CallCountReport, ...]) -> str:
    """How much of the windows was watched, where that is not all of them."""
    parts = [
        f"{duration(c.watched_seconds)} of the last {WINDOWS[c.seconds]}"
        for c in counts
        if c.watched_seconds < c.seconds - 60
    ]
    return " and ".join(parts[-2:])


def _chips(filters: ModelFilters) -> Iterator[tuple[str, str, str]]:
    """The filters that are set, and where a click leads that takes one away."""
    for value in filters.provider:
        left = tuple(one for one in filters.provider if one != value)
        yield "provider", value, replace(filters, provider=left).query
    if filters.failing:
        yield "failing", "only", replace(filters, failing=False).query
    for word in filters.q:
        yield "q", word, replace(filters, q=tuple(one for one in filters.q if one != word)).query
