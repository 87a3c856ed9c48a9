"""A configuration that worked goes on to mean the same: every key and variable of version 0.1.0."""

import json
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from tests.builders.settings import COMPLETE, complete
from watchdog.config.load import load


def plain(value: Any) -> Any:
    """A setting as the file writes it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Path):
        return str(value)
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def differences(settings: Any, written: Any, place: str = "") -> list[str]:
    """Where settings say something else than what was written."""
    if isinstance(written, dict):
        values = settings if isinstance(settings, dict) else dict(settings)
        pairs = [(key, values[key], written[key]) for key in written]
    elif isinstance(written, list) and isinstance(written[0], dict):
        pairs = [(n, *pair) for n, pair in enumerate(zip(settings, written, strict=True))]
    else:
        value = plain(settings)
        return [] if value == written else [f"{place}: {value!r}, not {written!r}"]
    return [line for key, *pair in pairs for line in differences(*pair, f"{place}.{key}")]


def variables(written: dict[str, Any], prefix: str = "WATCHDOG") -> dict[str, str]:
    """The same in the environment: a group's keys one by one, and lists of groups as JSON."""
    made: dict[str, str] = {}
    for key, value in written.items():
        name = f"{prefix}_{key.upper()}"
        if isinstance(value, dict) and prefix == "WATCHDOG":
            made |= variables(value, name)
        elif isinstance(value, dict) or (isinstance(value, list) and isinstance(value[0], dict)):
            made[name] = json.dumps(value, default=lambda moment: moment.isoformat())
        else:
            made[name] = ",".join(value) if isinstance(value, list) else str(value)
    return made


def test_the_file_still_says_the_same():
    assert differences(load({}, COMPLETE), complete()) == []


def test_so_does_the_environment(monkeypatch):
    for name, text in variables(complete()).items():
        monkeypatch.setenv(name, text)
    assert differences(load({}), complete()) == []


def test_nothing_of_it_is_a_default():
    """So that a value which doesn't arrive is missed; whoever changes a default minds this file."""
    defaults, written = load({}), complete()
    same = [
        f"{key}.{name}"
        for key, group in written.items()
        for name, value in (group.items() if isinstance(group, dict) else [("", group)])
        if plain(getattr(getattr(defaults, key), name) if name else getattr(defaults, key)) == value
    ]
    assert same == []
