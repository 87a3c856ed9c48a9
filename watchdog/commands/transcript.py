"""`watchdog transcript`: what one sample did last."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from watchdog.client.options import add_eval_set, add_place, only_eval_set, reading
from watchdog.commands import (
    Command,
    add_config,
    add_groups,
    print_json,
    print_lines,
    shown,
    waited,
    with_groups,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from watchdog.config.settings import Settings
    from watchdog.model.conversation import Conversation
    from watchdog.model.samples import SampleDetail


def _add(parser: ArgumentParser) -> None:
    add_eval_set(parser)
    parser.add_argument(
        "sample",
        metavar="SAMPLE",
        help="its uuid, id, id/epoch, task/id or task/id/epoch, or what only one of them begins "
        "with",
    )
    parser.add_argument(
        "--content",
        action="store_true",
        help="the messages too, which may be sensitive: read from its log, with your own rights",
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="each failed attempt and each wait by itself"
    )
    parser.add_argument(
        "--json", action="store_true", help="print what the API answers; never any content"
    )
    add_place(parser)
    add_groups(parser)
    add_config(parser)


def _run(arguments: Namespace, settings: Settings) -> int:
    from watchdog.errors import UsageError
    from watchdog.surfaces.terminal.transcript import conversation_lines, transcript_lines

    if arguments.json and arguments.content:
        raise UsageError("--json and --content: one of them, as the record holds no content")
    settings = with_groups(settings, arguments.groups)
    detail, content = waited("reading the sample", lambda _say: _read(arguments, settings))
    detail = shown(detail)
    if arguments.json:
        print_json(detail)
        return 0
    print_lines(transcript_lines(detail, in_full=arguments.verbose))
    if content is not None:
        print_lines(conversation_lines(content))
    return 0


async def _read(
    arguments: Namespace, settings: Settings
) -> tuple[SampleDetail, Conversation | None]:
    from watchdog.client.contents import conversation

    async with reading(arguments, settings, time.time) as place:
        name = await only_eval_set(place)
        detail = await place.reader.sample(name, arguments.sample)
        if not arguments.content:
            return detail, None
        return detail, await conversation(place, detail, settings, time.time)


COMMAND = Command(
    name="transcript",
    help="what one sample did last; its messages with --content",
    description="Shows a sample's last events in order: model calls with the provider's own words "
    "where they fail, waits, tools, sandbox, errors. Names and times only; messages with --content "
    "alone, which no service hands out: they are read from the eval set's own log or buffer, with "
    "your rights. Reads where `watchdog status` does.",
    exit_status="0, or 3 where there is no such sample, or it can't be read",
    example="watchdog transcript my-eval-set 42/1",
    add=_add,
    run=_run,
    group="what is stuck",
)
