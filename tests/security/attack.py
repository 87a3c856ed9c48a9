"""One attack, and where all of them are."""

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import tests.security


class Attack(NamedTuple):
    """A hostile input: what an eval, a model or a sandbox may write."""

    name: str
    kind: str
    build: Callable[[Path], Path]
    """Fills an empty directory and returns the target that `watchdog check` takes."""
    says: str = ""
    """Part of what must be told; empty where the input is fine or has no words of its own."""
    imitates: str = ""
    """What it stands for, where the name doesn't say."""
    files: tuple[str, ...] = ()
    """Words one of which the place of the problem must hold."""


def all_attacks() -> tuple[Any, ...]:
    """Those of every `inputs_*.py`, in the order of files; each has the fields of `Attack`."""
    modules = sorted(
        module.name
        for module in pkgutil.iter_modules(tests.security.__path__)
        if module.name.startswith("inputs_")
    )
    attacks: list[Any] = []
    for name in modules:
        module = importlib.import_module(f"tests.security.{name}")
        attacks += getattr(module, "ATTACKS", ())
    return tuple(attacks)


def environment(target: Path) -> dict[str, str]:
    """Inspect's data directory, where an attack has one."""
    data = target / ".data"
    return {"XDG_DATA_HOME": str(data)} if data.is_dir() else {}
