"""Which place a command reads from, and what that is called.

In this order: `--server`, the setting `server`, a target, a service on this machine, what the
settings watch (their `logs`, else the cluster).
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from watchdog.client.connection import Connection
from watchdog.client.local_service import address_of, serves
from watchdog.client.look import Look
from watchdog.client.reader import Reader
from watchdog.client.service import Service
from watchdog.config.settings import Settings
from watchdog.errors import UsageError
from watchdog.pipeline.targets import is_id, wants_cluster


class Asked(Struct, frozen=True):
    """What a command line says of it."""

    server: str | None = None
    """Of `--server`."""
    targets: Sequence[str] = ()
    """Of `--logs`."""
    name: str | None = None
    """An eval set's id, or a target that holds it."""


class Place(Struct, frozen=True):
    """Where to read from."""

    reader: Reader
    said: str
    """For people: `reads …`."""
    name: str | None
    """The eval set that is asked for; None where the target was named in its place."""
    is_look: bool = False
    """Whether each question reads all anew."""
    is_one: bool = False
    """Whether a target stands for the one eval set that it holds."""


async def open_place(asked: Asked, settings: Settings, clock: Callable[[], float]) -> Place:
    """The place that is meant.

    Raises:
        UsageError: there is none, or it is no place.
    """
    if asked.server is not None and asked.targets:
        raise UsageError("--server and --logs: one of them, as each says where to read from")
    if asked.server is not None:
        return _service(asked.server, "--server", asked.name, settings)
    if asked.targets:
        return _targets(asked.targets, asked.name, settings, clock)
    if settings.server is not None:
        return _service(settings.server, "WATCHDOG_SERVER", asked.name, settings)
    if asked.name is not None and _is_target(asked.name):
        return _targets([asked.name], None, settings, clock)
    here = address_of(settings)
    if await serves(here):
        # whoever listens there is not known to be entitled to the token
        return Place(Service(Connection(here, None)), f"{here} (this machine)", asked.name)
    return _configured(asked.name, settings, clock)


def _is_target(name: str) -> bool:
    """Whether it is an address or a path, and no id: one may have slashes in it."""
    return "://" in name or name.startswith((".", "/", "~")) or Path(name).exists()


def _service(server: str, by: str, name: str | None, settings: Settings) -> Place:
    token = None if settings.token is None else settings.token.get_secret_value()
    service = Service(Connection(server, token))
    return Place(service, f"{service.name} ({by})", name)


def _targets(
    targets: Sequence[str], name: str | None, settings: Settings, clock: Callable[[], float]
) -> Place:
    for target in targets:
        if is_id(target):
            raise UsageError(f"{target}: no log directory, bundle or s3:// prefix")
    said = ", ".join(targets)
    look = Look(said, targets, settings, clock)
    return Place(look, f"{said} (one look)", name, is_look=True, is_one=name is None)


def _configured(name: str | None, settings: Settings, clock: Callable[[], float]) -> Place:
    """What a service with these settings would watch."""
    if not wants_cluster(settings):
        said = ", ".join(settings.logs)
        look = Look(said, settings.logs, settings, clock)
        return Place(look, f"{said} (settings: logs)", name, is_look=True)
    ids = [name] if name is not None else []
    try:
        look = Look("the cluster", ids, settings, clock, all_eval_sets=name is None)
    except UsageError as error:
        raise UsageError(
            f"nothing to read from: no service at {address_of(settings)}, no `logs` are set, and "
            f"there is no cluster ({error.__cause__ or error}); name one: --server URL, or --logs "
            "TARGET"
        ) from error
    return Place(look, "the cluster (one look)", name, is_look=True)
