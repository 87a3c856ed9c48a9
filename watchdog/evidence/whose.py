"""Which eval set an id means, and where it is: never one of the same name elsewhere. Pure."""

from msgspec import Struct

from watchdog.config.settings import Settings
from watchdog.model.eval_set_names import suffix
from watchdog.model.report import Report
from watchdog.pipeline.targets import CLUSTER, wants_cluster


class Whose(Struct, frozen=True):
    """An eval set by the name that its sources have for it."""

    name: str
    sources: frozenset[str] | None = None
    """None for any that is configured."""

    def is_in(self, source: str) -> bool:
        """Whether it may be looked for there."""
        return self.sources is None or source in self.sources


def whose(eval_set_id: str, settings: Settings, live: Report | None = None) -> Whose:
    """The eval set of an id: what the service says, else what the id does."""
    if live is not None and live.eval_sets:
        name = live.eval_sets[0].name or eval_set_id
        return Whose(name, _told_by(live, settings))
    for source in _sources(settings):
        name = eval_set_id.removesuffix(suffix(source))
        if name and name != eval_set_id:
            return Whose(name, frozenset({source}))
    return Whose(eval_set_id)


def _told_by(live: Report, settings: Settings) -> frozenset[str] | None:
    if len(_sources(settings)) <= 1:
        return None
    return frozenset(item.source for item in live.eval_sets if item.source) or None


def _sources(settings: Settings) -> tuple[str, ...]:
    return (*settings.logs, *([CLUSTER] if wants_cluster(settings) else ()))
