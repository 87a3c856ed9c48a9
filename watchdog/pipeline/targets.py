"""Looks once at targets: what `check`, `explain` and `replay` begin with. Writes nothing."""

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from watchdog.collect.inspect.logs import LogsOptions
from watchdog.collect.source import Source
from watchdog.collect.status_pages.feeds import DEFAULT_FEEDS, Feed
from watchdog.collect.stores.objects import StoreError
from watchdog.collect.targets import TargetError, open_target
from watchdog.config.settings import Settings
from watchdog.errors import ConfigError, UsageError
from watchdog.pipeline.source_state import SourceState


class Seen(Struct, frozen=True):
    """What was read of targets that are judged at one instant."""

    instant: float
    watched: tuple[SourceState, ...]


async def look(
    targets: Sequence[str],
    settings: Settings,
    now: float | None,
    present: float,
    *,
    everything: bool = False,
) -> tuple[Seen, ...]:
    """Read targets, by the instants that they are to be judged at.

    Args:
        targets: bundles, Inspect log directories, `s3://` prefixes, ids of eval sets in the
            configured cluster.
        settings: how S3 and the cluster are reached.
        now: the instant to judge as of; None for each bundle's own, else the present.
        present: the present, seconds since the epoch.
        everything: all eval sets of the cluster.

    Raises:
        UsageError: a target isn't there, or is none.
    """
    ids = [target for target in targets if is_id(target)]
    opened = _open([target for target in targets if target not in ids], settings)
    if ids or everything:
        only = () if everything else ids
        opened.append((cluster_source(settings, lambda: present, only), None))
    by_instant: dict[float, list[SourceState]] = {}
    for source, captured_at in opened:
        instant = _instant(now, captured_at, present)
        watched = SourceState(source)
        await watched.poll(instant)
        await source.aclose()
        by_instant.setdefault(instant, []).append(watched)
    return tuple(Seen(instant, tuple(read)) for instant, read in sorted(by_instant.items()))


def is_id(target: str) -> bool:
    """Whether a target is an eval set's id: no address, and no path that there is."""
    return "/" not in target and not target.startswith(".") and not Path(target).exists()


def wants_cluster(settings: Settings) -> bool:
    """Whether the cluster is to be watched."""
    enabled = settings.kubernetes.enabled
    return enabled == "yes" or (enabled == "auto" and not settings.logs)


def cluster_source(
    settings: Settings, clock: Callable[[], float], only: Sequence[str] = ()
) -> Source:
    """The configured cluster as a source.

    Raises:
        UsageError: there is no cluster to be reached, or the store's address is none.
    """
    # the cluster's client takes a while to import, and a log directory needs none of it
    from watchdog.collect.kubernetes.watched import open_cluster  # noqa: PLC0415

    try:
        return open_cluster(settings, logs_options(settings), clock, only)
    except ConfigError as error:
        raise UsageError(f"{_without_cluster(only)} ({error})") from error
    except StoreError as error:
        raise UsageError(f"kubernetes.store: {error.text}") from error


def _without_cluster(only: Sequence[str]) -> str:
    if only:
        return f"{', '.join(only)}: no such directory, and no cluster to look for an eval set in"
    return "nothing to watch: give --logs TARGET, or a cluster"


def _open(targets: Sequence[str], settings: Settings) -> list[tuple[Source, float | None]]:
    options = logs_options(settings)
    try:
        return [open_target(t, settings.s3, options, settings.kubernetes) for t in targets]
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
    return tuple(Feed(**each.model_dump()) for each in settings.status_feeds)


def logs_options(settings: Settings) -> LogsOptions:
    """How stores are polled, by the settings."""
    return LogsOptions(
        listing_interval=settings.listing_interval,
        concurrency=settings.concurrency,
        max_member_bytes=settings.max_member_bytes,
    )


def _instant(now: float | None, captured_at: float | None, present: float) -> float:
    if now is not None:
        return now
    return present if captured_at is None else captured_at
