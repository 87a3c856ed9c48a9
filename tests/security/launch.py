"""Runs a command and writes what it used: launch.py FILE SECONDS BYTES COMMAND…

A process's peak counts from that of the process it was forked from, which must be a small one:
this file is run by itself and imports next to nothing.
"""

import os
import resource
import sys


def main() -> None:
    """Exit with the command's status; a signal becomes 128 and its number."""
    figures, seconds, size, *command = sys.argv[1:]
    pid = os.fork()
    if pid == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
        resource.setrlimit(resource.RLIMIT_AS, (int(size), int(size)))
        os.execvp(command[0], command)  # noqa: S606 - the harness' own command
    _, status, usage = os.wait4(pid, 0)
    with open(figures, "w") as file:  # noqa: PTH123 - pathlib is no small import
        file.write(f"{usage.ru_utime + usage.ru_stime} {usage.ru_maxrss}")
    code = os.waitstatus_to_exitcode(status)
    sys.exit(code if code >= 0 else 128 - code)


main()
