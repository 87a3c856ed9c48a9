"""The real programs that are built from their Go modules, as those of the control plane are."""

import subprocess

from tests.control_plane.build import MissingPartError, resolve
from tests.control_plane.fixtures import refuse


def run_built(name, *arguments, cwd=None):
    """A program's exit status and all that it said; a reason to skip where it can't be had."""
    try:
        program = resolve(name)
    except MissingPartError as missing:
        refuse(f"no real part for this test: {missing}")
    done = subprocess.run(
        [program, *map(str, arguments)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout
