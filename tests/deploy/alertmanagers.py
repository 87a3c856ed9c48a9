"""A real Alertmanager with a configuration of the test's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.control_plane.processes import Process, free_ports, quiet_environment
from tests.control_plane.waiting import wait_for
from tests.deploy.binaries import need


@contextmanager
def alertmanager_with(config: dict[str, Any], folder: Path) -> Iterator[httpx.Client]:
    """Starts it, and asks it until it is ready."""
    program = need("prometheus-alertmanager")
    (folder / "alertmanager.yaml").write_text(yaml.safe_dump(config))
    (port,) = free_ports(1)
    command = [
        program,
        f"--config.file={folder / 'alertmanager.yaml'}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    process = Process("alertmanager", command, folder, quiet_environment(folder))
    process.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            wait_for(lambda: _ready(process, client), "Alertmanager is ready")
            yield client
    finally:
        process.stop()


def _ready(process: Process, client: httpx.Client) -> bool:
    process.check()
    try:
        return client.get("/-/ready").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
