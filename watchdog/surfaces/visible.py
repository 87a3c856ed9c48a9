"""What a viewer may see of a report. Pure.

An eval set that somebody may not see is left out whole, as Hawk does it: it is in no list, and
asking for it says the same as for one that doesn't exist. That some are left out, and how many, is
said, so that nobody reads "all well" of what was not shown. An incident that others share with it
is told of what remains: who is in it, in words made from the eval sets that may be seen; and names
of models and eval sets that are left out are replaced wherever a text still holds one.
"""

from collections.abc import Collection, Iterable

from msgspec import Struct
from msgspec.structs import replace

from watchdog.masking import Key, Mask
from watchdog.model.access import Viewer
from watchdog.model.causes import cause_words, main_cause
from watchdog.model.report import EvalSetReport, IncidentReport, ProblemReport, Report
from watchdog.model.verdict import STUCK_VERDICTS, Verdict, worst
from watchdog.model.words import count
from watchdog.surfaces.reduced import Names, names_of

ELSEWHERE = "elsewhere"
"""Where problems are of what is not shown."""


class View(Struct, frozen=True):
    """A report as somebody may see it, and what takes hidden names out of other texts."""

    report: Report
    mask: Mask


def visible(report: Report, viewer: Viewer, key: Key) -> View:
    """The report as a viewer may see it.

    Args:
        report: all of it.
        viewer: who looks.
        key: of the stand-ins for names.
    """
    ids = hidden_ids(report, viewer)
    shown = tuple(e for e in report.eval_sets if e.eval_set_id not in ids)
    hidden = tuple(e for e in report.eval_sets if e.eval_set_id in ids)
    if not hidden:
        return View(report, Mask(key, ()))
    mask = _mask(shown, hidden, key)
    unheard = report.verdict is Verdict.UNKNOWN and any(
        s.state != "answers" for s in report.sources
    )
    verdict = worst([*(e.verdict for e in shown), *([Verdict.UNKNOWN] if unheard else ())])
    visible_report = replace(
        report,
        verdict=verdict,
        cause=main_cause(e.cause for e in shown if e.verdict is verdict),
        eval_sets=tuple(mask.record(eval_set) for eval_set in shown),
        incidents=tuple(_incidents(report, shown, mask)),
        problems=_problems(report, shown, mask),
        sources=mask.record(report.sources),
        hidden=len(hidden),
    )
    return View(visible_report, mask)


def hidden_ids(report: Report, viewer: Viewer) -> frozenset[str]:
    """The eval sets that a viewer may not see; of one that two sources show, if it is so of one."""
    hidden = (e.eval_set_id for e in report.eval_sets if not viewer.may_see(e.model_groups))
    return frozenset(hidden)


def _mask(shown: Iterable[EvalSetReport], hidden: Iterable[EvalSetReport], key: Key) -> Mask:
    known = {n for e in shown for n in (e.eval_set_id, e.name, *e.models)}
    hidden = tuple(hidden)
    models = (name for e in hidden for name in (*e.models, *(t.model for t in e.tasks)))
    mask = Mask(key, (name for name in models if name not in known), known)
    mask.add_ids(key, (name for e in hidden for name in names_of(e)))
    return mask


def _incidents(
    report: Report, shown: Collection[EvalSetReport], mask: Mask
) -> Iterable[IncidentReport]:
    by_id = {eval_set.eval_set_id: eval_set for eval_set in shown}
    for incident in report.incidents:
        members = [by_id[name] for name in incident.eval_sets if name in by_id]
        if len(members) == len(incident.eval_sets):
            yield mask.record(replace(incident, recovered=_known(incident.recovered, by_id)))
        elif members:
            yield mask.record(_rest(incident, members, by_id))


def _known(names: Iterable[str], by_id: Collection[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name in by_id)


def _rest(
    incident: IncidentReport, members: list[EvalSetReport], by_id: Collection[str]
) -> IncidentReport:
    """What remains of an incident: nothing of it is taken from texts on what is hidden."""
    models = {name for eval_set in members for name in eval_set.models}
    ids = tuple(eval_set.eval_set_id for eval_set in members)
    subject = incident.subject if incident.subject in {*models, *ids} else ids[0]
    tasks = [task for eval_set in members for task in eval_set.tasks]
    return replace(
        incident,
        subject=subject,
        eval_sets=ids,
        summary=f"{cause_words(incident.cause)}: {count(len(ids), 'eval set')} that you may see",
        actions=tuple(dict.fromkeys(text for e in members for text in e.actions)),
        models=tuple(name for name in incident.models if name in models),
        verdict=worst([eval_set.verdict for eval_set in members]),
        stuck_samples=sum(s.verdict in STUCK_VERDICTS for task in tasks for s in task.running),
        peers="",
        conclusions=tuple(one for one in incident.conclusions if one.model in models),
        recovered=_known(incident.recovered, by_id),
        secret_models=tuple(name for name in incident.secret_models if name in models),
    )


def _problems(
    report: Report, shown: Collection[EvalSetReport], mask: Mask
) -> tuple[ProblemReport, ...]:
    """Those of eval sets that may be seen. Others may name what may not: they are counted."""
    names = Names(shown)
    own = [p for p in report.problems if names.concern(p)]
    others = len(report.problems) - len(own)
    told = tuple(mask.record(problem) for problem in own)
    if not others:
        return told
    text = f"{count(others, 'problem')} of what you may not see, or of all sources"
    return (*told, ProblemReport(ELSEWHERE, text))
