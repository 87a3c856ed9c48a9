"""Addresses, environment, broken files: nothing of what they hold is said, all of it is learned."""

import pytest

from watchdog.config.load import load
from watchdog.config.secrets import learn_secrets
from watchdog.errors import ConfigError
from watchdog.redaction import KNOWN, REDACTED, learn_address, learn_environment, redact

VALUE = "sesame-open-now"


@pytest.fixture(autouse=True)
def _forgotten():
    before = set(KNOWN)
    yield
    for value in set(KNOWN) - before:
        KNOWN.forget(value)


@pytest.mark.parametrize("key", ["state", "external_url"])
def test_passwords_of_addresses_are_learned(key):
    learn_secrets(load({key: f"https://me:{VALUE}@x.example/y"}))
    assert redact(f"by {VALUE} alone") == f"by {REDACTED} alone"


def test_what_the_environment_holds_is_learned():
    learn_environment(
        {"HTTPS_PROXY": "http://u:proxy%2Fpassword@x:1", "X_TOKEN": "tokenlike-value", "A": "plain"}
    )
    for value in ("proxy%2Fpassword", "proxy/password", "tokenlike-value"):
        assert redact(f"is {value}") == f"is {REDACTED}"
    learn_address("https://x.example/without")
    assert redact("plain x.example without") == "plain x.example without"


@pytest.mark.parametrize(
    "text",
    [
        "a: !!int sesame-open",
        "a: !!float sesame-open",
        "a: !!bool sesame-open",
        "a: !!timestamp sesame-open",
        "a: !!binary sesame-open",
        "a: !!python/object:sesame.open {}",
        "sesame-open: [",
        "a: 'sesame-open",
        "{? [sesame-open] : 1}",
        "a: \x00sesame-open",
        "- sesame-open",
        "sesame-open",
    ],
)
def test_a_broken_file_never_shows_its_line(text, tmp_path):
    file = tmp_path / "watchdog.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as error:
        load({}, file)
    assert "sesame" not in str(error.value)
    assert str(file) in str(error.value)
    assert error.value.__cause__ is None


def test_what_was_pasted_in_the_place_of_a_key_is_hidden(tmp_path):
    file = tmp_path / "watchdog.yaml"
    file.write_text("q8Zr2Lm9Xw4TbN: 1\n")
    with pytest.raises(ConfigError) as error:
        load({}, file)
    assert str(error.value).startswith("[redacted]: unknown key")
