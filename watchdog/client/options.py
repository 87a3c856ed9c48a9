"""What the commands that read have in common: their arguments, and the place that these name.

What it works with is imported when a command runs: `--help` needs none of it.
"""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from watchdog.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import AsyncIterator, Callable

    from watchdog.client.place import Place
    from watchdog.config.settings import Settings
    from watchdog.surfaces.fleet.filters import Filters


def add_eval_set(parser: ArgumentParser) -> None:
    """Add the one eval set that a command is about."""
    parser.add_argument(
        "eval_set",
        metavar="ID",
        help="an eval set: its id, or a target as for `watchdog check` that holds it alone",
    )


def add_place(parser: ArgumentParser) -> None:
    """Add what says where a command reads from."""
    parser.add_argument(
        "--server",
        metavar="URL",
        help="the service to ask (default: WATCHDOG_SERVER, else one on this machine; without any "
        "it looks itself, at what the settings watch)",
    )
    parser.add_argument(
        "--logs",
        action="append",
        metavar="TARGET",
        help="look at these targets instead, as `watchdog check` does; may be given several times",
    )


def add_filters(parser: ArgumentParser) -> None:
    """Add the page's filters."""
    for name, metavar, text in (
        ("verdict", "VERDICT", "only this verdict, such as stuck"),
        ("cause", "CAUSE", "only this cause, such as rate_limited"),
        ("model", "MODEL", "only with this model: openai/gpt-4o, or gpt-4o"),
        ("owner", "WHO", "only of this person, by name or address, or of this team"),
    ):
        parser.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar=metavar,
            help=f"{text}; may be given several times",
        )
    parser.add_argument(
        "-q",
        action="append",
        default=[],
        metavar="WORDS",
        help="only where id, tasks, models, owner or cause hold all these words",
    )


def filters_in(arguments: Namespace) -> Filters:
    """The filters of a command line.

    Raises:
        UsageError: one is none.
    """
    from watchdog.surfaces.fleet.filters import NAMES, FilterError, filters_of

    try:
        return filters_of((name, text) for name in NAMES for text in getattr(arguments, name))
    except FilterError as error:
        raise UsageError(f"--{error}") from error


@asynccontextmanager
async def reading(
    arguments: Namespace, settings: Settings, clock: Callable[[], float]
) -> AsyncIterator[Place]:
    """The place to read from, said on standard error; an eval set that is asked for is `eval_set`.

    Raises:
        UsageError: there is none.
    """
    from watchdog.client.look import Look
    from watchdog.client.place import Asked, open_place
    from watchdog.model.texts import clean
    from watchdog.pipeline.stand_ins import HINT

    asked = Asked(arguments.server, arguments.logs or (), arguments.eval_set)
    place = await open_place(asked, settings, clock)
    sys.stderr.write(f"watchdog: reads {clean(place.said)}\n")
    try:
        yield place
    finally:
        await place.reader.aclose()
    if isinstance(place.reader, Look) and place.reader.has_stand_ins:
        sys.stderr.write(f"{HINT}\n")


async def only_eval_set(place: Place) -> str:
    """The eval set that is asked for, by id, or by the target that holds it alone.

    Raises:
        UsageError: the target holds several, or none.
    """
    from watchdog.model.texts import clean
    from watchdog.surfaces.fleet.filters import Filters

    if place.name is not None:
        return place.name
    rows = (await place.reader.fleet(Filters())).fleet.eval_sets
    if len(rows) == 1:
        return rows[0].eval_set_id
    if not rows:
        raise UsageError(f"there is no eval set in {clean(place.reader.name)}")
    names = ", ".join(clean(row.eval_set_id, 200) for row in rows[:5])
    more = ", …" if len(rows) > 5 else ""
    raise UsageError(
        f"{clean(place.reader.name)} holds {len(rows)} eval sets: {names}{more}; name one, and "
        "give the target with --logs"
    )
