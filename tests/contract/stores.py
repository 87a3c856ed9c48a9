"""Fixtures for every kind of store: a shelf that tests fill, and what a poll of it says."""

import os
from pathlib import Path

import pytest

from tests.doubles.bucket import Bucket, no_fault, serving
from watchdog.collect.inspect.logs import LogsOptions, LogsSource
from watchdog.collect.stores.opening import open_store
from watchdog.config.s3 import S3
from watchdog.model.facts import Fact

INTERVAL = 120.0
OTHER = "2026-11-23T15-44-38+00-00_other_ZZZZZZqbJKtth6e7U6nui7.eval"
"""A second log's name."""


class Directory:
    """A directory under a name of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root / "set"
        self.target = str(self.root)
        self.settings = S3()
        self.root.mkdir()

    def put(self, name: str, data: bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (self.root.parent / "new").write_bytes(data)
        (self.root.parent / "new").rename(path)

    def delete(self, name: str) -> None:
        (self.root / name).unlink()


class SourceState:
    """A source and the time that passes."""

    def __init__(self, source: LogsSource) -> None:
        self.source = source
        self.now = 1000.0

    async def poll(self, after: float = 10.0):
        """What a poll says."""
        self.now += after
        facts: list[Fact] = []
        result = await self.source.poll(self.now, facts.append)
        return Said(facts, result)


class Said:
    """Facts and the result of one poll."""

    def __init__(self, facts, result) -> None:
        self.facts = facts
        self.result = result

    def of(self, kind, log: str | None = None):
        found = [one for one in self.facts if isinstance(one, kind)]
        return [one for one in found if log is None or one.log == log]

    def kinds(self, log: str | None = None) -> list[str]:
        mine = [one for one in self.facts if log is None or getattr(one, "log", None) == log]
        return [type(one).__name__ for one in mine]

    @property
    def texts(self) -> str:
        return "\n".join(f"{one.where}: {one.text}" for one in self.result.problems)


def watch(shelf, *, store=None, **options) -> SourceState:
    """A source over a shelf, or over `store` instead."""
    store = store or open_store(shelf.target, shelf.settings)
    options = {
        "sqlite": False,
        "listing_interval": INTERVAL,
        "max_member_bytes": 1_000_000,
    } | options
    return SourceState(LogsSource(store, LogsOptions(**options)))


def fill(shelf, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        shelf.put(name, data)


@pytest.fixture(scope="session")
def s3_server():
    with serving() as served:
        yield served


@pytest.fixture
def aws(monkeypatch, tmp_path):
    """Credentials from the environment, nothing of the machine's own."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))


@pytest.fixture
def bucket(s3_server, aws):  # noqa: ARG001
    server, url = s3_server
    yield Bucket(server, url)
    server.fault = no_fault


@pytest.fixture(params=["directory", "s3"])
def shelf(request, tmp_path):
    """A shelf of each kind of store."""
    if request.param == "s3":
        return request.getfixturevalue("bucket")
    return Directory(tmp_path)
