"""Build or fetch every part, print where it is: `python -m tests.control_plane.build [name…]`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.control_plane.build import MODULES, MissingPartError, resolve
from tests.control_plane.build.hawk_chart import hawk_chart
from tests.control_plane.build.modules import READ, folder_of

BINARIES = [name for module in MODULES for name in module.packages]
FOLDERS = {module.folder: module for module in READ}
CHART = "hawk-chart"


def main(names: list[str]) -> int:
    """Build or fetch what is asked for, all without names; 1 when something is missing."""
    missing = 0
    for name in names or [*BINARIES, *FOLDERS, CHART]:
        try:
            sys.stdout.write(f"{name}\t{_part(name)}\n")
        except MissingPartError as reason:
            missing = 1
            _say(f"missing: {reason}")
        sys.stdout.flush()
    return missing


def _part(name: str) -> Path:
    if name == CHART:
        return hawk_chart(_say)
    return folder_of(FOLDERS[name]) if name in FOLDERS else resolve(name, _say)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


sys.exit(main(sys.argv[1:]))
