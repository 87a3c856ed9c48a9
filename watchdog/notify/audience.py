"""Who hears of an incident, and when not: routes, quiet hours, the fall-back. Takes `now`."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

from msgspec import Struct

from watchdog.config.notify import Notify, NotifyRoute
from watchdog.model.report import EvalSetReport, IncidentReport, Report
from watchdog.model.state import EvalSetState
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
        clock = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(self.zone)).time()
        if self.begin <= self.end:
            return self.begin <= clock < self.end
        return clock >= self.begin or clock < self.end


class Traits(Struct, frozen=True):
    """What routes look at."""

    eval_sets: tuple[str, ...]
    """By id and by name."""
    models: tuple[str, ...]
    submitters: tuple[str, ...]
    """By name and by e-mail address."""
    teams: tuple[str, ...]
    model_access: tuple[str, ...]


class Route(Struct, frozen=True):
    """Which channels hear of what matches all of these patterns."""

    channels: tuple[str, ...]
    eval_set: str = "*"
    model: str = "*"
    submitter: str = "*"
    team: str = "*"
    model_access: str = "*"
    severity: Severity | None = None
    exclusive: bool = False
    """What matches goes nowhere else."""

    def matches(self, traits: Traits) -> bool:
        """Whether each pattern is that of one of the names."""
        return (
            _any(self.eval_set, traits.eval_sets)
            and _any(self.model, traits.models)
            and _any(self.submitter, traits.submitters)
            and _any(self.team, traits.teams)
            and _any(self.model_access, traits.model_access)
        )


class Audience(Struct, frozen=True):
    """Who is notified of what, and when."""

    routes: tuple[Route, ...] = ()
    fallback: str | None = None
    quiet: Hours | None = None
    waiting: frozenset[Severity] = WARNINGS
    """What waits in quiet hours."""
    storm: int = 10
    """More incidents than this that open at once become one message."""

    def quiet_at(self, now: float) -> frozenset[Severity]:
        """What waits at `now`, in seconds since the epoch."""
        return self.waiting if self.quiet is not None and self.quiet.hold(now) else NOTHING

    def channels(
        self, incident: IncidentReport, report: Report, names: Sequence[str]
    ) -> tuple[str, ...]:
        """Those of `names` that hear of it; all of them, where no route leads to any."""
        if incident.restricted_to:
            return tuple(name for name in names if name in incident.restricted_to)
        ids = frozenset(incident.eval_sets)
        eval_sets = [item for item in report.eval_sets if item.eval_set_id in ids]
        traits = traits_of(incident, eval_sets)
        receivers = _channels(
            route
            for route in self.routes
            if route.severity in {None, incident.severity} and route.matches(traits)
        )
        return tuple(name for name in names if name in receivers) or self._defaults(names)

    def _defaults(self, names: Sequence[str]) -> tuple[str, ...]:
        """All but the fall-back, where no route names it and there is another."""
        if len(names) == 1 or self.fallback in _channels(self.routes):
            return tuple(names)
        return tuple(name for name in names if name != self.fallback)

    def restrictions(self, states: Iterable[EvalSetState]) -> dict[str, tuple[str, ...]]:
        """The channels that alone may hear of an eval set, by its id; only of the restricted."""
        exclusive = [route for route in self.routes if route.exclusive]
        if not exclusive:
            return {}
        channels = {
            state.eval_set_id: _restriction(exclusive, traits_of_state(state)) for state in states
        }
        return {name: restricted_to for name, restricted_to in channels.items() if restricted_to}


def audience(notify: Notify) -> Audience:
    """As the settings have it."""
    return Audience(
        routes=tuple(_route(route) for route in notify.routes),
        fallback=notify.fallback,
        quiet=_hours(notify.quiet, notify.time_zone),
        waiting=EVERYTHING if notify.quiet_pages else WARNINGS,
        storm=notify.storm,
    )


def traits_of(incident: IncidentReport, eval_sets: Sequence[EvalSetReport]) -> Traits:
    """Of an incident: its models are everybody's, and those of the tasks that are stuck."""
    return Traits(
        (*incident.eval_sets, *(item.name for item in eval_sets)),
        tuple(_models(incident, eval_sets)),
        tuple(name for item in eval_sets for name in (item.submitter, item.email)),
        tuple(item.team for item in eval_sets),
        tuple(item.model_access for item in eval_sets),
    )


def traits_of_state(state: EvalSetState) -> Traits:
    """Of an eval set: the models of all its tasks."""
    view = state.view
    return Traits(
        (state.eval_set_id, state.own_name),
        tuple(task.spec.model for task in state.tasks.values() if task.spec is not None),
        (view.created_by, view.email) if view else (),
        (view.team,) if view else (),
        (view.model_access,) if view else (),
    )


def _restriction(exclusive: Iterable[Route], traits: Traits) -> tuple[str, ...]:
    return tuple(sorted(_channels(route for route in exclusive if route.matches(traits))))


def _route(route: NotifyRoute) -> Route:
    return Route(**route.model_dump())


def _hours(span: str | None, zone: str) -> Hours | None:
    if span is None:
        return None
    begin, _, end = span.partition("-")
    return Hours(time.fromisoformat(begin), time.fromisoformat(end), zone)


def _channels(routes: Iterable[Route]) -> set[str]:
    return {name for route in routes for name in route.channels}


def _any(pattern: str, names: Iterable[str]) -> bool:
    return pattern == "*" or any(fnmatchcase(name, pattern) for name in names if name)


def _models(incident: IncidentReport, eval_sets: Sequence[EvalSetReport]) -> list[str]:
    """Everybody's model, and those of the tasks that are stuck, or of all where none is."""
    tasks = [task for item in eval_sets for task in item.tasks]
    stuck = [task.model for task in tasks if task.verdict in STUCK_VERDICTS]
    return [*incident.models, *(stuck or (task.model for task in tasks))]
