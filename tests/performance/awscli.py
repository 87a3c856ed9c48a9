"""The official AWS command line, in an environment of its own outside the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from platformdirs import user_cache_path

from tests.paths import ROOT

VERSION = "1.46.2"
VENV = user_cache_path("stuck-eval-watchdog") / f"bench-venv-{VERSION}"
PIP = sorted((ROOT / "tools" / "vendor").glob("pip-*.whl"))


class Missing(Exception):  # noqa: N818 - reads as what it says
    """What is missing for the comparison, and how to get it."""


def installed() -> Path:
    """Give the command's path; the first time it is installed, which needs the network.

    Raises:
        Missing: it could not be installed.
    """
    command = VENV / "bin" / "aws"
    if not _works(command):
        print(f"installing awscli {VERSION} into {VENV}", file=sys.stderr)  # noqa: T201
        _install()
    if not _works(command):
        raise Missing(f"{command} does not start; remove {VENV} and try again")
    return command


def environment(endpoint: str) -> dict[str, str]:
    """Give a process's environment in which AWS's clients ask the local server only."""
    keep = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    return keep | {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }


def _works(command: Path) -> bool:
    if not command.exists():
        return False
    done = subprocess.run([command, "--version"], capture_output=True, check=False, text=True)
    return done.returncode == 0 and f"aws-cli/{VERSION} " in done.stdout


def _install() -> None:
    uv = shutil.which("uv")
    python = str(VENV / "bin" / "python")
    package = f"awscli=={VERSION}"
    if uv:
        _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)])
        _run([uv, "pip", "install", "--quiet", "--python", python, package])
    else:
        _run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)])
        pip = f"{PIP[-1]}/pip" if PIP else "tools/vendor/pip-*.whl"
        _run([python, pip, "install", "--quiet", "--disable-pip-version-check", package])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    if done.returncode:
        raise Missing(
            f"the comparison needs awscli {VERSION} from PyPI in {VENV}, and this failed:\n"
            f"  {' '.join(command)}\n{done.stderr.strip()[-1500:]}"
        )
