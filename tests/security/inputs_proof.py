"""Hostile inputs that no one reader owns: texts, names, zips' tricks, files that are none."""

import io
import json
import os
import random
import socket
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import zstandard

from tests.builders import logs
from tests.builders.logs import AT, BUFFER, LOG, MANIFEST, event, manifest, rows, sample, zipped
from tests.builders.zips import forged
from tests.security.attack import Attack

MIB = 1024 * 1024
SEGMENT = f"{BUFFER}/segment.1.zip"


def files(root: Path, changed: dict[str, bytes], name: str = "set") -> Path:
    """A running task whose files are sound but for those that are given."""
    for path, data in (logs.running_store() | changed).items():
        file = root / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return root


def one_file(path: str, data: Callable[[], bytes]) -> Callable[[Path], Path]:
    """The same with one file, made when it is asked for."""
    return lambda root: files(root, {path: data()})


def events(*of: dict) -> bytes:
    """A segment with these rows."""
    return zipped({"1_1.json": rows(*of)})


# Texts.

WORST = (
    " " * 200,
    "a." * 100,
    "7" * 200,
    "eyJeyJ-" * 30,
    "Error code: " * 17,
    "Sample error (id: a" * 11,
    "://a:b" * 34,
    "token=" * 34,
    "-----BEGIN PRIVATE KEY-----" * 8,
    "botocore" * 25,
    "[" + " " * 199,
    'image "' + "." * 190,
)


