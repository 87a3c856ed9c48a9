"""A process in an image's folder, as an engine confines it: its user, a read-only file system."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.control_plane.processes import Process

WRITABLE = ("/tmp", "/var/lib/watchdog")

INSIDE = r"""
set -eu
root=$1; shift
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
for place in /tmp /var/lib/watchdog; do
    mount -t tmpfs -o size=64m,mode=1777 tmpfs "$root$place"
done
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot --userspec=65532:65532 "$root" /usr/bin/env -i "$@"
"""
"""In a mount namespace of its own, so nothing is left behind."""


class Confined:
    """An image's programs."""

    def __init__(self, root: Path, config: dict[str, Any]) -> None:
        self.root = root
        self.config = config

    def command(self, *arguments: str, **env: str) -> list[str]:
        """The words that start something in it, with the image's variables and folder."""
        variables = [*self.config["Env"], *(f"{name}={value}" for name, value in env.items())]
        inside = ["sh", "-c", INSIDE, "sh", str(self.root), f"--chdir={self.config['WorkingDir']}"]
        return ["unshare", "--mount", *inside, *variables, *arguments]

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run something to its end."""
        command = self.command(*arguments, **env)
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def service(self, folder: Path, *arguments: str, **env: str) -> Process:
        """The image's entry point, with arguments in place of its own."""
        command = self.command(*self.config["Entrypoint"], *arguments, **env)
        return Process("watchdog", command, folder, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
