"""Arguments and exit status. `check` looks once, `run` goes on looking."""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from watchdog import __version__
from watchdog.config.load import load
from watchdog.config.settings import Settings
from watchdog.errors import ConfigError, UsageError

USAGE = 3
"""Exit status where the check itself could not be done, wrong usage included."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see `{self.prog} --help`)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    try:
        arguments = _parser().parse_args(argv)
        settings = _settings(arguments)
        return int(arguments.command(arguments, settings))
    except (UsageError, ConfigError) as error:
        sys.stderr.write("".join(f"watchdog: {line}\n" for line in str(error).splitlines()))
        return USAGE
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return USAGE


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="watchdog",
        description="Finds stuck Inspect AI evaluations and says why.",
        epilog="Settings may also come from a YAML file (--config, WATCHDOG_CONFIG) or from the "
        "environment (WATCHDOG_INTERVAL, WATCHDOG_SLACK_WEBHOOK_URL, …); docs/configuration.md "
        "lists them.",
    )
    parser.add_argument("--version", action="version", version=f"watchdog {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_check(commands)
    _add_run(commands)
    _add_evidence(commands)
    _add_explain(commands)
    _add_replay(commands)
    _add_probe(commands)
    _add_mute(commands)
    _add_channels(commands)
    return parser


def _add_check(commands: Any) -> None:  # noqa: ANN401
    check = commands.add_parser(
        "check",
        help="look once, print a report, and exit",
        description="Looks once at log directories, s3:// prefixes or evidence bundles. "
        "Exit status: 0 all well, 1 degraded, 2 stuck or partially stuck, 3 unknown or not "
        "possible.",
    )
    check.add_argument(
        "targets",
        nargs="*",
        metavar="TARGET",
        help="an Inspect log directory, s3://bucket/prefix, a bundle, or the id of an eval set in "
        "the configured cluster",
    )
    check.add_argument("--all", action="store_true", help="all eval sets of the cluster")
    check.add_argument("--json", action="store_true", help="print the report as one JSON object")
    check.add_argument(
        "--now",
        type=_instant,
        metavar="ISO8601",
        help="judge as of this time, e.g. 2026-11-23T08:00:00Z (default: the bundle's, else now)",
    )
    _add_config(check)
    check.set_defaults(command=_check)


def _add_run(commands: Any) -> None:  # noqa: ANN401
    run = commands.add_parser(
        "run",
        help="watch for ever: page, metrics, Slack",
        description="Watches log directories or s3:// prefixes, or without any the cluster that it "
        "runs in (or KUBECONFIG's); serves a page, a report and "
        "metrics; tells Slack (WATCHDOG_SLACK_WEBHOOK_URL) when something gets stuck and when it "
        "is over.",
    )
    run.add_argument(
        "--logs",
        action="append",
        metavar="TARGET",
        help="an Inspect log directory or s3://bucket/prefix; may be given several times",
    )
    run.add_argument("--listen", metavar="HOST:PORT", help="default: 127.0.0.1:9464")
    run.add_argument("--interval", type=float, metavar="SECONDS", help="between polls; default: 30")
    run.add_argument(
        "--state",
        metavar="URL",
        help="the ledger: a file or an SQLAlchemy URL (default: in the user's state directory)",
    )
    run.add_argument("--log-level", choices=("debug", "info", "warning", "error"))
    _add_config(run)
    run.set_defaults(command=_run)


def _add_evidence(commands: Any) -> None:  # noqa: ANN401
    evidence = commands.add_parser(
        "evidence",
        help="write all that is known of an eval set into a directory",
        description="Writes a bundle: a report for people (report.md), the logs, the cluster's "
        "objects and the runners' logs of one eval set, as they are now, without secrets. "
        "`watchdog check BUNDLE` says later what it says now. Prints the bundle's path.",
    )
    evidence.add_argument("eval_set_id", metavar="EVAL_SET_ID", help="its id in the cluster")
    evidence.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="the directory to make, or a file that ends in .tar.gz (default: ./EVAL_SET_ID-TIME)",
    )
    evidence.add_argument(
        "--logs",
        action="append",
        metavar="TARGET",
        help="look for its logs here, without any cluster; may be given several times",
    )
    evidence.add_argument(
        "--content",
        action="store_true",
        help="show the texts of the failing requests in the report, which may be sensitive",
    )
    evidence.add_argument(
        "--no-tests", action="store_true", help="send no direct API tests for the report"
    )
    evidence.add_argument(
        "--no-store",
        action="store_true",
        help="leave out the eval set's logs and buffers, which hold all conversations",
    )
    evidence.add_argument(
        "--max-bytes",
        type=int,
        default=2 * 1024**3,
        metavar="N",
        help="copy at most so much of the store, what runs first; default: 2147483648",
    )
    _add_config(evidence)
    evidence.set_defaults(command=_evidence)


def _add_explain(commands: Any) -> None:  # noqa: ANN401
    explain = commands.add_parser(
        "explain",
        help="show the evidence behind a verdict, and what would change it",
        description="Shows for each running sample what was weighed: how often something as bad "
        "passes by itself, how often that is tolerated, and what would change the verdict. Uses "
        "what the service has learned where its state is at hand (--config, WATCHDOG_STATE). "
        "Exit status: 0, or 3 where there is no such target or sample.",
    )
    explain.add_argument("target", metavar="TARGET", help="as for `check`")
    explain.add_argument(
        "sample", nargs="?", metavar="SAMPLE", help="id, id/epoch, task/id/epoch, or uuid"
    )
    explain.add_argument(
        "--json", action="store_true", help="print a JSON array, one eval set each"
    )
    explain.add_argument("--now", type=_instant, metavar="ISO8601", help="explain as of this time")
    _add_config(explain)
    explain.set_defaults(command=_explain)


def _add_replay(commands: Any) -> None:  # noqa: ANN401
    replay = commands.add_parser(
        "replay",
        help="judge a series of bundles in order",
        description="Judges bundles of one eval set in the order in which they were captured, and "
        "prints when each verdict fell, and why. Exit status: 0, or 3 where they can't be used.",
    )
    replay.add_argument(
        "bundles", nargs="+", metavar="BUNDLE", help="a bundle, or a directory of bundles"
    )
    replay.add_argument(
        "--compare",
        action="store_true",
        help="show simple rules beside it: the guide's (last 10 outcomes FAIL), idle for 2 hours, "
        "a call pending for 30 minutes",
    )
    replay.add_argument("--json", action="store_true", help="print one JSON object")
    _add_config(replay)
    replay.set_defaults(command=_replay)


def _add_probe(commands: Any) -> None:  # noqa: ANN401
    probe = commands.add_parser(
        "probe",
        help="test a model's API directly: whose fault is it?",
        description="Sends the same request through Middleman and straight to the provider, as the "
        "service does while an incident lasts, and says what the answers mean. Prints the curl "
        "commands that repeat it. Exit status: 0 all that was tested works, 2 something fails, "
        "3 nothing could be tested. Addresses and keys: docs/configuration.md, `probes`.",
    )
    probe.add_argument(
        "--model", required=True, metavar="PROVIDER/MODEL", help="as Inspect names it"
    )
    probe.add_argument(
        "--size",
        choices=("small", "large"),
        default="small",
        help="large: where the small request passes, filler of --tokens after it; default: small",
    )
    probe.add_argument(
        "--tokens",
        type=_tokens,
        default=50_000,
        metavar="N",
        help="input tokens of the large request; they cost money. Default: 50000",
    )
    probe.add_argument("--json", action="store_true", help="print one JSON object")
    _add_config(probe)
    probe.set_defaults(command=_probe)


def _add_mute(commands: Any) -> None:  # noqa: ANN401
    mute = commands.add_parser(
        "mute",
        help="tell nobody of an eval set for a while",
        description="Mutes eval sets until an instant: their incidents are shown and not told. "
        "Writes into the service's ledger (--state, --config, WATCHDOG_STATE), which the service "
        "reads with each poll. Without EVAL_SET it lists what is muted so.",
    )
    mute.add_argument(
        "eval_set", nargs="?", metavar="EVAL_SET", help="an id, or a shell pattern such as 'swe-*'"
    )
    end = mute.add_mutually_exclusive_group()
    end.add_argument(
        "--for", dest="lasting", type=_lasting, metavar="DURATION", help="such as 90m, 8h or 2d"
    )
    end.add_argument("--until", type=_instant, metavar="ISO8601", help="2026-12-01T08:00:00Z")
    end.add_argument("--end", action="store_true", help="end the mute now")
    mute.add_argument("--reason", default="", metavar="TEXT", help="why; shown with the incident")
    mute.add_argument("--state", metavar="URL", help="the service's ledger")
    _add_config(mute)
    mute.set_defaults(command=_mute)


def _add_channels(commands: Any) -> None:  # noqa: ANN401
    channels = commands.add_parser(
        "channels",
        help="try Slack, webhook and PagerDuty before you need them",
        description="Shows which channels are set up, and whether they take messages. Exit "
        "status: 0 all do, 2 one does not, 3 none is set up.",
    )
    channels.add_argument(
        "--test",
        nargs="?",
        const="warning",
        choices=("warning", "page"),
        metavar="SEVERITY",
        help="send each a message that says that it is a test, and its end: a warning, which is "
        "the default, or a page, which calls who is on call where PagerDuty is set up",
    )
    _add_config(channels)
    channels.set_defaults(command=_channels)


def _lasting(text: str) -> float:
    from watchdog.model.durations import parse_duration  # noqa: PLC0415

    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None


def _tokens(text: str) -> int:
    if not text.isdecimal() or not 20 <= int(text) <= 2_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 20 to 2000000")
    return int(text)


def _add_config(parser: argparse.ArgumentParser) -> None:
    named = os.environ.get("WATCHDOG_CONFIG")
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(named) if named else None,
        metavar="FILE",
        help="settings in YAML (default: WATCHDOG_CONFIG)",
    )


def _instant(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no ISO 8601 time such as 2026-11-23T08:00:00Z"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _settings(arguments: argparse.Namespace) -> Settings:
    keys = ("logs", "listen", "interval", "state", "log_level")
    given = {key: getattr(arguments, key, None) for key in keys}
    return load(given, arguments.config)


def _check(arguments: argparse.Namespace, settings: Settings) -> int:
    from watchdog.commands.check import check  # noqa: PLC0415 - `--help` needs none of it
    from watchdog.model.verdict import EXIT_STATUS  # noqa: PLC0415

    if not arguments.targets and not arguments.all:
        raise UsageError("check: give a TARGET, or --all for the cluster's eval sets")
    report = asyncio.run(
        check(arguments.targets, settings, arguments.now, time.time(), everything=arguments.all)
    )
    if arguments.json:
        _print_json(report)
    else:
        from rich.console import Console  # noqa: PLC0415

        from watchdog.surfaces.terminal import print_report  # noqa: PLC0415

        print_report(report, Console())
    status = EXIT_STATUS[report.verdict]
    return 1 if status == 0 and report.incidents else status


def _run(_arguments: argparse.Namespace, settings: Settings) -> int:
    from watchdog.service.run import serve  # noqa: PLC0415

    return asyncio.run(serve(settings))


def _evidence(arguments: argparse.Namespace, settings: Settings) -> int:
    from watchdog.evidence.bundle import evidence  # noqa: PLC0415
    from watchdog.evidence.report import Wanted  # noqa: PLC0415

    wanted = Wanted(
        content=arguments.content, tests=not arguments.no_tests, store=not arguments.no_store
    )
    written = asyncio.run(
        evidence(
            arguments.eval_set_id,
            settings,
            time.time(),
            arguments.output,
            arguments.max_bytes,
            wanted,
        )
    )
    sys.stderr.write("".join(f"{note}\n" for note in written.notes))
    sys.stdout.write(f"{written.path}\n")
    return 0


def _explain(arguments: argparse.Namespace, settings: Settings) -> int:
    from watchdog.commands.explain import explain  # noqa: PLC0415

    found = asyncio.run(
        explain(arguments.target, arguments.sample, settings, arguments.now, time.time())
    )
    if arguments.json:
        _print_json(found)
    else:
        from watchdog.surfaces.explained import lines  # noqa: PLC0415

        for number, each in enumerate(found):
            _print_lines(lines(each), after="\n" if number else "")
    return 0


def _replay(arguments: argparse.Namespace, settings: Settings) -> int:
    from watchdog.commands.replay import replay  # noqa: PLC0415

    replayed = asyncio.run(replay(arguments.bundles, settings, time.time()))
    if arguments.json:
        _print_json(replayed)
    else:
        from watchdog.surfaces.replayed import lines  # noqa: PLC0415

        _print_lines(lines(replayed, compare=arguments.compare))
    return 0


def _probe(arguments: argparse.Namespace, settings: Settings) -> int:
    from watchdog.pipeline.probe import probe  # noqa: PLC0415
    from watchdog.surfaces.probed import exit_status, lines, probed_report  # noqa: PLC0415

    probed = asyncio.run(
        probe(arguments.model, arguments.size, arguments.tokens, settings.probes, time.time())
    )
    report = probed_report(probed.conclusion, probed.commands)
    if arguments.json:
        _print_json(report)
    else:
        _print_lines(lines(report))
    return exit_status(probed.conclusion)


def _mute(arguments: argparse.Namespace, settings: Settings) -> int:
    from watchdog.commands.mute import listed, mute, unmute  # noqa: PLC0415

    name, now = arguments.eval_set, time.time()
    if name is None:
        if arguments.end or arguments.until or arguments.lasting:
            raise UsageError("mute: name the EVAL_SET")
        said = "\n".join(listed(settings, now))
    elif arguments.end:
        said = unmute(name, settings, now)
    elif arguments.until is None and arguments.lasting is None:
        raise UsageError("mute: say until when: --for 8h, or --until 2026-12-01T08:00:00Z")
    else:
        until = arguments.until if arguments.until is not None else now + arguments.lasting
        said = mute(name, until, arguments.reason[:200], settings, now)
    sys.stdout.write(f"{said}\n")
    return 0


def _channels(arguments: argparse.Namespace, settings: Settings) -> int:
    from watchdog.commands.channels import try_channels  # noqa: PLC0415

    tried = asyncio.run(try_channels(settings, time.time(), arguments.test))
    sys.stdout.write("".join(f"{each.line}\n" for each in tried))
    return 0 if all(each.outcome.sent for each in tried) else 2


def _print_json(record: object) -> None:
    import msgspec  # noqa: PLC0415

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(record).decode(), indent=2) + "\n")


def _print_lines(lines: Any, after: str = "") -> None:  # noqa: ANN401
    from rich.console import Console  # noqa: PLC0415

    from watchdog.surfaces.terminal import print_lines  # noqa: PLC0415

    sys.stdout.write(after)
    print_lines(lines, Console())
