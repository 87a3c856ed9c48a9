"""Lives of the service's source over a recording's log directory."""

import filecmp
import shutil
from pathlib import Path

from watchdog.collect.inspect.logs import LogsOptions
from watchdog.collect.targets import open_target
from watchdog.config.load import load
from watchdog.pipeline.source_state import SourceState
from watchdog.service.guarded import GuardedSource


def become(bundle: Path, logs: Path) -> None:
    """The log directory as it was at an instant; files that are the same aren't touched."""
    store = bundle / "store"
    wanted = {path.relative_to(store) for path in store.rglob("*") if path.is_file()}
    for path in sorted(logs.rglob("*")):
        if path.is_file() and path.relative_to(logs) not in wanted:
            path.unlink()
    for name in wanted:
        target = logs / name
        if not target.exists() or not filecmp.cmp(store / name, target, shallow=False):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(store / name, target)


def life(logs: Path) -> SourceState:
    """A source that has read nothing yet."""
    source = open_target(str(logs.parent), load({}).s3, LogsOptions(listing_interval=0.0))[0]
    return SourceState(GuardedSource([source][0]), label=source.name)
