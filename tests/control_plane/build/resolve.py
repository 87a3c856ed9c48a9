"""Find a binary, or build it once."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.control_plane.build.parts import Module, module_of

Say = Callable[[str], None]


class MissingPartError(Exception):
    """A binary is neither there nor can it be built."""


def resolve(binary: str, say: Say = lambda _: None) -> Path:
    """Give the path of a binary, built with Go if need be, or raise `MissingPartError`."""
    module = module_of(binary)
    return _in_assets(binary) or _executable(cache(module) / binary) or _made(module, binary, say)


def cache(module: Module) -> Path:
    """Give the folder of a module's binaries."""
    return cache_root() / "bin" / module.key


def cache_root() -> Path:
    """Give the folder of everything that is made once for the tests."""
    chosen = os.environ.get("STUCK_EVAL_CACHE")
    if chosen:
        return Path(chosen).expanduser().resolve()
    user = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(user) / "stuck-eval-watchdog"


def _in_assets(binary: str) -> Path | None:
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    return _executable(Path(assets) / binary) if assets else None


def _executable(path: Path) -> Path | None:
    return path if path.is_file() and os.access(path, os.X_OK) else None


def _made(module: Module, binary: str, say: Say) -> Path:
    """Build a binary, unless somebody else did while this waited for the lock."""
    folder = cache(module)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".lock"):
        return _executable(folder / binary) or _build(module, binary, folder / binary, say)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file's lock: two at once would build or fetch the same."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(module: Module, binary: str, target: Path, say: Say) -> Path:
    go = shutil.which("go")
    if go is None:
        raise MissingPartError(
            f"{binary} {module.version} is not cached, and there is no Go to build it"
        )
    say(f"building {binary} {module.version} (once; some minutes) …")
    began, unfinished = time.monotonic(), target.with_suffix(".part")
    _run(_command(go, module, binary, unfinished), module.path, binary)
    unfinished.replace(target)
    say(f"built {binary} in {time.monotonic() - began:.0f} s, {target.stat().st_size >> 20} MiB")
    return target


def _command(go: str, module: Module, binary: str, target: Path) -> list[str]:
    flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", module.ldflags]
    flags += ["-tags", module.tags] if module.tags else []
    polite = ["nice", "-n", "10"] if shutil.which("nice") else []
    return [*polite, go, "build", *flags, "-o", str(target), module.main + module.packages[binary]]


def _run(command: list[str], folder: Path, binary: str) -> None:
    """Run Go's compiler; nothing of the caller's Go settings but where it finds modules."""
    env = os.environ | {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": ""}
    done = subprocess.run(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode:
        last = done.stdout.decode(errors="replace").strip().splitlines()[-3:]
        raise MissingPartError(
            f"{binary} can't be built: {' / '.join(last) or 'go gave no reason'}"
        )
