"""One line names the key: what is shown depends on the setting's type, never on its name."""

from typing import Literal

import pytest
from pydantic import SecretStr

from tests.builders.settings import (
    GROUPS,
    PLAIN,
    dotted,
    error_of,
    with_value,
)
from watchdog.config.keys import known_keys, may_be_shown
from watchdog.config.load import SHOWN_MAX, load
from watchdog.config.section import Section
from watchdog.errors import ConfigError


@pytest.mark.parametrize("place", PLAIN, ids=dotted)
def test_a_wrong_value_is_shown_of_whatever_is_no_secret(place):
    """No setting takes both a number and a text."""
    errors = [error_of(with_value(place, value)) for value in (-987_654, "sesame\n")]
    lines = [line for error in errors for line in str(error).splitlines()]
    about = [line for line in lines if line.startswith(f"{dotted(place)}: ")]
    assert about
    for line in about:
        assert line.endswith((" (got -987654)", " (got 'sesame')"))


@pytest.mark.parametrize("place", GROUPS, ids=dotted)
def test_an_unknown_key_is_told_with_the_known_ones(place):
    error = error_of(with_value((*place, "xyz"), "sesame"))
    keys = ", ".join(GROUPS[place])
    assert str(error) == f"{dotted((*place, 'xyz'))}: unknown key; known: {keys}"


def test_groups_at_every_depth_are_looked_at():
    entries = {"overrides.0", "notify.routes.0", "probes.providers.acme", "status_feeds.0"}
    assert {"", "slack", "detection", *entries} <= {dotted(place) for place in GROUPS}


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        (("intervall",), "interval"),
        (("slack", "bot_tokn"), "bot_token"),
        (("notify", "routes", 0, "chanels"), "channels"),
        (("probes", "providers", "acme", "key_fil"), "key_file"),
    ],
)
def test_a_key_that_is_nearly_right_is_answered_with_the_right_one(place, hint):
    error = error_of(with_value(place, "x"))
    assert f" (did you mean {hint}?); known: " in str(error)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("ftp://user:hunter2hunter2@host/x", "'ftp://user:[redacted]@host/x'"),
        ("xoxb-1234-Ab3dEf6hIj", "'[redacted]'"),
        ("a\nb\x1b[31m", "'a b"),
        ("x" * 5000, f"'{'x' * (SHOWN_MAX - 1)}…'"),
    ],
)
def test_what_is_shown_is_one_short_line_without_credentials(value, shown):
    text = str(error_of(with_value(("links", "grafana"), value)))
    assert f"links.grafana: should be an http(s) address (got {shown}" in text
    assert text.isprintable()


def test_keys_are_no_place_for_secrets_either():
    """Somebody forgot the key, or took a provider's name for it."""
    key = "xoxb-1234-Ab3dEf6hIj\n"
    for place in (("slack", key), ("probes", "providers", key, "url")):
        text = str(error_of(with_value(place, 3)))
        assert "[redacted]" in text
        assert "Ab3d" not in text
        assert text.isprintable()


def test_every_wrong_key_has_a_line(tmp_path):
    file = tmp_path / "watchdog.yaml"
    file.write_text("interval: -1\ns3: {timeout: soon, regoin: x}\nlisten: nowhere\n")
    with pytest.raises(ConfigError) as error:
        load({}, file)
    keys = [line.partition(":")[0] for line in str(error.value).splitlines()]
    assert sorted(keys) == ["interval", "listen", "s3.regoin", "s3.timeout"]


def test_a_date_that_is_none_is_no_traceback(tmp_path):
    file = tmp_path / "watchdog.yaml"
    file.write_text("overrides: [{mute_until: 2026-13-01}]")
    with pytest.raises(ConfigError, match="no YAML: month must be in"):
        load({}, file)


class Inner(Section):
    """A group within a group."""

    token: SecretStr | None = None
    name: str = "plain"


class Other(Section):
    """Another one."""

    size: int = 0


class Outer(Section):
    """Everything that settings may be made of."""

    plain: str | int = 0
    choice: Literal["a", "b"] | None = None
    texts: tuple[str, ...] = ()
    secret: str | SecretStr = ""
    secrets: dict[str, SecretStr] | None = None
    either: Inner | Other | None = None
    deep: dict[str, tuple[Inner, ...]] | None = None


@pytest.mark.parametrize(
    "loc",
    [
        *(("plain",), ("plain", "str"), ("choice",), ("texts",), ("texts", 3)),
        *(("deep", "token", 0, "name"), ("either", "name"), ("either", "Inner", "name")),
    ],
    ids=dotted,
)
def test_plain_settings_may_be_shown(loc):
    assert may_be_shown(Outer, loc)


@pytest.mark.parametrize(
    "loc",
    [
        *((), ("secret",), ("secret", "str"), ("secrets",), ("secrets", "x"), ("either",)),
        *(("deep",), ("deep", "name"), ("deep", "name", 0), ("deep", "name", 0, "token")),
        *(("either", "token"), ("either", "Inner"), ("either", "Inner", "token")),
        *(("unknown",), ("deep", "x", 0, "unknown"), ("deep", "x", "[key]"), ("texts", 0, "x")),
    ],
    ids=dotted,
)
def test_secrets_groups_and_what_belongs_nowhere_are_not(loc):
    assert not may_be_shown(Outer, loc)


def test_keys_are_known_through_every_kind_of_nesting():
    assert known_keys(Outer, ("deep", "x", 0)) == ["name", "token"]
    assert known_keys(Outer, ("either",)) == ["name", "size", "token"]
    assert known_keys(Outer, ("plain",)) == []
