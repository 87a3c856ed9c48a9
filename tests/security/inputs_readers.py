# ruff: noqa: S608 - the tests' own SQL
"""What a hostile evaluation may write for the readers: small generators of whole targets.

Each attack makes a target for `watchdog check` below an empty directory. None is large on disk:
what is large is claimed, compressed, sparse or repeated.
"""

import json
import os
import random
import socket
import sqlite3
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from zstandard import ZstdCompressor

from tests.builders import logs
from tests.builders.logs import BUFFER, LOG, MANIFEST, event, manifest, rows, sample, zipped

MIB = 1024 * 1024
GIB = 1024 * MIB
DAY = "2026-11-23T15-44-37+00-00"


class Attack(NamedTuple):
    """A hostile input. `build` fills an empty directory and returns the target."""

    name: str
    kind: str
    build: Callable[[Path], Path]
    says: str = ""
    """Part of a problem that a check must tell; empty where it is fine."""


def store(root: Path, files: dict[str, bytes]) -> Path:
    """A running task beside another eval set that is well, and `files` over them."""
    for name, data in ({f"set/{k}": v for k, v in logs.running_store().items()} | files).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def segment(members: dict[str, bytes]) -> Callable[[Path], Path]:
    """A store whose first segment has these members (name to a whole zip's bytes made of them)."""
    return lambda root: store(root, {f"set/{BUFFER}/segment.1.zip": zipped(members)})


