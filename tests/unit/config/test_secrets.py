"""Every secret there is, found by its type: redacted, and in no error. A new one is tested too."""

import io
import json
import logging
import re
import traceback
from typing import Annotated

import pytest
import structlog
from pydantic import AfterValidator, SecretStr

from tests.builders.settings import PLAIN, SECRETS, dotted, error_of, with_value
from watchdog.config.load import load
from watchdog.config.secrets import secrets_in
from watchdog.config.section import Section
from watchdog.config.settings import Settings
from watchdog.errors import ConfigError
from watchdog.telemetry import REDACTED, configure

VALUE = "https://sesame.example/open-0123456789"
"""Nothing in it looks like a secret, and every secret may be it: addresses, and tokens for now."""
WRONG = {
    "a number": 1_234_554_321,
    "a list": [VALUE],
    "a mapping": {VALUE: VALUE},
    "a text": "sesame, öffne dich\x00",
}
every_secret = pytest.mark.parametrize("place", SECRETS, ids=dotted)


@pytest.fixture
def out():
    root, configuration = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    yield io.StringIO()
    root.handlers, root.level = handlers, level
    structlog.configure(**configuration)


def hidden(error: ConfigError | None) -> bool:
    """Whether neither an error nor its traceback says anything of the values above."""
    written = "".join(traceback.format_exception(error)) if error is not None else ""
    return "sesame" not in written.lower() and "1234554321" not in written


def test_what_was_secret_stays_secret():
    assert {dotted(place) for place in SECRETS} >= {
        "slack.app_token",
        "slack.bot_token",
        "slack.webhook_url",
        "webhook.url",
        "webhook.token",
        "webhook.secret",
        "pagerduty.routing_key",
        "pagerduty.url",
        "probes.middleman_token",
        "probes.providers.acme.key",
    }


def test_what_is_called_a_secret_is_one():
    """A token that somebody declared a plain text would be shown."""
    name = re.compile(r"(?:^|_)(?:token|secret|key|password|credential)$")
    assert [dotted(place) for place in PLAIN if name.search(str(place[-1]))] == []


@every_secret
def test_what_is_set_is_known_to_be_secret(place):
    assert VALUE in load(with_value(place, VALUE)).secrets


@every_secret
def test_it_is_redacted_from_the_log(place, out):
    settings = load(with_value(place, VALUE))
    configure("json", stream=out, secrets=settings.secrets)
    structlog.get_logger().warning("asked", detail=f"at {VALUE} in vain")
    assert json.loads(out.getvalue())["detail"] == f"at {REDACTED} in vain"


def test_it_would_be_in_the_log_otherwise(out):
    configure("json", stream=out)
    structlog.get_logger().warning("asked", detail=f"at {VALUE} in vain")
    assert json.loads(out.getvalue())["detail"] == f"at {VALUE} in vain"


@every_secret
@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_value_is_in_no_error(place, kind):
    error = error_of(with_value(place, WRONG[kind]))
    assert hidden(error)
    if kind != "a text":  # some secrets may be any text
        assert str(error).startswith(f"{dotted(place)}: should be ")


@every_secret
def test_a_misspelt_key_s_value_is_in_no_error(place):
    *group, key = place
    misspelt = (*group, f"{key}_")
    error = error_of(with_value(misspelt, VALUE))
    assert str(error).startswith(f"{dotted(misspelt)}: unknown key")
    assert hidden(error)


@every_secret
def test_what_is_given_for_a_whole_group_is_in_no_error(place):
    for depth in range(1, len(place)):
        for value in (VALUE, [VALUE], WRONG["a number"]):
            error = error_of(with_value(place[:depth], value))
            assert str(error).startswith(dotted(place[:depth]))
            assert hidden(error)


@every_secret
@pytest.mark.parametrize("text", ['{"a": "' + VALUE, VALUE, f'"{VALUE}"', f'["{VALUE}"]'])
def test_what_is_no_json_in_the_environment_is_in_no_error(place, text, monkeypatch):
    for depth in range(1, len(place)):
        variable = f"WATCHDOG_{'_'.join(map(str, place[:depth])).upper()}"
        if depth <= 2:
            monkeypatch.setenv(variable, text)
            with pytest.raises(ConfigError) as error:
                load({})
            monkeypatch.delenv(variable)
            assert hidden(error.value)


@pytest.mark.parametrize(
    "text", ["*sesame", "!sesame x", "sesame: sesame: x", "'sesame", "[sesame", "&sesame *open"]
)
def test_what_is_no_yaml_is_in_no_error(text, tmp_path):
    file = tmp_path / "watchdog.yaml"
    file.write_text(f"interval: 3\nslack: {{bot_token: {text}, channel: x}}\n")
    problem = r"no YAML: line \d+, column \d+: (found|expected|could) "
    with pytest.raises(ConfigError, match=problem) as error:
        load({}, file)
    assert hidden(error.value)


def test_a_default_is_no_secret():
    """PagerDuty's public address, even where somebody writes it down."""
    assert load({}).secrets == ()
    public = Settings().pagerduty.url.get_secret_value()
    assert public not in load(with_value(("pagerduty", "url"), public)).secrets


class Inner(Section):
    """A group within a group."""

    token: SecretStr | None = None
    name: str = "plain"


class Outer(Section):
    """Every way in which a secret may be held."""

    plain: SecretStr
    checked: Annotated[SecretStr, AfterValidator(lambda value: value)] | None = None
    parts: tuple[SecretStr, ...] = ()
    named: dict[str, SecretStr] | None = None
    group: Inner = Inner()
    groups: tuple[Inner, ...] | None = None
    deep: dict[str, tuple[Inner, ...]] | None = None


def test_secrets_are_found_wherever_they_stand():
    outer = Outer.model_validate(
        {
            "plain": "a",
            "checked": "b",
            "parts": ["c", "d"],
            "named": {"x": "e"},
            "group": {"token": "f", "name": "open"},
            "groups": [{"token": "g"}, {}],
            "deep": {"x": [{"token": "h"}]},
        }
    )
    assert list(secrets_in(outer)) == list("abcdefgh")
