"""A log directory that plays a recording: at each step it becomes what it was at that instant."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

from tests.recordings.unpack import unpack


class Playback:
    """One recording on the way from its first instant to its last."""

    def __init__(self, name: str, folder: Path) -> None:
        self.bundles = unpack(name, folder / "recording")
        self.logs = folder / "logs" / name
        self.now = 0.0

    def play(self, number: int) -> None:
        """The store as it was at instant `number`; what was gone by then goes."""
        bundle = self.bundles[number]
        self.now = captured_at(bundle)
        shutil.rmtree(self.logs, ignore_errors=True)
        shutil.copytree(bundle / "store", self.logs)

    def clock(self) -> float:
        """The instant of the recording."""
        return self.now


def age_of(bundle: Path) -> float:
    """Seconds from its first log's beginning, as that one's name says, until it was captured."""
    name = min(path.name for path in (bundle / "store").rglob("*.eval"))
    began = datetime.strptime(name[:19], "%Y-%m-%dT%H-%M-%S").replace(tzinfo=UTC)
    return captured_at(bundle) - began.timestamp()


def captured_at(bundle: Path) -> float:
    text = json.loads((bundle / "bundle.json").read_text())["captured_at"]
    return datetime.fromisoformat(text).timestamp()
