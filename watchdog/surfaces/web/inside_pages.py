"""The pages below an eval set: its samples, one of them, its runner's lines. Pure."""

from collections.abc import Iterator
from urllib.parse import urlencode

from watchdog.config.links import Links
from watchdog.model.command import typed
from watchdog.model.report import Snapshot
from watchdog.model.samples import (
    STANDINGS,
    RunnerLines,
    SampleDetail,
    SampleList,
    Standing,
)
from watchdog.pipeline.sample_list import SampleFilter
from watchdog.surfaces.event_runs import Run, runs
from watchdog.surfaces.web.event_picture import event_lanes
from watchdog.surfaces.web.page_links import sample_links
from watchdog.surfaces.web.templating import PageContext, render

NO_SAMPLE = "No such sample"
ENDED = (
    "No sample of this task, id and epoch is known: it may be queued still, be set up again after "
    "an error, or stand in a log that is gone."
)


def samples_page(
    listed: SampleList, wanted: SampleFilter, view: Snapshot, frame: PageContext
) -> str:
    """Some samples of an eval set that is there."""
    return render(
        "samples.html",
        frame,
        view,
        eval_set=view.watched[listed.eval_set_id],
        listed=listed,
        states=list(_states(listed, wanted)),
        everything=not wanted.states,
        begins=wanted.cursor is None,
        again=_query(wanted.states),
        after=_query(wanted.states, listed.next) if listed.next is not None else None,
    )


def sample_page(detail: SampleDetail, view: Snapshot, frame: PageContext, links: Links) -> str:
    """One sample of an eval set that is there, with what was just read of it."""
    eval_set = view.watched[detail.eval_set_id]
    name = eval_set.name or eval_set.eval_set_id
    tasks = (task for task in eval_set.tasks if task.task_id == detail.sample.task_id)
    log = next((task.log for task in tasks), "")
    return render(
        "sample.html",
        frame,
        view,
        eval_set=eval_set,
        detail=detail,
        events=[(item, isinstance(item, Run)) for item in runs(detail.events)][::-1],
        sample=detail.sample,
        picture=event_lanes(detail.events, view.at),
        links=sample_links(links, name, detail.sample, log),
        transcript=_transcript(name, detail),
    )


def log_page(lines: RunnerLines, view: Snapshot, frame: PageContext) -> str:
    """What matters of a runner's log."""
    eval_set = view.watched[lines.eval_set_id]
    return render("log.html", frame, view, eval_set=eval_set, told=lines)


def _states(listed: SampleList, wanted: SampleFilter) -> Iterator[tuple[Standing, int, bool, str]]:
    """Each state that there is: how many, whether it is asked for, and where a click leads."""
    for standing in STANDINGS:
        number = listed.by_state.get(standing, 0)
        if not number and standing not in wanted.states:
            continue
        others = tuple(one for one in wanted.states if one != standing)
        is_asked = standing in wanted.states
        yield standing, number, is_asked, _query(others if is_asked else (*wanted.states, standing))


def _query(states: tuple[Standing, ...], cursor: str | None = None) -> str:
    more = [("cursor", cursor)] if cursor is not None else []
    return urlencode([*(("state", one) for one in states), *more], errors="replace")


def _transcript(name: str, detail: SampleDetail) -> str:
    """The command that shows a sample's contents; empty where it can't be typed."""
    sample = detail.sample
    words = [
        name,
        f"{sample.task}/{sample.id}/{sample.epoch}",
        *([detail.logs] * bool(detail.logs)),
    ]
    quoted = [typed(word) for word in words]
    if not all(quoted):
        return ""
    where = f" --logs {quoted[2]}" if detail.logs else ""
    return f"watchdog transcript {quoted[0]} {quoted[1]}{where} --content"
