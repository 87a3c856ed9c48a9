"""Reads targets once: what `check`, `explain` and `replay` begin with. Writes nothing."""

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from watchdog.collect.inspect.logs import LogsOptions
from watchdog.collect.inspect.turns import RhythmOptions
from watchdog.collect.source import Source
from watchdog.collect.status_pages.feeds import DEFAULT_FEEDS, Feed
from watchdog.collect.stores.objects import StoreError
from watchdog.collect.targets import TargetError, open_target
from watchdog.collect.work.account import ONE_LOOK, PollLimits
from watchdog.config.settings import Settings
from watchdog.errors import ConfigError, UsageError
from watchdog.pipeline.outlooks import Outlooks
from watchdog.pipeline.source_state import SourceState

ALONE = "store"
"""The name of a source that is the only one."""
CLUSTER = "kubernetes"
"""The name of the cluster as a source."""


class TargetStates(Struct, frozen=True):
    """What was read of targets that are judged as of one instant (seconds since the epoch)."""

    as_of: float
    sources: tuple[SourceState, ...]


async def read_targets(
    targets: Sequence[str],
    settings: Settings,
    as_of: float | None,
    now: float,
    *,
    all_eval_sets: bool = False,
) -> tuple[TargetStates, ...]:
    """Read targets, in the order of the instants as of which they are to be judged.

    Args:
        targets: bundles, Inspect log directories, `s3://` prefixes, ids of eval sets in the
            configured cluster.
        settings: how S3 and the cluster are reached.
        as_of: the instant to judge as of; None for when each bundle was captured, else `now`.
        now: seconds since the epoch.
        all_eval_sets: those of the configured cluster too, all of them.

    Raises:
        UsageError: a target isn't there, or is none.
    """
    opened = OpenTargets(targets, settings, lambda: now, all_eval_sets=all_eval_sets)
    try:
        return await opened.read(as_of, now)
    finally:
        await opened.aclose()


class OpenTargets:
    """Targets that can be read again and again: what didn't change is not read twice."""

    def __init__(
        self,
        targets: Sequence[str],
        settings: Settings,
        clock: Callable[[], float],
        *,
        all_eval_sets: bool = False,
    ) -> None:
        """As `read_targets`; `clock` gives seconds since the epoch.

        Raises:
            UsageError: a target isn't there, or is none.
        """
        ids = [target for target in targets if is_id(target)]
        sources = _open([target for target in targets if target not in ids], settings)
        if ids or all_eval_sets:
            only = () if all_eval_sets else ids
            sources.append((cluster_source(settings, clock, only), None))
        self._states = [(SourceState(source), captured_at) for source, captured_at in sources]

    async def read(self, as_of: float | None, now: float) -> tuple[TargetStates, ...]:
        """What they hold, in the order of the instants as of which they are to be judged."""
        by_instant: dict[float, list[SourceState]] = {}
        for state, captured_at in self._states:
            instant = _instant(as_of, captured_at, now)
            await state.poll(instant)
            by_instant.setdefault(instant, []).append(state)
        return tuple(
            TargetStates(instant, tuple(states)) for instant, states in sorted(by_instant.items())
        )

    @property
    def sources(self) -> tuple[SourceState, ...]:
        """What is remembered of each."""
        return tuple(state for state, _ in self._states)

    async def aclose(self) -> None:
        """Close them."""
        for state, _ in self._states:
            await state.aclose()


def is_id(target: str) -> bool:
    """Whether a target is an eval set's id: no address, and no path that there is."""
    return "/" not in target and not target.startswith(".") and not Path(target).exists()


def wants_cluster(settings: Settings) -> bool:
    """Whether the cluster is to be watched."""
    enabled = settings.kubernetes.enabled
    return enabled == "yes" or (enabled == "auto" and not settings.logs)


def cluster_source(
    settings: Settings,
    clock: Callable[[], float],
    only: Sequence[str] = (),
    poll_limits: PollLimits = ONE_LOOK,
    outlooks: Outlooks | None = None,
) -> Source:
    """The configured cluster as a source.

    Raises:
        UsageError: there is no cluster to be reached, or the store's address is none.
    """
    # the cluster's client takes a while to import, and a log directory needs none of it
    from watchdog.collect.kubernetes.watched import open_cluster  # noqa: PLC0415

    try:
        return open_cluster(settings, logs_options(settings, poll_limits, outlooks), clock, only)
    except ConfigError as error:
        raise UsageError(f"{_without_cluster(only)} ({error})") from error
    except StoreError as error:
        raise UsageError(f"kubernetes.store: {error.text}") from error


def _without_cluster(only: Sequence[str]) -> str:
    if only:
        names = ", ".join(only)
        return (
            f"{names}: no such directory, and no cluster to look for an eval set in; give its logs "
            "(a directory, s3://bucket/prefix) or a bundle"
        )
    return "nothing to watch: give --logs TARGET, or a cluster"


def _open(targets: Sequence[str], settings: Settings) -> list[tuple[Source, float | None]]:
    options = logs_options(settings)
    try:
        return [
            open_target(target, settings.s3, options, settings.kubernetes) for target in targets
        ]
    except TargetError as error:
        raise UsageError(str(error)) from error


def store_of(settings: Settings) -> str | None:
    """Where an eval set's logs are, for commands that people type; None where that isn't one place.

    An S3 prefix has a folder for each eval set; of a cluster the configuration tells.
    """
    if wants_cluster(settings):
        return settings.kubernetes.store
    return settings.logs[0] if len(settings.logs) == 1 else None


def feeds(settings: Settings) -> tuple[Feed, ...]:
    """The status feeds that the settings name, or the usual ones."""
    if settings.status_feeds is None:
        return DEFAULT_FEEDS
    return tuple(Feed(**feed.model_dump()) for feed in settings.status_feeds)


def poll_limits(settings: Settings) -> PollLimits:
    """What an eval set may use in one of the service's polls."""
    limits = settings.limits
    return PollLimits(
        limits.poll_cpu_seconds,
        limits.poll_bytes,
        limits.poll_rows,
        seconds=settings.interval,
    )


def logs_options(
    settings: Settings, poll_limits: PollLimits = ONE_LOOK, outlooks: Outlooks | None = None
) -> LogsOptions:
    """How stores are polled, by the settings; for one look, all is read at once.

    With `outlooks` each task has a rhythm of its own.
    """
    return LogsOptions(
        listing_interval=settings.listing_interval,
        concurrency=settings.concurrency,
        max_member_bytes=settings.max_member_bytes,
        poll_limits=replace(poll_limits, samples=settings.limits.samples),
        newest_first=poll_limits != ONE_LOOK,
        rhythm=_rhythm(settings, outlooks),
    )


def _rhythm(settings: Settings, outlooks: Outlooks | None) -> RhythmOptions | None:
    if outlooks is None or settings.quiet_factor <= 1:
        return None
    slowest = settings.quiet_factor * settings.interval
    return RhythmOptions(settings.interval, slowest, outlooks.of)


def _instant(as_of: float | None, captured_at: float | None, now: float) -> float:
    if as_of is not None:
        return as_of
    return now if captured_at is None else captured_at
