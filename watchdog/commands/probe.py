"""`watchdog probe`: the direct API tests by hand."""

from __future__ import annotations

import time
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

from watchdog.commands import Command, add_config, print_json, print_lines, shown, waited

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from watchdog.config.settings import Settings


def _add(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        required=True,
        metavar="PROVIDER/MODEL",
        help="as Inspect names it, e.g. openai/gpt-4o",
    )
    parser.add_argument(
        "--size",
        choices=("small", "large"),
        default="small",
        help="large: where the small request passes, one with filler of --tokens after it "
        "(default: small)",
    )
    parser.add_argument(
        "--tokens",
        type=_tokens,
        default=50_000,
        metavar="N",
        help="input tokens of the large request, which cost money (default: 50000)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_config(parser)


def _tokens(text: str) -> int:
    if not text.isdecimal() or not 20 <= int(text) <= 2_000_000:
        raise ArgumentTypeError(f"{text!r} is no number from 20 to 2000000")
    return int(text)


def _run(arguments: Namespace, settings: Settings) -> int:
    from watchdog.pipeline.probe import probe
    from watchdog.surfaces.probed import exit_status, lines, probed_report

    model, size, tokens = arguments.model, arguments.size, arguments.tokens
    probed = waited(
        f"testing {model}",
        lambda _say: probe(model, size, tokens, settings.probes, time.time()),
    )
    report = probed_report(probed.conclusion, probed.commands)
    if arguments.json:
        print_json(report)
    else:
        print_lines(lines(shown(report)))
    return exit_status(probed.conclusion)


COMMAND = Command(
    name="probe",
    help="test a model's API directly: whose fault is it?",
    description="Sends the same request through Middleman (the proxy that samples go through) and "
    "straight to the provider, as the service does while an incident lasts, and says what the "
    "answers mean. Prints the curl commands that repeat it. Addresses and keys: the settings' "
    "`probes` (docs/direct-tests.md).",
    exit_status="0 all that was tested works, 2 something fails, 3 nothing could be tested",
    example="watchdog probe --model openai/gpt-4o --size large",
    add=_add,
    run=_run,
    group="one look, and why",
)
