"""How the program is called on what was recorded."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.compare.inputs import Series, Target

EVIDENCE = "evidence"
SMALL = 50_000
"""Bytes of a store that is copied and redacted too, which takes seconds for a larger one."""
SERVED = 2
"""The last bundles of a recording that the service is started on: each takes seconds."""


@dataclass(frozen=True)
class Call:
    """One call of the program's command line, under the name of its output."""

    name: str
    argv: tuple[str, ...]
    now: float
    """What the clock shows."""
    folder: str | None = None
    """A directory that it writes."""
    serves: bool = False
    """Whether it goes on until it is told to stop."""


def calls_of(series: Series) -> Iterator[Call]:
    """Every call on one recording."""
    for target in series.targets:
        name, path = f"{series.name}/{target.path.name}", str(target.path)
        for command in ("check", "explain"):
            yield Call(f"{name} {command} --json", (command, path, "--json"), target.instant)
            yield Call(f"{name} {command}", (command, path), target.instant)
        if target.eval_set_id and (target.path / "store").is_dir():
            yield _evidence(name, target, target.eval_set_id)
    now = max((target.instant for target in series.targets), default=0.0)
    replay = ("replay", str(series.folder), "--compare")
    yield Call(f"{series.name} replay --json", (*replay, "--json"), now)
    yield Call(f"{series.name} replay", replay, now)


def _evidence(name: str, target: Target, eval_set_id: str) -> Call:
    """The report for an escalation, from the bundle's store under the eval set's own name."""
    store = target.path.parent.parent / "stores" / target.path.parent.name / target.path.name
    store.mkdir(parents=True)
    (store / Path(eval_set_id).name).symlink_to(target.path / "store")
    argv = (EVIDENCE, eval_set_id, "--logs", str(store), "--no-tests", "--output", EVIDENCE)
    less = () if _size(target.path / "store") <= SMALL else ("--no-store",)
    return Call(f"{name} {EVIDENCE}", (*argv, *less), target.instant, EVIDENCE)


def _size(store: Path) -> int:
    return sum(path.stat().st_size for path in store.rglob("*") if path.is_file())


def services_of(series: Series) -> Iterator[Call]:
    """The service on one recording's last bundles, one after the other, with one ledger."""
    for target in series.targets[-SERVED:]:
        argv = ("run", "--logs", str(target.path), "--state", f"{series.name}.sqlite3")
        yield Call(f"{series.name}/{target.path.name} run", argv, target.instant, serves=True)
