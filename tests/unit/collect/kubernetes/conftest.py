"""A server on loopback, and a kubeconfig that points to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles import kubernetes_server as servers
from watchdog.collect.kubernetes import credentials


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("KUBERNETES_SERVICE_HOST", "KUBECONFIG", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(credentials, "TOKEN_FILE", str(tmp_path / "none"))


@pytest.fixture
def server() -> Iterator[servers.Server]:
    with servers.serving() as found:
        yield found


@pytest.fixture
def kubeconfig(server: servers.Server, tmp_path: Path) -> Path:
    return servers.kubeconfig(tmp_path / "config", server.url)
