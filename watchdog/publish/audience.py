"""Who hears of an incident, and when not: routes, quiet hours, the fall-back. Takes `now`."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

from msgspec import Struct

from watchdog.config import Notify, NotifyRoute
from watchdog.model.report import EvalSetReport, IncidentReport, Report
from watchdog.model.verdict import STUCK_VERDICTS, Severity

WARNINGS: frozenset[Severity] = frozenset({"warning"})
EVERYTHING: frozenset[Severity] = frozenset({"warning", "page"})
NOTHING: frozenset[Severity] = frozenset()


class Hours(Struct, frozen=True):
    """A span of each day in a time zone; one that ends before it begins goes over midnight."""

    begin: time
    end: time
    zone: str = "UTC"

    def hold(self, now: float) -> bool:
        """Whether `now` is in them; their end is not."""
        at = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(self.zone)).time()
        if self.begin <= self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


class Route(Struct, frozen=True):
    """Which channels hear of what matches all of these patterns."""

    channels: tuple[str, ...]
    eval_set: str = "*"
    model: str = "*"
    submitter: str = "*"
    severity: Severity | None = None
    model_access: str = "*"
    exclusive: bool = False
    """What matches goes nowhere else."""


class Audience(Struct, frozen=True):
    """Who is told what, and when."""

    routes: tuple[Route, ...] = ()
    fallback: str | None = None
    quiet: Hours | None = None
    waiting: frozenset[Severity] = WARNINGS
    """What waits in quiet hours."""
    storm: int = 10
    """More incidents than this that open at once become one message."""

    def silent(self, now: float) -> frozenset[Severity]:
        """What waits at `now`, in seconds since the epoch."""
        return self.waiting if self.quiet is not None and self.quiet.hold(now) else NOTHING

    def channels(
        self, incident: IncidentReport, report: Report, every: Sequence[str]
    ) -> tuple[str, ...]:
        """Those of `every` that hear of it. Nobody's is everybody's: no match leaves none out."""
        matching = self._matching(incident, report)
        exclusive = [route for route in matching if route.exclusive]
        chosen = _named(exclusive or matching)
        if not chosen & set(every):
            spare = len(every) > 1 and self.fallback not in _named(self.routes)
            return tuple(name for name in every if not (spare and name == self.fallback))
        return tuple(name for name in every if name in chosen)

    def confined(self, incident: IncidentReport, report: Report) -> bool:
        """Whether nobody else may hear of it, not even where its channels refuse it."""
        return any(route.exclusive for route in self._matching(incident, report))

    def _matching(self, incident: IncidentReport, report: Report) -> list[Route]:
        about = [each for each in report.eval_sets if each.eval_set_id in incident.eval_sets]
        return [route for route in self.routes if _matches(route, incident, about)]


def audience(notify: Notify) -> Audience:
    """As the settings have it."""
    return Audience(
        routes=tuple(_route(each) for each in notify.routes),
        fallback=notify.fallback,
        quiet=_hours(notify.quiet, notify.time_zone),
        waiting=EVERYTHING if notify.quiet_pages else WARNINGS,
        storm=notify.storm,
    )


def _route(route: NotifyRoute) -> Route:
    return Route(**route.model_dump())


def _hours(span: str | None, zone: str) -> Hours | None:
    if span is None:
        return None
    begin, _, end = span.partition("-")
    return Hours(time.fromisoformat(begin), time.fromisoformat(end), zone)


def _named(routes: Iterable[Route]) -> set[str]:
    return {name for route in routes for name in route.channels}


def _matches(route: Route, incident: IncidentReport, about: Sequence[EvalSetReport]) -> bool:
    if route.severity not in {None, incident.severity}:
        return False
    return (
        _any(route.eval_set, incident.eval_sets)
        and _any(route.model, _models(incident, about))
        and _any(route.submitter, (n for each in about for n in (each.submitter, each.email)))
        and _any(route.model_access, (each.model_access for each in about))
    )


def _any(pattern: str, names: Iterable[str]) -> bool:
    return pattern == "*" or any(fnmatchcase(name, pattern) for name in names if name)


def _models(incident: IncidentReport, about: Sequence[EvalSetReport]) -> list[str]:
    """Everybody's model, and those of the tasks that are stuck, or of all where none is."""
    tasks = [task for each in about for task in each.tasks]
    stuck = [task.model for task in tasks if task.verdict in STUCK_VERDICTS]
    return [*incident.models, *(stuck or (task.model for task in tasks))]
