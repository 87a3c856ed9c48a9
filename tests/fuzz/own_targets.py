"""What people type and configure, and the passes that every foreign text goes through."""

import argparse
import contextlib
import os
import tempfile
import unicodedata
from pathlib import Path

from tests.fuzz.inspect_targets import _quick
from tests.fuzz.promises import kept
from tests.fuzz.target import Target
from watchdog import commands
from watchdog.cli import main
from watchdog.collect import values
from watchdog.config.load import load
from watchdog.errors import ConfigError, UsageError
from watchdog.evidence import markdown
from watchdog.evidence.redact import redact_bytes
from watchdog.fold import errors, sample_errors
from watchdog.model import instants, quota, texts
from watchdog.model.command import typed
from watchdog.model.durations import parse_duration
from watchdog.notify.channels import slack_text
from watchdog.redaction import REDACTED, Secrets, redact

SECRET = "hunter2hunter2"  # noqa: S105 - the one that inputs hold


def configuration(data: bytes) -> None:
    with tempfile.TemporaryDirectory(dir=_quick()) as folder:
        file = Path(folder) / "c.yaml"
        file.write_bytes(data)
        try:
            load({}, file)
        except ConfigError as error:
            text = str(error)
            assert SECRET not in text
            assert len(text) < 100_000
            raise


def environment(data: bytes) -> None:
    """Lines `KEY=value` of ours; nothing else of the environment is touched."""
    given = {}
    for line in data.decode("utf-8", "surrogateescape").replace("\0", "").split("\n")[:8]:
        key, _, value = line.partition("=")
        given[f"WATCHDOG_{key.strip().upper()[:60]}"] = value
    before = {key: os.environ.pop(key) for key in list(os.environ) if key.startswith("WATCHDOG_")}
    try:
        os.environ.update(given)
        load({})
    finally:
        for key in given:
            os.environ.pop(key, None)
        os.environ.update(before)


def instant(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    at = values.instant(text)
    kept((at, instants.from_timestamp(text), values.number(text), values.whole(text)))
    if at is not None:
        assert instants.timestamp(at)
        assert instants.clock(at) != "never"
        instants.compact(at)


def arguments(data: bytes) -> None:
    """Times and durations as options take them, and a whole command line that asks for help."""
    text = data.decode("utf-8", "replace")
    for read in (commands.instant, commands.duration, parse_duration):
        with contextlib.suppress(argparse.ArgumentTypeError, ValueError):
            kept(read(text))


def command_line(data: bytes) -> None:
    """Only what is refused before anything runs: an unknown option stands at the end."""
    words = data.decode("utf-8", "replace").replace("\0", "").split("\n")[:6]
    try:
        main([*words, "--no-such-option"])
    except SystemExit as end:
        status = end.code
    else:
        status = 3
    assert status in (0, 3)


def redaction(data: bytes) -> None:
    """The first line is a known secret, the rest a text: afterwards it isn't there."""
    secret, _, text = data.decode("utf-8", "replace").partition("\n")
    redacted = redact(text, tuple(Secrets([secret])))
    if len(secret) >= 6 and secret not in REDACTED and "[" not in secret and "]" not in secret:
        assert secret not in redacted
    redact_bytes(data, (SECRET,))


def foreign_text(data: bytes) -> None:
    """Whatever shows a foreign text: one visible line, bounded, and no mark of it is alive."""
    text = data.decode("utf-8", "replace")
    line = texts.clean(text)
    assert len(line) <= 500
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in line)
    texts.first_line(text)
    texts.spans(text)
    assert len(markdown.code(text)) <= 20_000
    assert "\n" not in markdown.plain(text)
    markdown.block(text)
    slack_text.plain(text)
    slack_text.code(text)
    command = typed(text)
    assert "\n" not in command
    assert "`" not in command


def error_text(data: bytes) -> None:
    """An error as Inspect and providers write them: status, class, kind, quota."""
    text = data.decode("utf-8", "replace")
    errors.status_of(text)
    errors.classify(text, text[:50] or None)
    quota.is_used_up(text, 429)
    name = sample_errors.class_of(text)
    sample_errors.says_sandbox(text, name)
    sample_errors.kind_of(text)


TARGETS = (
    Target("configuration", configuration, (ConfigError,), slow=True),
    Target("environment", environment, (ConfigError,), slow=True),
    Target("instant", instant, (), ("values",)),
    Target("arguments", arguments),
    Target("command_line", command_line, (UsageError,), slow=True),
    Target("redaction", redaction),
    Target("foreign_text", foreign_text),
    Target("error_text", error_text),
)
