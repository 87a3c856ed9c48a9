"""What a check of each hostile input costs: `python -m tests.security.measure_readers [NAME…]`.

Prints CPU seconds, MiB above an idle check, exit status and what was said, one line an attack.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.security.inputs_readers import ATTACKS, Attack, environment, store

SECONDS = int(os.environ.get("SECURITY_SECONDS", "60"))
ADDRESS_SPACE = 6 * 1024**3
NOW = "2026-11-23T16:00:00Z"


class Cost(NamedTuple):
    """What one check took. `peak` in MiB."""

    cpu: float
    peak: float
    status: int
    output: str


def cost_of(target: Path) -> Cost:
    """Check a target in a process of its own, bounded in time and memory."""
    command = [sys.executable, "-m", "watchdog", "check", "--now", NOW, str(target)]
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:  # no thread was started here
        os.close(reader)
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        command = ["timeout", str(2 * SECONDS), *command]
        os.execvpe(command[0], command, os.environ | environment(target))  # noqa: S606
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        output = pipe.read(4_000_000).decode("utf-8", "replace")
    _, status, usage = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, code, output)


def measured(attacks: tuple[Attack, ...]) -> Iterator[tuple[Attack, Cost, int]]:
    """Each attack with its cost and the bytes that it takes on disk."""
    for attack in attacks:
        folder = Path(tempfile.mkdtemp(prefix="watchdog-security-"))
        try:
            target = attack.build(folder / "target")
            used = int(subprocess.check_output(["du", "-sk", str(target)]).split()[0])
            yield attack, cost_of(target), used
        finally:
            shutil.rmtree(folder)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(names: list[str]) -> int:
    """Print what was measured; 1 where something is beyond ten seconds or 300 MiB."""
    with tempfile.TemporaryDirectory() as folder:
        idle = cost_of(store(Path(folder) / "idle", {}))
    _say(f"idle: {idle.cpu:.1f} s, {idle.peak:.0f} MiB, exit {idle.status}")
    beyond = 0
    chosen = tuple(one for one in ATTACKS if not names or one.name in names)
    for attack, cost, size in measured(chosen):
        above = cost.peak - idle.peak
        bad = cost.cpu > 10 or above > 300 or cost.status not in (0, 1, 2, 3)
        bad |= bool(attack.says) and attack.says not in cost.output
        bad |= "Traceback" in cost.output
        beyond += bad
        lines = [line.strip() for line in cost.output.splitlines() if line.strip()]
        says = [line for line in lines if "rror" in line or ": " in line]
        _say(
            f"{'BAD ' if bad else 'ok  '}{attack.name:22} {cost.cpu:6.1f} s {above:6.0f} MiB "
            f"exit {cost.status} {size:7} KiB | {' ¦ '.join(says)[-260:]}",
        )
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
