"""A fleet's objects in versitygw: laid beside it at first, put through it from then on.

Its POSIX backend keeps an object as a file whose ETag is an extended attribute. Both survive a hard
link, so that a segment which many tasks have costs one file. It writes anew by renaming, never in
place.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl, urlsplit

import obstore
from obstore.store import S3Store

from tests.control_plane.s3 import LOOPBACK, REGION, S3Server
from tests.performance.load.buffers import Mood, Task
from tests.performance.load.fleets import Fleet

BUCKET = "bench"
PREFIX = "evals"
URL = f"s3://{BUCKET}/{PREFIX}"
LINKS_MAX = 30_000
"""Names of one file; ext4 allows 65,000."""
ETAG = "user.etag"
TYPE = "user.content-type"
ACCESS_LOG = "access.log"
LOG_WORDS = 10


@dataclass(frozen=True)
class Request:
    """One request as the server saw it."""

    operation: str
    key: str
    """Of an object; empty for a listing."""
    query: dict[str, str]
    status: int
    size: int
    """Bytes of an object or a listing that were answered."""

    @property
    def kind(self) -> str:
        """What it asks and what came of it, in a few words."""
        name = {"s3_GetObject": "GET", "s3_ListObjectsV2": "LIST"}.get(self.operation)
        return f"{name or self.operation} {self.status}"


class FleetStore:
    """The server, a fleet's objects in it, and what went through it."""

    def __init__(self, folder: Path) -> None:
        self.server = _Logging(folder)
        self._root = folder / "objects" / BUCKET
        self._log_read = 0
        self._store: S3Store | None = None

    def __enter__(self) -> Self:
        self.server.start()
        self.server.add_bucket(BUCKET)
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs so that AWS's clients ask this server."""
        return {
            "AWS_ACCESS_KEY_ID": self.server.access_key,
            "AWS_SECRET_ACCESS_KEY": self.server.secret_key,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.server.url,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": LOOPBACK,
        }

    def lay(self, fleet: Fleet, *, dated: bool = False) -> int:
        """Write all of a fleet beside the server; gives how many objects it has.

        Args:
            fleet: its tasks.
            dated: the store says of each log what it would say had its runner written it: no sample
                of these has ended since it began.
        """
        links = _Links(self._root.parent.parent / "patterns")
        count = 0
        marked: set[str] = set()
        for task in fleet.tasks:
            if task.eval_set_id not in marked:
                marked.add(task.eval_set_id)
                self._write(f"{task.eval_set_id}/.eval-set-id", task.eval_set_id.encode())
                count += 1
            for key, data in (
                (task.key, task.log_bytes()),
                (task.manifest_key, task.manifest_bytes()),
            ):
                self._write(key, data)
            if dated:
                os.utime(self._root / PREFIX / task.key, (task.created_at, task.created_at))
            self._link(links, f"{task.buffer}/.keep", b"")
            for number, data in enumerate(task.pattern.segments, 1):
                self._link(links, task.segment_key(number), data)
            count += 3 + len(task.pattern.segments)
        return count

    def change(self, tasks: Iterable[Task], now: float, mood: Mood) -> int:
        """Let tasks sync: each a new segment, then its manifest; gives how many objects."""
        return asyncio.run(self._change([task.change(now, mood) for task in tasks]))

    async def _change(self, changes: list[dict[str, bytes]]) -> int:
        slots = asyncio.Semaphore(16)
        store = self._client()

        async def put(objects: dict[str, bytes]) -> None:
            async with slots:
                for key, data in objects.items():
                    await obstore.put_async(store, f"{PREFIX}/{key}", data)

        await asyncio.gather(*map(put, changes))
        return sum(len(objects) for objects in changes)

    def link_into(self, folder: Path) -> None:
        """All buffers as a sync of them would leave them, each file by a link."""
        shutil.copytree(self._root / PREFIX, folder, copy_function=os.link)

    def take_requests(self) -> list[Request]:
        """What the server wrote into its access log since this was asked last, without puts."""
        path = self.server.folder / ACCESS_LOG
        with path.open("rb") as log:
            log.seek(self._log_read)
            lines = log.read()
        whole = lines.rfind(b"\n") + 1
        self._log_read += whole
        found = [self._request(line) for line in lines[:whole].decode().splitlines()]
        return [one for one in found if one is not None and one.operation != "s3_PutObject"]

    def _request(self, line: str) -> Request | None:
        """A line as S3's server access logs have it (user guide, "log format")."""
        words = line.partition("] ")[2].split(" ")
        if len(words) < LOG_WORDS:
            return None
        operation, key, uri, status = words[3:7]
        parts = urlsplit(uri)
        size = int(words[8]) if words[8].isdigit() else 0
        if operation == "s3_GetObject" and status == "200":
            size = (self._root / key).stat().st_size
        return Request(
            operation,
            "" if key == "-" else key,
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            int(status),
            size,
        )

    def _client(self) -> S3Store:
        self._store = self._store or S3Store(
            BUCKET,
            endpoint=self.server.url,
            region=REGION,
            access_key_id=self.server.access_key,
            secret_access_key=self.server.secret_key,
            client_options={"allow_http": True},
        )
        return self._store

    def _write(self, key: str, data: bytes) -> None:
        _object(self._root / PREFIX / key, data)

    def _link(self, links: _Links, key: str, data: bytes) -> None:
        path = self._root / PREFIX / key
        path.parent.mkdir(parents=True, exist_ok=True)
        os.link(links.of(data), path)


class _Links:
    """One file for all objects of the same bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[bytes, tuple[Path, int]] = {}

    def of(self, data: bytes) -> Path:
        path, names = self._known.get(data, (None, 0))
        if path is None or names >= LINKS_MAX:
            number = len(list(self._folder.iterdir())) if self._folder.exists() else 0
            path, names = self._folder / str(number), 0
            _object(path, data)
        self._known[data] = path, names + 1
        return path


class _Logging(S3Server):
    """With a line in a file for each request, and connections that stay open, as Amazon's do."""

    def _command(self, port: int, iam: bool) -> list[str]:
        program, *rest = super()._command(port, iam)
        log = str(self.folder / ACCESS_LOG)
        return [program, "--keep-alive", "--access-log", log, *rest]


def _object(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.setxattr(path, ETAG, f'"{md5(data).hexdigest()}"'.encode())  # noqa: S324 - S3's ETag
    os.setxattr(path, TYPE, b"binary/octet-stream")
