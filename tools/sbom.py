"""What an installation holds, as CycloneDX: `python -m tools.sbom [FILE]`.

Makes an environment of the lock and the project's wheel, as the image holds it, and lists what is
really installed there. The image carries a list of its own, /opt/watchdog/sbom.cdx.json.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from tools import bootstrap

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "dist" / "sbom.cdx.json"
LOCK = "postgresql"
"""The set that an image holds."""


def make(file: Path) -> None:
    """Write the list to `file`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sbom-") as name:
        installed, lister = Path(name, "installed"), Path(name, "lister")
        install(installed, "--require-hashes", "-r", bootstrap.requirements(LOCK))
        install(installed, "--no-deps", "--no-index", str(wheel(Path(name))))
        install(lister, "--require-hashes", "-r", bootstrap.requirements("sbom"))
        command = [str(lister / "bin" / "cyclonedx-py"), "environment", "--output-reproducible"]
        command += ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application"]
        _run([*command, "--output-file", str(file), bootstrap.interpreter(str(installed))])


def install(environment: Path, *arguments: str) -> None:
    """Install into an environment that holds no pip, which is made if it isn't there."""
    if not environment.exists():
        bootstrap.create(str(environment))
    python = bootstrap.interpreter(str(environment))
    pip = [sys.executable, f"{bootstrap.vendored_pip()}/pip", "--python", python, "install"]
    _run([*pip, *bootstrap.QUIET, *arguments])


def wheel(folder: Path) -> Path:
    """Build the project's wheel."""
    _run(
        [
            sys.executable,
            "-m",
            "hatchling",
            "build",
            "--target",
            "wheel",
            "--directory",
            str(folder),
        ]
    )
    return next(folder.glob("*.whl"))


def _run(command: list[str]) -> None:
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - ours


def main(arguments: list[str]) -> int:
    """Write it, and say where."""
    file = Path(arguments[0]).resolve() if arguments else FILE
    make(file)
    sys.stdout.write(f"{file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
