"""Measures attacks: each is checked by `watchdog check`, and appears beside what `run` watches.

The whole table goes into docs/security.md. Fails where one costs more than 10 s of CPU or 300 MiB
above idle, delays another eval set's verdict by more than one poll, or isn't told as it should be.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.security import page
from tests.security.acts import DEEDS
from tests.security.attack import all_attacks
from tests.security.inputs_pressure import pressures
from tests.security.measure import (
    Row,
    measured_attack,
    measured_deed,
    measured_pressure,
    usual,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 1 where a goal is missed."""
    order = _order()
    parser = _parser()
    options = parser.parse_args(arguments)
    names, only_check = options.names, options.check
    if unknown := [name for name in names if name not in order]:
        parser.error(f"no such attack: {', '.join(unknown)} (there are: {', '.join(order)})")
    began = time.time()
    idle = usual()
    print(f"idle: {idle.line()}", flush=True)  # noqa: T201
    rows: list[Row] = []
    for attack in all_attacks():
        if not names or attack.name in names:
            rows.append(measured_attack(attack, idle, serve=not only_check))
            _say(rows[-1])
    for deed in () if only_check else DEEDS:
        if not names or deed.name in names:
            rows.append(measured_deed(deed, idle))
            _say(rows[-1])
    with tempfile.TemporaryDirectory() as folder:
        for pressure in () if only_check else pressures(Path(folder)):
            if not names or pressure.name in names:
                rows.append(measured_pressure(pressure))
                _say(rows[-1])
    if not only_check and (not names or options.merge):
        page.merge(rows, idle, began, order)
    missed = sum(bool(row.missed) for row in rows)
    print(f"{len(rows)} attacks, {missed} of them beyond a goal")  # noqa: T201
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.security", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these; nothing is written")
    parser.add_argument("--merge", action="store_true", help="write the lines of those named")
    parser.add_argument("--check", action="store_true", help="by `check` alone, nothing is written")
    return parser


def _order() -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        machine = [pressure.name for pressure in pressures(Path(folder))]
    return [*(attack.name for attack in all_attacks()), *(deed.name for deed in DEEDS), *machine]


def _say(row: Row) -> None:
    print(row.line(), flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
