"""`watchdog purge`: deletes what the service keeps of one eval set."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from watchdog.commands import Command, add_config, add_state, service_ledger, shown
from watchdog.errors import UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from watchdog.config.settings import Settings
    from watchdog.notify.ledger.purge import Purged


def _add(parser: ArgumentParser) -> None:
    parser.add_argument(
        "eval_set",
        metavar="EVAL_SET",
        help="its id, or its name where one source alone has it; no pattern",
    )
    parser.add_argument(
        "--source",
        metavar="SOURCE",
        help="whose eval set is meant where several have one of this name: a target, or `cluster`",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be deleted, and delete nothing"
    )
    add_state(parser)
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    from watchdog.model.texts import clean

    name, dry_run = clean(arguments.eval_set), arguments.dry_run
    purged = _purged(arguments.eval_set, arguments.source, settings, dry_run=dry_run)
    if purged is None or not purged.found:
        raise UsageError(f"nothing is kept of an eval set {name} in {_place(settings)}")
    lines = _told(name, purged, dry_run=dry_run)
    sys.stdout.write("".join(f"{shown(line)}\n" for line in lines))
    return 0


def _purged(
    eval_set: str, source: str | None, settings: Settings, *, dry_run: bool
) -> Purged | None:
    """What was kept of it; None where there is no ledger, and none is made for it."""
    from watchdog.model.texts import clean
    from watchdog.notify.ledger.checkpoints import engine_beside
    from watchdog.notify.ledger.database import LedgerError, file_of, url_of
    from watchdog.notify.ledger.purge import AmbiguousError, purge

    try:
        file = file_of(url_of(settings.state_url))
    except LedgerError as error:
        raise UsageError(f"state: {error}") from error
    if file is not None and not file.is_file():
        return None
    with service_ledger(settings, time.time()) as ledger:
        beside = engine_beside(settings.state_url)
        try:
            return purge(ledger, beside, eval_set, source, dry_run=dry_run)
        except AmbiguousError as error:
            text = f"several sources have an eval set {clean(eval_set)}; say whose with --source: "
            raise UsageError(f"{text}{clean(str(error))}") from None
        finally:
            if beside is not None:
                beside.dispose()


def _place(settings: Settings) -> str:
    """The ledger, without a password."""
    from sqlalchemy import make_url

    return make_url(settings.state_url).render_as_string(hide_password=True)


def _told(name: str, purged: Purged, *, dry_run: bool) -> Iterator[str]:
    """What was deleted, what stays, and what the person should know of it; a line each."""
    from watchdog.model.texts import clean
    from watchdog.model.words import count

    sources = f" ({', '.join(map(clean, purged.sources))})" if purged.sources else ""
    yield f"{'would delete' if dry_run else 'deleted'} of {name}{sources}:"
    yield f"  {count(purged.incidents, 'incident')} about it alone"
    yield f"  {count(purged.messages, 'message')}"
    yield f"  {count(purged.mutes, 'mute')} of exactly this name"
    yield f"  {count(purged.names, 'id')}"
    yield f"  {count(purged.lost_times, 'day')} of lost time, as the weekly report counts it"
    yield f"  {count(purged.checkpoints, 'checkpoint')}, {purged.checkpoint_bytes:,} bytes"
    yield (
        f"  its name, and what was told of samples, out of {count(purged.joint, 'incident')} with "
        f"others and {count(purged.rewritten, 'message')}"
    )
    if purged.joint or purged.rewritten:
        yield (
            "stays: counts, times and models of incidents with others, which are of all together"
        )
    if purged.still_open:
        verb = "would be" if dry_run else "was"
        yield (
            f"{count(purged.still_open, 'incident')} of it {verb} open: no channel is told of the "
            "end (PagerDuty's alert is to be closed there)"
        )
    yield "stays: its logs, what was sent to channels, what was learned, which names no eval set"
    yield "while a running service still sees it, it is written, and told, anew"


COMMAND = Command(
    name="purge",
    help="delete what is kept of an eval set",
    description="Deletes what the service's ledger (its --state, else its --config) and the "
    "checkpoints beside it hold of one eval set, whichever service wrote it: incidents about it "
    "alone with their messages, mutes of exactly this name, its id, its checkpoints, the time it "
    "lost; out of incidents with others its name and what was told of samples. It can't be taken "
    "back, and nobody is told of the end of an incident that is open. What stays: its logs, what "
    "was sent to channels, counts of incidents with others, what was learned. May run beside the "
    "service, which writes and tells it anew while it still sees it.",
    exit_status="0 deleted, 3 where nothing is kept of it, or it can't be done",
    example="watchdog purge my-eval-set --dry-run",
    add=_add,
    run=_run,
    group="the service",
)
