"""`watchdog mute`: what nobody is to hear of for a while, in the ledger that the service uses.

`watchdog silence` is the same, by the word that Alertmanager has for it.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from watchdog.commands import (
    Command,
    add_config,
    add_state,
    duration,
    instant,
    service_ledger,
    shown,
)
from watchdog.errors import UsageError
from watchdog.model.instants import clock

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from watchdog.config.settings import Settings
    from watchdog.notify.ledger.ledger import Ledger


def _add(parser: ArgumentParser) -> None:
    parser.add_argument(
        "eval_set",
        nargs="?",
        metavar="EVAL_SET",
        help="an id, or a shell pattern such as 'swe-*' (default: list what is muted by hand)",
    )
    end = parser.add_mutually_exclusive_group()
    end.add_argument(
        "--for", dest="lasting", type=duration, metavar="DURATION", help="such as 90m, 8h or 2d"
    )
    end.add_argument(
        "--until", type=instant, metavar="ISO8601", help="such as 2026-12-01T08:00:00Z"
    )
    end.add_argument("--end", action="store_true", help="end the mute now")
    parser.add_argument(
        "--force",
        action="store_true",
        help="also where no eval set of this name was ever seen",
    )
    parser.add_argument("--reason", default="", metavar="TEXT", help="why; shown with the incident")
    add_state(parser)
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    sys.stdout.write(f"{shown(_carry_out(arguments, settings, time.time()))}\n")
    return 0


def _carry_out(arguments: Namespace, settings: Settings, now: float) -> str:
    """Do what is asked for; what was done, for people."""
    eval_set, until, lasting = arguments.eval_set, arguments.until, arguments.lasting
    if eval_set is None:
        if arguments.end or until is not None or lasting is not None:
            raise UsageError("name the EVAL_SET that --for, --until or --end is about")
        return _list_mutes(settings, now)
    if arguments.end:
        return _unmute(eval_set, settings, now)
    if until is None and lasting is None:
        raise UsageError("say until when: --for 8h, or --until 2026-12-01T08:00:00Z")
    until = until if until is not None else now + lasting
    reason, is_forced = arguments.reason[:200], arguments.force
    return _mute(eval_set, until, reason, settings, now, is_forced=is_forced)


def _list_mutes(settings: Settings, now: float) -> str:
    """What is muted by hand, a line each."""
    from watchdog.model.texts import clean
    from watchdog.notify.ledger.mutes import mutes

    if not _has_ledger(settings):
        return "nothing is muted by hand: there is no ledger"
    with service_ledger(settings, now) as ledger:
        by_hand = mutes(ledger, now)
    lines = (f"{clean(m.eval_set)} until {clock(m.until)}  {clean(m.reason)}" for m in by_hand)
    return "\n".join(line.rstrip() for line in lines) or "nothing is muted by hand"


def _unmute(eval_set: str, settings: Settings, now: float) -> str:
    from watchdog.model.texts import clean
    from watchdog.notify.ledger.mutes import unmute

    _need_ledger(settings)
    with service_ledger(settings, now) as ledger:
        if not unmute(ledger, eval_set):
            raise UsageError(f"nothing is muted under the name {clean(eval_set)}")
    return f"{clean(eval_set)} is no longer muted"


def _mute(  # noqa: PLR0913
    eval_set: str, until: float, reason: str, settings: Settings, now: float, *, is_forced: bool
) -> str:
    from watchdog.model.texts import clean
    from watchdog.notify.ledger.mutes import NAME_MAX, Mute, mute

    if until <= now:
        raise UsageError(f"{clock(until)} has passed")
    if len(eval_set) > NAME_MAX:
        raise UsageError(f"EVAL_SET is a name of more than {NAME_MAX} characters")
    _need_ledger(settings)
    with service_ledger(settings, now) as ledger:
        if not is_forced:
            _need_watched(ledger, eval_set)
        mute(ledger, Mute(eval_set, until, reason), now)
    return f"{clean(eval_set)} is muted until {clock(until)}"


def _has_ledger(settings: Settings) -> bool:
    from watchdog.notify.ledger.database import LedgerError, is_there

    try:
        return is_there(settings.state_url)
    except LedgerError as error:
        raise UsageError(f"state: {error}") from error


def _need_ledger(settings: Settings) -> None:
    """Raises: UsageError: nobody would read one that is made here."""
    from sqlalchemy import make_url

    if not _has_ledger(settings):
        where = make_url(settings.state_url).render_as_string(hide_password=True)
        raise UsageError(
            f"there is no ledger at {where}, so no service keeps it: give the service's, --state "
            "or --config"
        )


def _need_watched(ledger: Ledger, pattern: str) -> None:
    """Raises: UsageError: no eval set of this name was ever seen; what may be meant."""
    from difflib import get_close_matches
    from fnmatch import fnmatchcase

    from watchdog.model.texts import clean
    from watchdog.notify.ledger.names import known

    names = sorted(known(ledger))
    if any(fnmatchcase(name, pattern) for name in names):
        return
    like = [clean(name, 100) for name in get_close_matches(pattern, names, n=3, cutoff=0.6)]
    meant = f"; did you mean {' or '.join(like)}?" if like else ""
    raise UsageError(
        f"no eval set {clean(pattern, 100)} is watched, nor was one lately{meant} "
        "(--force mutes it all the same)"
    )


COMMAND = Command(
    name="mute",
    alias="silence",
    help="tell nobody of an eval set for a while (also: silence)",
    description="Mutes eval sets for a while: their incidents are shown and not told. One of "
    "--for, --until and --end goes with EVAL_SET; a name that the service never saw is refused, "
    "unless --force says that it is to come. Writes into the service's ledger (its --state, "
    "else its --config), which the service reads with each poll.",
    exit_status="0, or 3 where it can't be done",
    example="watchdog mute 'swe-*' --for 8h --reason 'known, ticket 12'",
    add=_add,
    run=_run,
    group="what to do",
)
