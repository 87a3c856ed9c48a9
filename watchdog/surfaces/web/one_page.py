"""The page of one eval set, and of what isn't there. Pure."""

from watchdog.config.links import Links
from watchdog.model.parts import EvalSetParts
from watchdog.model.report import RunningSample, SampleCounts, TaskReport
from watchdog.model.samples import Standing
from watchdog.model.verdict import STUCK_VERDICTS
from watchdog.surfaces.fleet.listing import Fleet
from watchdog.surfaces.report_pieces import reduced_report
from watchdog.surfaces.web.fleet_page import LISTED, TOLD, about
from watchdog.surfaces.web.page_links import eval_set_links
from watchdog.surfaces.web.pictures import Picture, strip_picture, timeline
from watchdog.surfaces.web.templating import PageContext, render

Strips = dict[tuple[str, str, int], Picture]
"""Pictures of running samples, by task, id and epoch."""
OTHERS = 10
"""Samples of a task that aren't stuck and whose picture is shown."""
TASKS = 200
"""Tasks of an eval set that are shown, the worst first."""
NO_EVAL_SET = "No such eval set"
GONE = (
    "Either it was never seen here, or it ended and its logs are gone, or your groups are not "
    "those that its models ask for."
)


def eval_set_page(
    fleet: Fleet, eval_set_id: str, frame: PageContext, parts: EvalSetParts, links: Links
) -> str:
    """All that is known of one eval set that is there.

    Args:
        fleet: that it is one of.
        eval_set_id: which one.
        frame: what the page is shown in.
        parts: what is shown of it beside its report.
        links: where it leads beside.
    """
    part, row = reduced_report(fleet.snapshot, eval_set_id), fleet.row(eval_set_id, frame.now)
    if part is None or row is None:
        return nothing_page(NO_EVAL_SET, GONE, frame)
    eval_set = part.eval_sets[0]
    tasks = sorted(eval_set.tasks, key=lambda task: (-task.samples.stuck, task.stuck_since or "9"))
    return render(
        "eval_set.html",
        frame,
        fleet.snapshot,
        eval_set=eval_set,
        row=row,
        tasks=tasks[:TASKS],
        problems=part.problems,
        incidents=part.incidents,
        told=TOLD,
        parts=parts,
        timeline=timeline(parts.timeline, fleet.snapshot.at),
        strips=_strips(parts, fleet.snapshot.at),
        other_strips=_other_strips,
        states=_states(row.samples),
        links=eval_set_links(links, eval_set.name or eval_set_id),
        **about(part.incidents[:LISTED], fleet.snapshot),
    )


def _strips(parts: EvalSetParts, now: float) -> Strips:
    drawn = ((strip, strip_picture(strip, now)) for strip in parts.strips)
    return {(s.task_id, s.id, s.epoch): picture for s, picture in drawn if picture is not None}


def _other_strips(task: TaskReport, strips: Strips) -> list[tuple[RunningSample, Picture]]:
    """Running samples that aren't stuck, and whose picture is there."""
    samples = (one for one in task.running if one.verdict not in STUCK_VERDICTS)
    keys = ((one, (task.task_id, one.id, one.epoch)) for one in samples)
    return [(one, strips[key]) for one, key in keys if key in strips][:OTHERS]


def _states(counts: SampleCounts) -> list[tuple[Standing, int]]:
    """How many there are in each state, as far as their counts tell."""
    numbers: dict[Standing, int] = {
        "stuck": counts.stuck,
        "running": max(0, counts.running - counts.stuck),
        "queued": counts.queued,
        "errored": counts.errored,
        "cancelled": counts.cancelled,
        "completed": counts.completed,
    }
    return [(standing, number) for standing, number in numbers.items() if number]


def nothing_page(what: str, why: str, frame: PageContext) -> str:
    """That something isn't there. It says nothing of what was asked for: that may be hidden."""
    return render("nothing.html", frame, None, what=what, why=why)