def worst_text(size: int) -> str:
    """The worst near-matches of all patterns, long runs of each."""
    each = size // len(WORST)
    return "\n".join(text * (each // len(text)) for text in WORST)


NOISE = random.Random(19)  # noqa: S311 - noise


def noise(length: int) -> str:
    """Text that compresses to half of it: what is repeated beside it stays below the ratio."""
    return NOISE.randbytes(length // 2).hex()


def _error_rows(count: int) -> bytes:
    """Failures, each with an error and a traceback of 3,900 characters."""
    texts = [text * (3900 // len(text)) for text in WORST]
    failing = (
        event(error=noise(64) + texts[place % len(texts)], traceback=texts[-place % len(texts)])
        for place in range(count)
    )
    return zipped({"1_1.json": rows(*failing)})


def _one_error(size: int) -> bytes:
    """A row of a little less than 16 MiB."""
    failing = event(error=worst_text(size), traceback=worst_text(MIB // 4), pad=noise(MIB // 8))
    return zipped({"1_1.json": rows(failing)})


def _runner_lines(root: Path) -> Path:
    """Lines of 64 KiB, each of which is the worst for one pattern."""
    files(root / "store", {}, "")
    (root / "bundle.json").write_text(json.dumps({"format": 1, "eval_set_id": "set"}))
    folder = root / "kubernetes" / "logs" / "inspect-set"
    folder.mkdir(parents=True)
    leads = (
        "",
        "ERROR ",
        "2026-11-23 15:44:41 ERROR [",
        "sample=",
        "Task: ",
        "-> ",
        "[a mini/1/1 ",
    )
    with (folder / "set-abcde.log").open("w") as file:
        for lead in leads:
            for text in WORST:
                line = lead + text * (65_000 // len(text))
                file.write(f"2026-11-23T15:44:41Z {line}\n")
    return root


def _problems(root: Path) -> Path:
    """90,000 rows of which none can be understood."""
    bad = b",".join(b'{"id":%d,"event_id":"e","event":7}' % place for place in range(90_000))
    return files(root, {SEGMENT: zipped({"1_1.json": b'{"events":[' + bad + b"]}"})})


def _summaries_of_errors(root: Path) -> Path:
    """10,000 samples that ended in long errors, each of a kind of its own."""
    ends = [
        logs.ended(place, error=f"Kind{place}Error: " + WORST[place % len(WORST)] * 18)
        for place in range(10_000)
    ]
    return files(root, {LOG: logs.running_log(ends)})


# Names.

ODD = (
    "\x1b[2J\x1b]0;title\x07",
    "a\nverdict: finished",
    "\u202egpj.exe",
    "`touch /tmp/owned`",
    "$(touch owned)",
    "'; touch owned; '",
    "FILLER",
    "<sample-uuid>",
    "{eval_set_id}",
    "<script>alert(1)</script>",
    "--config",
    "<!channel> <@U1>",
    "x" * 5000,
    "../../etc/passwd",
    "%s%n{0.__class__}",
)


def _names(root: Path) -> Path:
    """Task, model, ids and errors that are names of other things; one sample stuck on each."""
    entries, members = [], {}
    failing = [event(timestamp=AT, error=f"Error code: 500 - {odd}", model=odd) for odd in ODD]
    for odd in ODD:
        entries.append(sample(odd, ((1, len(ODD)),)))
        members[f"{odd}_1.json"] = rows(*failing)
    start = logs.running_log(task=ODD[1], model=ODD[3], created=ODD[0], eval_set_id=ODD[12])
    changed = {LOG: start, MANIFEST: manifest(*entries), SEGMENT: zipped(members)}
    return files(root, changed)


def _folders(root: Path) -> Path:
    """Eval sets whose folders are named so, as far as a file system takes it."""
    for odd in (*ODD, "a" * 250, "-rf", ".", "..hidden", "~", "*", "con: x", "a b"):
        name = odd.replace("/", "_").replace("\0", "")[:200]
        if name not in (".", ".."):
            files(root, {}, name)
    os.mkdir(os.fsencode(root) + b"/\xff\xfe")  # noqa: PTH102 - a name that is no text
    return root


def _ids(root: Path) -> Path:
    """20 samples whose ids, uuids and models have a MiB each."""
    long = "i" * MIB
    entries = [sample(f"{place}{long}", (1,), uuid=long) for place in range(20)]
    start = logs.running_log(task=long, model=long)
    return files(root, {MANIFEST: manifest(*entries), LOG: start})


# Zips.


def _frame(content: bytes, log: int) -> bytes:
    """A zstd frame that asks for a window of `2 ** log` bytes (RFC 8878, section 3.1.1)."""
    window = bytes([(log - 10) << 3])
    block = struct.pack("<L", 1 | len(content) << 3)[:3]
    return b"\x28\xb5\x2f\xfd" + b"\x00" + window + block + content


def _window(root: Path) -> Path:
    content = rows(event())
    raw = _frame(content, 31)
    return files(root, {SEGMENT: forged(raw, len(content), zlib.crc32(content), name=b"1_1.json")})


def _frames(root: Path) -> Path:
    """200,000 frames, each with a byte."""
    content = b'{"events":[' + b" " * 200_000 + b"]}"
    packer = zstandard.ZstdCompressor(level=1, write_content_size=False, write_checksum=False)
    one = packer.compress(b" ")
    raw = packer.compress(content[:11]) + one * 200_000 + packer.compress(b"]}")
    return files(root, {SEGMENT: forged(raw, len(content), zlib.crc32(content), name=b"1_1.json")})


def _lies(size: int, root: Path) -> Path:
    content = rows(event())
    raw = zstandard.ZstdCompressor().compress(b" " * (64 * MIB))
    return files(root, {SEGMENT: forged(raw, size, zlib.crc32(content), name=b"1_1.json")})


def _long_names(root: Path) -> Path:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for place in range(900):
            archive.writestr(f"{place:05}" + "n" * 65_000, b"")
        archive.writestr("1_1.json", rows(event()))
    return files(root, {SEGMENT: buffer.getvalue()})


def _nested(root: Path) -> Path:
    """A zip in a zip in a zip: nothing here unpacks twice."""
    data = zipped({"1_1.json": b" " * 16 * MIB})
    for _ in range(20):
        data = zipped({"1_1.json": data, "a.zip": data})
    return files(root, {SEGMENT: data})


def _truncated64(root: Path) -> Path:
    """An end that points to a 64-bit record far beyond the file."""
    end = struct.pack("<4sLQL", b"PK\x06\x07", 0, 2**63, 1)
    end += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return files(root, {SEGMENT: end, LOG: end})


# Files that are none.


def _replaced(path: str, make: Callable[[Path], None], root: Path) -> Path:
    files(root, {})
    file = root / "set" / path
    if file.is_dir():
        for child in sorted(file.rglob("*"), reverse=True):
            child.rmdir() if child.is_dir() else child.unlink()
        file.rmdir()
    elif file.exists():
        file.unlink()
    file.parent.mkdir(parents=True, exist_ok=True)
    make(file)
    return root


def _socket(file: Path) -> None:
    here = Path.cwd()
    os.chdir(file.parent)  # an address has at most 107 bytes
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(file.name)
    finally:
        os.chdir(here)


def _link(where: str, file: Path) -> None:
    file.symlink_to(where)


def _sparse(size: int, file: Path) -> None:
    with file.open("wb") as one:
        one.truncate(size)


SPECIAL = {
    "fifo": os.mkfifo,
    "socket": _socket,
    "link to /dev/zero": partial(_link, "/dev/zero"),
    "link to /etc/passwd": partial(_link, "/etc/passwd"),
    "link to itself": lambda file: file.symlink_to(file.name),
    "link up": lambda file: file.symlink_to(".."),
    "1 TB of zeros": partial(_sparse, 2**40),
}
PLACES = {"manifest": MANIFEST, "segment": SEGMENT, "log": LOG, "buffer": BUFFER}


def _special() -> tuple[Attack, ...]:
    return tuple(
        Attack(
            f"{kind} as {place}",
            "file",
            partial(_replaced, path, make),
            imitates="a sandbox that shares the log directory",
        )
        for kind, make in SPECIAL.items()
        for place, path in PLACES.items()
        if not (place == "buffer" and kind == "1 TB of zeros")
    )


def _interactions(data: bytes) -> Callable[[Path], Path]:
    return one_file(".hawk/interactions.json", lambda: data)


ATTACKS: tuple[Attack, ...] = (
    Attack("error texts", "text", one_file(SEGMENT, lambda: _error_rows(3_900))),
    Attack("error texts beyond what is kept", "text", one_file(
        SEGMENT, lambda: _error_rows(8_000)), "more than the 16,000,000 characters"),
    Attack("one error text of 16 MiB", "text", one_file(SEGMENT, lambda: _one_error(15 * MIB))),
    Attack("runner log lines", "text", _runner_lines),
    Attack("errors that ended", "text", _summaries_of_errors),
    Attack("problems", "text", _problems),
    Attack("names", "name", _names),
    Attack("names of folders", "name", _folders),
    Attack("ids of a MiB", "name", _ids),
    Attack("zstd window of 2 GiB", "zip", _window, "memory"),
    Attack("200,000 frames", "zip", _frames),
    Attack("size too small", "zip", partial(_lies, 60), "size"),
    Attack("size too large", "zip", partial(_lies, 256 * MIB)),
    Attack("names of 64 KiB", "zip", _long_names),
    Attack("zips in zips", "zip", _nested),
    Attack("64-bit record beyond the end", "zip", _truncated64, "zip"),
    Attack("interactions in depth", "depth", _interactions(b"[" * 4000)),
    Attack("interactions of 100 MiB", "string", _interactions(b" " * (100 * MIB))),
    *_special(),
)  # fmt: skip
