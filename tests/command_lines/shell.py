"""A real POSIX shell whose every program only notes its words.

The programs are stand-ins in a folder that is the whole PATH; whatever else the shell would run
(`touch`, `rm`, a substitution) finds a stand-in that notes it too, or nothing.
"""

import os
import stat
import subprocess
from pathlib import Path

PROGRAMS = (
    *("aws", "cp", "curl", "df", "find", "hawk", "inspect", "kubectl", "ps", "py-spy", "watchdog"),
    *("touch", "rm", "id", "head", "tr", "yes"),
)
_NOTE = """#!/bin/sh
printf '%s\\0' "${0##*/}" "$@" > "$NOTES/$$"
printf '%s\\n' "$$" >> "$ORDER"
"""


class Shell:
    """Runs commands as somebody would who pastes them."""

    def __init__(self, folder: Path) -> None:
        self._bin, self._work = folder / "bin", folder / "work"
        self._notes, self._order = folder / "notes", folder / "order"
        for place in (self._bin, self._work, self._notes):
            place.mkdir()
        for name in PROGRAMS:
            program = self._bin / name
            program.write_text(_NOTE)
            program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def run(self, commands: list[str]) -> list[list[str]]:
        """The words of every program that the shell really ran, in order."""
        for note in self._notes.iterdir():
            note.unlink()
        self._order.write_text("")
        script = "\n".join(commands).encode("utf-8", "surrogateescape")
        environment = {
            "PATH": str(self._bin),
            "HOME": "~",
            "NOTES": str(self._notes),
            "ORDER": str(self._order),
        }
        subprocess.run(
            ["/bin/sh"],
            input=script,
            cwd=self._work,
            env=environment,
            capture_output=True,
            timeout=60,
            check=False,
        )
        # neither a file's time nor its process's number orders them: clocks tick slower than
        # programs start, and numbers begin anew
        notes = [self._notes / number for number in self._order.read_text().split()]
        calls = [note.read_bytes().split(b"\0")[:-1] for note in notes]
        return [[os.fsdecode(word) for word in call] for call in calls]

    @property
    def files(self) -> list[str]:
        """What was written where the shell ran."""
        return sorted(path.name for path in self._work.rglob("*"))


def is_taken(commands: list[str]) -> str:
    """What `sh -n` has against them; empty where it takes them all."""
    script = "\n".join(commands).encode("utf-8", "surrogateescape")
    done = subprocess.run(
        ["/bin/sh", "-n"], input=script, capture_output=True, timeout=60, check=False
    )
    return done.stderr.decode() if done.returncode else ""