def frames(head: bytes, unit: bytes, times: int, tail: bytes) -> Iterator[bytes]:
    """A long text in pieces, never held in full."""
    yield head
    piece = unit * max(1, min(times, MIB // len(unit)))
    count = len(piece) // len(unit)
    for _ in range(times // count):
        yield piece
    yield unit * (times % count)
    yield tail


class Packed(NamedTuple):
    raw: bytes
    size: int
    checksum: int
    method: int


def packed(pieces: Iterable[bytes], method: int = 93) -> Packed:
    """Compress pieces as one member."""
    size = checksum = 0
    out: list[bytes] = []
    packer = (
        ZstdCompressor(level=3).compressobj()
        if method == 93
        else zlib.compressobj(9, zlib.DEFLATED, -15)
    )
    for piece in pieces:
        size += len(piece)
        checksum = zlib.crc32(piece, checksum)
        out.append(packer.compress(piece))
    out.append(packer.flush())
    return Packed(b"".join(out), size, checksum, method)


def zip_of(members: list[tuple[bytes, Packed]], *, shared: bool = False) -> bytes:
    """A zip of packed members; `shared`: all entries name the bytes of the first."""
    body, entries = bytearray(), bytearray()
    offset = 0
    for place, (name, member) in enumerate(members):
        head = (63, 0x800, member.method, 0, 0, member.checksum, len(member.raw), member.size)
        if not shared or place == 0:
            offset = len(body)
            body += struct.pack("<4s5H3L2H", b"PK\x03\x04", *head, len(name), 0)
            body += name + member.raw
        entries += struct.pack(
            "<4s6H3L5H2L", b"PK\x01\x02", 63, *head, len(name), 0, 0, 0, 0, 0, offset
        )
        entries += name
    count = min(len(members), 0xFFFF)
    where = len(body)
    end = b""
    if count == 0xFFFF:
        total = len(members)
        end += struct.pack(
            "<4sQ2H2L4Q", b"PK\x06\x06", 44, 63, 63, 0, 0, total, total, len(entries), where
        )
        end += struct.pack("<4sLQL", b"PK\x06\x07", 0, where + len(entries), 1)
    end += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(entries), where, 0)
    return bytes(body + entries + end)


def segment_of(pieces: Callable[[], Iterable[bytes]], method: int = 93) -> Callable[[Path], Path]:
    """A store whose first segment's one member is `pieces`."""

    def build(root: Path) -> Path:
        data = zip_of([(b"1_1.json", packed(pieces(), method))])
        return store(root, {f"set/{BUFFER}/segment.1.zip": data})

    return build


NOISE = random.Random(19)  # noqa: S311 - noise
PAD = b'{"pad":"' + NOISE.randbytes(48 * 1024).hex().encode() + b'",'
"""Noise, with which what is repeated does not compress beyond what a member may claim."""


def member(
    head: bytes, unit: bytes, size: int, tail: bytes, method: int = 93, *, pad: bytes = PAD
) -> Callable[[Path], Path]:
    """A store whose first segment's one member repeats `unit` up to a size."""
    pieces = lambda: frames(pad + head[1:] if pad else head, unit, size // len(unit), tail)  # noqa: E731
    return segment_of(pieces, method)


def event_of(fields: bytes) -> bytes:
    return b'{"events":[{"id":1,"event_id":"e","event":{' + fields + b"}}]}"


ROW = b'{"id":1,"event_id":"e","event":{"event":"info"}},'
LAST = ROW[:-1] + b"]}"


def _overlapping(root: Path) -> Path:
    """10,000 samples, of each of which the same 64 MiB are the rows."""
    content = packed(frames(b'{"events":[', b" ", 64 * MIB, b"]}"))
    names = [f"{n}_1.json".encode() for n in range(10_000)]
    data = zip_of([(name, content) for name in names], shared=True)
    listed = manifest(*(sample(n, ((1, 2),)) for n in range(10_000)))
    return store(root, {f"set/{MANIFEST}": listed, f"set/{BUFFER}/segment.1.zip": data})


def _million_segments(root: Path) -> Path:
    listed = manifest(sample(1, tuple(range(1, 1_000_001))))
    return store(root, {f"set/{MANIFEST}": listed})


def _many_small_segments(root: Path) -> Path:
    """2,000 segments of some bytes, each with a member of 15 MiB of blanks."""
    count = 2_000
    data = zip_of([(b"1_1.json", packed(frames(b'{"events":[', b" ", 15 * MIB, b"]}")))])
    listed = manifest(sample(1, tuple(range(1, count + 1))))
    files = {f"set/{BUFFER}/segment.{n}.zip": data for n in range(1, count + 1)}
    return store(root, {f"set/{MANIFEST}": listed} | files)


def _million_samples(root: Path) -> Path:
    one = json.dumps(sample(0, ())).replace('"id": 0', '"id": %d')
    listed = '{"metrics":[],"samples":[' + ",".join(one % n for n in range(1_000_000)) + "]}"
    return store(root, {f"set/{MANIFEST}": listed.encode()})


def _running_samples(root: Path) -> Path:
    """100,000 samples that run, in the fewest bytes."""
    entries = ",".join(f'{{"summary":{{"id":{n},"epoch":1}}}}' for n in range(100_000))
    return store(root, {f"set/{MANIFEST}": f'{{"samples":[{entries}]}}'.encode()})


def _million_references(root: Path) -> Path:
    listed = manifest(sample(1, (1,) * 1_000_000))
    return store(root, {f"set/{MANIFEST}": listed})


def _directory(root: Path) -> Path:
    empty = Packed(b"", 0, 0, 0)
    data = zip_of([(b"%x" % n, empty) for n in range(1_000_000)], shared=True)
    return store(root, {f"set/{BUFFER}/segment.1.zip": data})


def _directory_of_log(root: Path) -> Path:
    start = json.dumps({"version": 2, "eval": logs.spec()}).encode()
    members = [(b"_journal/start.json", packed([start]))]
    empty = packed([b"[]"], 8)
    members += [(b"_journal/summaries/%d.json" % n, empty) for n in range(1_000_000)]
    return store(root, {f"set/{LOG}": zip_of(members)})


def _long_ids(root: Path) -> Path:
    """A hundred samples whose ids of a megabyte differ in their last character."""
    listed = manifest(*(sample("x" * MIB + str(n), (1,)) for n in range(100)))
    return store(root, {f"set/{MANIFEST}": listed})


def _log(**fields: object) -> Callable[[Path], Path]:
    return lambda root: store(root, {f"set/{LOG}": logs.running_log(**fields)})


def padded(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """With noise at the head, whether it is an object or a list of summaries."""
    first, *rest = pieces
    if first.startswith(b"{"):
        yield PAD + first[1:]
    else:
        yield b"[" + PAD + b'"id":0,"epoch":1},' + first[1:]
    yield from rest


def _start(pieces: Callable[[], Iterable[bytes]]) -> Callable[[Path], Path]:
    def build(root: Path) -> Path:
        return store(
            root, {f"set/{LOG}": zip_of([(b"_journal/start.json", packed(padded(pieces())))])}
        )

    return build


def _header(pieces: Callable[[], Iterable[bytes]], name: bytes = b"header.json"):
    def build(root: Path) -> Path:
        about = {"version": 2, "status": "success", "eval": logs.spec()}
        members = [(b"header.json", packed([json.dumps(about).encode()]))]
        members = [] if name == b"header.json" else members
        return store(root, {f"set/{LOG}": zip_of([*members, (name, packed(padded(pieces())))])})

    return build


def _wild_times(root: Path) -> Path:
    wild = ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "-1", "NaN", "1e400", "9" * 30]
    listed = manifest(
        *(sample(n, (), started_at=at, completed_at=at) for n, at in enumerate(wild)),
        sample(-1, ((-5, -7), (10**30, 10**30)), epoch=-(10**30)),
    )
    text = rows(
        *(event(timestamp=at, completed=at, output={"time": 1e308}) for at in wild), first=-3
    ).replace(b'"id": -3', b'"id": ' + b"9" * 400)
    files = {f"set/{MANIFEST}": listed, f"set/{BUFFER}/segment.1.zip": zipped({"1_1.json": text})}
    return store(root, files)


def _sparse(name: str, size: int) -> Callable[[Path], Path]:
    def build(root: Path) -> Path:
        store(root, {})
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        with (root / name).open("ab") as file:
            file.truncate(size)
        return root

    return build


def _specials(root: Path) -> Path:
    """Pipes, sockets, devices, links and folders where files are expected."""
    store(root, {})
    other = root.parent / f"{root.name}-outside"
    store(other, {})
    (root / f"set/{BUFFER}/segment.1.zip").unlink()
    os.mkfifo(root / f"set/{BUFFER}/segment.1.zip")
    os.mkfifo(root / f"set/{DAY}_fifo_aaaaaaaaaa.eval")
    (root / f"set/{DAY}_zero_bbbbbbbbbb.eval").symlink_to("/dev/zero")
    (root / f"set/{DAY}_out_cccccccccc.eval").symlink_to(other / "set" / LOG)
    (root / "outside").symlink_to(other / "set")
    (root / "proc").symlink_to("/proc")
    (root / "loop").symlink_to(".")
    (root / f"set/{DAY}_dir_dddddddddd.eval").mkdir()
    (root / "set/.hawk").mkdir()
    os.mkfifo(root / "set/.hawk/interactions.json")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(root / "set")
        server.bind("s.eval")
        os.chdir(here)
    (root / "set" / os.fsdecode(b"2026-\xff.eval")).write_bytes(b"x")
    return root


def _many_files(root: Path) -> Path:
    store(root, {})
    (root / "set/.commands").mkdir()
    for n in range(200_000):
        os.close(os.open(root / f"set/.commands/stop-sample-{n}.json", os.O_CREAT | os.O_WRONLY))
    return root


def _many_logs(root: Path) -> Path:
    store(root, {})
    for n in range(20_000):
        path = root / f"set/{DAY}_t_a{n:09d}.eval"
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    return root


def bundle(root: Path) -> Path:
    """A bundle with a store and a folder for the cluster's objects."""
    store(root / "store", {})
    for path in list((root / "store/set").rglob("*")):
        new = root / "store" / path.relative_to(root / "store/set")
        if path.is_file():
            new.parent.mkdir(parents=True, exist_ok=True)
            path.rename(new)
    about = {"format": 1, "eval_set_id": "set", "captured_at": "2026-11-23T16:00:00Z"}
    (root / "bundle.json").write_text(json.dumps(about))
    (root / "kubernetes/logs/ns").mkdir(parents=True)
    return root


def _bundle_sparse(name: str, size: int) -> Callable[[Path], Path]:
    def build(root: Path) -> Path:
        bundle(root)
        with (root / name).open("ab") as file:
            file.truncate(size)
        return root

    return build


def _pods(root: Path) -> Path:
    bundle(root)
    pod = '{"metadata":{"name":"p%d","namespace":"n","labels":{"app":"inspect-eval-set"}}}'
    items = ",".join(pod % n for n in range(1_000_000))
    (root / "kubernetes/pods.json").write_text(f'{{"items":[{items}]}}')
    return root


def _bundle_specials(root: Path) -> Path:
    bundle(root)
    os.mkfifo(root / "kubernetes/pods.json")
    os.mkfifo(root / "kubernetes/logs/ns/pod.log")
    (root / "kubernetes/logs/ns/zero.log").symlink_to("/dev/zero")
    (root / "kubernetes/jobs.json").symlink_to("/dev/zero")
    (root / "kubernetes/logs/ns/passwd.log").symlink_to("/etc/passwd")
    (root / "kubernetes/events.json").mkdir()
    return root


def _bundle_link(root: Path) -> Path:
    bundle(root)
    (root / "bundle.json").unlink()
    os.mkfifo(root / "bundle.json")
    return root


def _long_line(root: Path) -> Path:
    bundle(root)
    with (root / "kubernetes/logs/ns/pod.log").open("wb") as file:
        for _ in range(1024):
            file.write(b"x" * MIB)
    return root


def _many_lines(root: Path) -> Path:
    bundle(root)
    with (root / "kubernetes/logs/ns/pod.log").open("wb") as file:
        for _ in range(1024):
            file.write(b"Sample error (id: a, epoch: 1): x). Sample will be retried.\n" * 8_000)
    return root


def _many_runner_logs(root: Path) -> Path:
    bundle(root)
    for n in range(50_000):
        (root / f"kubernetes/logs/ns/p{n}.log").write_bytes(b"hello\n")
    return root


def _json_log(pieces: Callable[[], Iterable[bytes]]) -> Callable[[Path], Path]:
    def build(root: Path) -> Path:
        store(root, {})
        with (root / f"set/{LOG.removesuffix('.eval')}.json").open("wb") as file:
            file.writelines(pieces())
        (root / f"set/{LOG}").unlink()
        return root

    return build


HEAD = json.dumps({"version": 2, "status": "started", "eval": logs.spec()}).encode()[:-1]


def database(root: Path, make: Callable[[sqlite3.Connection], None]) -> Path:
    """A store whose log's buffer is a database: see `environment`."""
    from hashlib import sha256  # noqa: PLC0415

    store(root, {})
    for path in sorted((root / "set/.buffer").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (root / "set/.buffer").rmdir()
    folder = sha256(f"file://{root.resolve() / 'set'}".encode()).hexdigest()
    where = root / ".data/inspect_ai/samplebuffer" / folder
    where.mkdir(parents=True)
    path = where / f"{LOG}.{os.getpid()}.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        make(connection)
    connection.close()
    return root


EVENTS = "CREATE TABLE events (id INTEGER PRIMARY KEY, event_id, sample_id, sample_epoch, data)"
SAMPLES = "CREATE TABLE samples (id, epoch, data)"
SUMMARY = '{"id":"1","epoch":1}'
ENDLESS = (
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) "
    "SELECT x AS id, 'e' AS event_id, '1' AS sample_id, 1 AS sample_epoch, 'x' AS data FROM c "
    "WHERE x < 0"
)
NUMBERS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x < %d)"


def _endless_view(connection: sqlite3.Connection) -> None:
    connection.execute(f"CREATE VIEW events AS {ENDLESS}")
    connection.execute(SAMPLES)
    connection.execute("INSERT INTO samples VALUES ('1', 1, ?)", (SUMMARY,))


def _large_blob(connection: sqlite3.Connection) -> None:
    connection.execute(EVENTS)
    connection.execute(SAMPLES)
    connection.execute("INSERT INTO samples VALUES ('1', 1, zeroblob(900000000))")
    connection.execute("INSERT INTO events VALUES (1, 'e', '1', 1, zeroblob(900000000))")


def _large_generated(connection: sqlite3.Connection) -> None:
    """Rows whose data is made when they are read, a gigabyte each."""
    connection.execute(
        "CREATE TABLE events (id INTEGER PRIMARY KEY, event_id, sample_id, sample_epoch, "
        "data AS (hex(zeroblob(400000000))) VIRTUAL)"
    )
    connection.execute(SAMPLES)
    connection.execute("INSERT INTO samples VALUES ('1', 1, ?)", (SUMMARY,))
    for n in range(1, 50):
        connection.execute("INSERT INTO events VALUES (?, 'e', '1', 1)", (n,))


def _million_rows(connection: sqlite3.Connection) -> None:
    connection.execute(EVENTS)
    connection.execute(SAMPLES)
    connection.execute("INSERT INTO samples VALUES ('1', 1, ?)", (SUMMARY,))
    data = '{"event":"info"}'
    connection.execute(
        f"{NUMBERS % 2_000_000} INSERT INTO events SELECT x, 'e', '1', 1, '{data}' FROM c"
    )


def _million_sqlite_samples(connection: sqlite3.Connection) -> None:
    connection.execute(EVENTS)
    connection.execute(SAMPLES)
    data = "'{\"id\":' || x || ',\"epoch\":1}'"
    connection.execute(f"{NUMBERS % 1_000_000} INSERT INTO samples SELECT x, 1, {data} FROM c")


def _fifo_database(root: Path) -> Path:
    database(root, _million_sqlite_samples)
    path = next((root / ".data").rglob("*.db"))
    path.unlink()
    os.mkfifo(path)
    return root


def on_database(make: Callable[[sqlite3.Connection], None]) -> Callable[[Path], Path]:
    return lambda root: database(root, make)


def environment(target: Path) -> dict[str, str]:
    """What a check of a target must have in its environment."""
    data = target / ".data"
    return {"XDG_DATA_HOME": str(data)} if data.is_dir() else {}


BLANKS = 512 * MIB - 64
DIGITS = b"1" * 1_000_000

ATTACKS: tuple[Attack, ...] = (
    Attack("blanks_zstd", "ratio", member(b'{"events":[', b" ", BLANKS, b"]}", pad=b""), "bytes"),
    Attack(
        "blanks_ratio", "ratio", member(b'{"events":[', b" ", 100 * MIB, b"]}", pad=b""), "times"
    ),
    Attack("blanks_padded", "ratio", member(b'{"events":[', b" ", 127 * MIB, b"]}")),
    Attack("blanks_deflate", "ratio", member(b'{"events":[', b" ", BLANKS, b"]}", 8), "bytes"),
    Attack("rows_10m", "count", member(b'{"events":[', ROW, BLANKS, LAST), "bytes"),
    Attack("rows_1m", "count", member(b'{"events":[', ROW, 50 * MIB, LAST), "rows"),
    Attack("numbers", "count", member(b'{"events":[1', b",1", 120 * MIB, b"]}")),
    Attack("objects", "count", member(b'{"events":[{}', b",{}", 120 * MIB, b"]}")),
    Attack("objects_small", "count", member(b'{"events":[{}', b",{}", 15 * MIB, b"]}")),
    Attack("not_strict", "count", member(b'{"x":NaN,"events":[{}', b",{}", BLANKS, b"]}")),
    Attack(
        "not_strict_small", "count", member(b'{"x":NaN,"y":[{"":0}', b',{"":0}', 15 * MIB, b"]}")
    ),
    Attack("not_strict_rows", "count", member(b'{"x":NaN,"events":[', ROW, 15 * MIB, LAST)),
    Attack(
        "twice_not_strict",
        "string",
        member(b'{"x":NaN,"events":[],"y":"', b"\\u00e9\xf0\x9f\x98\x80", 120 * MIB, b'"}'),
    ),
    Attack("quotes", "string", member(b'{"x":NaN,"events":[', b'"",', 120 * MIB, b'""]}')),
    Attack("escapes", "string", member(b'{"x":NaN,"events":["', b'\\"', 120 * MIB, b'"]}')),
    Attack("brackets", "depth", member(b'{"events":[', b"[", 15 * MIB, b"]}")),
    Attack(
        "brackets_in_arguments",
        "depth",
        segment_of(
            lambda: frames(
                b'{"events":[{"id":1,"event_id":"e","event":{"event":"tool","arguments":',
                b"[",
                MIB,
                b"",
            )
        ),
    ),
    Attack(
        "objects_in_depth",
        "depth",
        member(b'{"events":[{"id":1,"event_id":"e","event":', b'{"a":', 15 * MIB, b""),
    ),
    Attack(
        "arguments",
        "count",
        member(
            b'{"events":[{"id":1,"event_id":"e","event":{"event":"tool","completed":"2026-11-23T15:44:41Z","arguments":[[]',
            b",[]",
            60 * MIB,
            b"]}}]}",
        ),
    ),
    Attack(
        "arguments_15m",
        "count",
        member(
            b'{"events":[{"id":1,"event_id":"e","event":{"event":"tool","completed":"2026-11-23T15:44:41Z","arguments":[[]',
            b",[]",
            15 * MIB,
            b"]}}]}",
        ),
    ),
    Attack(
        "result_wide",
        "string",
        member(
            '{"events":[{"id":1,"event_id":"e","event":{"event":"tool","completed":"2026-11-23T15:44:41Z","result":"😀'.encode(),
            b"a",
            100 * MIB,
            b'"}}]}',
        ),
    ),
    Attack(
        "result_wide_15m",
        "string",
        member(
            '{"events":[{"id":1,"event_id":"e","event":{"event":"tool","completed":"2026-11-23T15:44:41Z","result":"😀'.encode(),
            b"a",
            15 * MIB,
            b'"}}]}',
        ),
    ),
    Attack(
        "choices",
        "count",
        member(
            b'{"events":[{"id":1,"event_id":"e","event":{"event":"model","output":{"choices":[{}',
            b",{}",
            100 * MIB,
            b"]}}}]}",
        ),
    ),
    Attack(
        "choices_15m",
        "count",
        member(
            b'{"events":[{"id":1,"event_id":"e","event":{"event":"model","output":{"choices_15m":[{}',
            b",{}",
            15 * MIB,
            b"]}}}]}",
        ),
    ),
    Attack(
        "input_refs",
        "count",
        member(
            b'{"events":[{"id":1,"event_id":"e","event":{"event":"model","error":"x","input_refs":[[0,1]',
            b",[0,1]",
            100 * MIB,
            b"]}}]}",
        ),
    ),
    Attack(
        "input_refs_15m",
        "count",
        member(
            b'{"events":[{"id":1,"event_id":"e","event":{"event":"model","error":"x","input_refs_15m":[[0,1]',
            b",[0,1]",
            15 * MIB,
            b"]}}]}",
        ),
    ),
    Attack(
        "input",
        "count",
        member(
            b'{"events":[{"id":1,"event_id":"e","event":{"event":"model","error":"x","input":[1',
            b",1",
            100 * MIB,
            b"]}}]}",
        ),
    ),
    Attack(
        "input_15m",
        "count",
        member(
            b'{"events":[{"id":1,"event_id":"e","event":{"event":"model","error":"x","input_15m":[1',
            b",1",
            15 * MIB,
            b"]}}]}",
        ),
    ),
    Attack(
        "keys",
        "count",
        member(
            b'{"events":[{"id":1,"event_id":"e","event":{"event":"model","a":1',
            b',"a":1',
            100 * MIB,
            b"}}]}",
        ),
    ),
    Attack(
        "keys_15m",
        "count",
        member(
            b'{"events":[{"id":1,"event_id":"e","event":{"event":"model","a":1',
            b',"a":1',
            15 * MIB,
            b"}}]}",
        ),
    ),
    Attack(
        "digits_in_row",
        "number",
        member(
            b'{"events":[{"event_id":"e","event":{"event":"info"},"id":', b"1", 10 * MIB, b"}]}"
        ),
    ),
    Attack(
        "digits_loose",
        "number",
        member(
            b'{"x":NaN,"events":[{"event_id":"e","event":{"event":"info"},"id":',
            b"1",
            3 * MIB,
            b"}]}",
        ),
    ),
    Attack(
        "float_digits",
        "number",
        member(
            b'{"events":[{"id":1,"event_id":"e","event":{"event":"model","output":{"time":1.',
            b"1",
            100 * MIB,
            b"}}}]}",
        ),
    ),
    Attack(
        "float_digits_15m",
        "number",
        member(
            b'{"events":[{"id":1,"event_id":"e","event":{"event":"model","output":{"time":1.',
            b"1",
            15 * MIB,
            b"}}}]}",
        ),
    ),
    Attack(
        "kinds",
        "names",
        lambda root: store(
            root,
            {
                f"set/{BUFFER}/segment.1.zip": zipped(
                    {"1_1.json": rows(*(event(f"k{n}" * 30) for n in range(20_000)))}
                )
            },
        ),
    ),
    Attack("overlap", "count", _overlapping),
    Attack("segments_1m", "count", _million_segments),
    Attack("small_segments", "count", _many_small_segments, "s of CPU gave no more than"),
    Attack("samples_1m", "count", _million_samples),
    Attack("running_100k", "count", _running_samples),
    Attack("references_1m", "count", _million_references),
    Attack(
        "manifest_numbers",
        "count",
        lambda root: store(
            root, {f"set/{MANIFEST}": b'{"samples":[1' + b",1" * (50 * MIB) + b"]}"}
        ),
    ),
    Attack(
        "manifest_loose",
        "count",
        lambda root: store(
            root, {f"set/{MANIFEST}": b'{"x":NaN,"samples":[{}' + b",{}" * (20 * MIB) + b"]}"}
        ),
    ),
    Attack(
        "manifest_metrics",
        "count",
        lambda root: store(
            root, {f"set/{MANIFEST}": b'{"metrics":[{}' + b",{}" * (20 * MIB) + b'],"samples":[]}'}
        ),
    ),
    Attack(
        "manifest_depth",
        "depth",
        lambda root: store(root, {f"set/{MANIFEST}": b'{"metrics":' + b"[" * MIB}),
    ),
    Attack("manifest_sparse", "file", _sparse(f"set/{MANIFEST}", 500 * MIB)),
    Attack("segment_sparse", "file", _sparse(f"set/{BUFFER}/segment.1.zip", 500 * MIB)),
    Attack("segment_1tb", "file", _sparse(f"set/{BUFFER}/segment.1.zip", 1024 * GIB)),
    Attack("log_1tb", "file", _sparse(f"set/{LOG}", 1024 * GIB)),
    Attack("directory_1m", "count", _directory),
    Attack("journal_1m", "count", _directory_of_log),
    Attack("long_ids", "names", _long_ids),
    Attack(
        "dataset_samples", "number", _log(dataset={"samples": 10**12}, config={"epochs": 10**9})
    ),
    Attack(
        "dataset_digits",
        "number",
        _start(lambda: [b'{"version":2,"eval":{"dataset":{"samples":', DIGITS, b"}}}"]),
    ),
    Attack(
        "start_blanks",
        "ratio",
        _start(lambda: frames(b'{"version":2,"eval":{', b" ", BLANKS, b"}}")),
    ),
    Attack(
        "start_objects",
        "count",
        _start(lambda: frames(b'{"version":2,"eval":{"a":[{}', b",{}", 40 * MIB, b"]}}")),
    ),
    Attack(
        "start_ids",
        "count",
        _start(
            lambda: frames(
                b'{"version":2,"eval":{"dataset":{"sample_ids":[1', b",1", 60 * MIB, b"]}}}"
            )
        ),
    ),
    Attack(
        "header_objects",
        "count",
        _header(lambda: frames(b'{"version":2,"status":"error","a":[{}', b",{}", 40 * MIB, b"]}")),
    ),
    Attack(
        "summaries_1m",
        "count",
        _header(
            lambda: frames(b'[{"id":1,"epoch":1}', b',{"id":1,"epoch":1}', 10_000_000, b"]"),
            b"summaries.json",
        ),
    ),
    Attack(
        "summaries_6m",
        "count",
        _header(
            lambda: frames(b'[{"id":1,"epoch":1}', b',{"id":1,"epoch":1}', 6_000_000, b"]"),
            b"summaries.json",
        ),
    ),
    Attack(
        "summaries_10m",
        "count",
        _header(
            lambda: frames(b'[{"id":1,"epoch":1}', b',{"id":1,"epoch":1}', 400 * MIB // 20, b"]"),
            b"summaries.json",
        ),
    ),
    Attack(
        "summaries_loose",
        "count",
        _header(lambda: frames(b"[NaN", b",{}", 100 * MIB // 3, b"]"), b"summaries.json"),
    ),
    Attack("times", "number", _wild_times),
    Attack("specials", "file", _specials),
    Attack("files_200k", "file", _many_files),
    Attack("logs_20k", "file", _many_logs),
    Attack("pods_4gb", "bundle", _bundle_sparse("kubernetes/pods.json", 4 * GIB)),
    Attack("pods_200mb_zero", "bundle", _bundle_sparse("kubernetes/pods.json", 200 * MIB)),
    Attack("pods_1m", "bundle", _pods),
    Attack("bundle_specials", "bundle", _bundle_specials),
    Attack("bundle_json_fifo", "bundle", _bundle_link),
    Attack("bundle_json_sparse", "bundle", _bundle_sparse("bundle.json", 2 * GIB)),
    Attack("runner_log_10gb", "bundle", _bundle_sparse("kubernetes/logs/ns/pod.log", 10 * GIB)),
    Attack("runner_log_line", "bundle", _long_line),
    Attack("runner_log_lines", "bundle", _many_lines),
    Attack("runner_logs_50k", "bundle", _many_runner_logs),
    Attack("json_blanks", "json", _json_log(lambda: frames(HEAD, b" ", 31 * MIB, b"}"))),
    Attack(
        "json_objects",
        "json",
        _json_log(lambda: frames(HEAD + b',"a":[{"":0}', b',{"":0}', 4 * MIB, b"]}")),
    ),
    Attack(
        "json_samples",
        "json",
        _json_log(
            lambda: frames(
                HEAD + b',"samples":[{"id":1,"epoch":1}', b',{"id":1,"epoch":1}', 1_500_000, b"]}"
            )
        ),
    ),
    Attack(
        "json_bad_samples",
        "json",
        _json_log(lambda: frames(HEAD + b',"samples":[1', b",1", 15 * MIB, b"]}")),
    ),
    Attack("json_depth", "json", _json_log(lambda: frames(HEAD + b',"a":', b"[", 10 * MIB, b""))),
    Attack("json_digits", "json", _json_log(lambda: frames(HEAD + b',"a":', b"1", 30 * MIB, b"}"))),
    Attack(
        "json_wide",
        "json",
        _json_log(lambda: frames(HEAD + ',"a":"😀'.encode(), b"a", 30 * MIB, b'"}')),
    ),
    Attack("sqlite_view", "sqlite", on_database(_endless_view)),
    Attack("sqlite_blob", "sqlite", on_database(_large_blob)),
    Attack("sqlite_generated", "sqlite", on_database(_large_generated)),
    Attack("sqlite_rows", "sqlite", on_database(_million_rows)),
    Attack("sqlite_samples", "sqlite", on_database(_million_sqlite_samples)),
    Attack("sqlite_fifo", "sqlite", _fifo_database),
)
