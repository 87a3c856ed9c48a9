"""Takes secrets out of a bundle, file by file: what can't be searched is not in it.

Texts are rewritten, and the members of zips (`.eval`, segments); modification times stay, since
they are part of what a bundle says. Members are read one after the other, so memory holds one,
and whoever asked is asked between two whether it is still wanted.
"""

import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from pathlib import Path

from msgspec import Struct

from watchdog.collect.stores.zip_members import CorruptZip, Directory, directory, read_member
from watchdog.redaction import Secrets, Stopped, TooManyFinds, redact, redact_bytes

__all__ = ["Redacted", "Stopped", "redact_directory"]

ZIPS = frozenset({".eval", ".zip"})
LIMIT = 512 * 1024 * 1024
"""Bytes of a file or a member that are searched."""
PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"7z\xbc\xaf")
"""How compressed contents begin (gzip, bzip2, xz, zstd, zip, 7z): not what they hold."""
DATABASE = b"SQLite format 3\x00"

Stop = Callable[[], bool]


class Redacted(Struct, frozen=True):
    """What was done to a bundle."""

    changed: tuple[str, ...] = ()
    """Files in which something was redacted."""
    notes: tuple[str, ...] = ()
    """What was left out because it can't be searched, and why."""


class _Search(Struct, frozen=True):
    """What is looked for, and how."""

    secrets: Secrets
    limit: int
    stop: Stop | None

    def ask(self) -> None:
        """Raise Stopped where nobody wants it any more."""
        if self.stop is not None and self.stop():
            raise Stopped

    def text(self, data: bytes) -> bytes:
        """`data` without secrets."""
        try:
            return redact_bytes(data, self.secrets, self.stop)
        except TooManyFinds as error:
            raise _UnsearchableError("holds more secrets than can be taken out") from error


def redact_directory(
    root: Path, secrets: Iterable[str] = (), limit: int = LIMIT, stop: Stop | None = None
) -> Redacted:
    """Redact every file below `root` in place.

    Args:
        root: a directory of ours; links in it are removed, not followed.
        secrets: values that are known, beside those that the process knows.
        limit: bytes of a file or member; what is larger is left out.
        stop: is asked every few milliseconds to seconds (16 MiB at most take two) whether to end.

    Raises:
        Stopped: `stop` says so. What is below `root` then is neither old nor new: remove it.
    """
    asked = secrets if isinstance(secrets, Secrets) else Secrets(secrets)
    search = _Search(asked, limit, stop)
    changed, notes = [], []
    for path in sorted(path for path in root.rglob("*") if path.is_symlink() or path.is_file()):
        name = str(path.relative_to(root))
        try:
            if _redact_file(path, name, search):
                changed.append(name)
        except (_UnsearchableError, OSError) as error:
            path.unlink(missing_ok=True)
            why = error.strerror if isinstance(error, OSError) else str(error)
            notes.append(f"left out: {redact(name, asked)}: {redact(str(why), asked)}")
    notes += _unnamed_folders(root, search)
    return Redacted(tuple(changed), tuple(notes))


def _unnamed_folders(root: Path, search: _Search) -> Iterator[str]:
    """Empty folders whose names hold a secret are removed."""
    for folder in sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True):
        name = str(folder.relative_to(root))
        hidden = redact(name, search.secrets)
        if hidden != name and not any(folder.iterdir()):
            folder.rmdir()
            yield f"left out: {hidden}: its name holds a secret"


class _UnsearchableError(Exception):
    """A file can't be searched for secrets; the text says why."""


def _redact_file(path: Path, name: str, search: _Search) -> bool:
    """Whether something was redacted."""
    search.ask()
    if path.is_symlink():
        raise _UnsearchableError("a link")
    if redact(name, search.secrets) != name:
        raise _UnsearchableError("its name holds a secret")
    if path.stat().st_size > search.limit:
        raise _UnsearchableError(f"larger than {search.limit:,} bytes")
    data = path.read_bytes()
    zipped = path.suffix in ZIPS and bool(data)
    redacted = _redact_zip(data, search) if zipped else _redact_content(data, search)
    if redacted is None or redacted == data:
        return False
    _replace(path, redacted)
    return True


def _redact_content(data: bytes, search: _Search) -> bytes:
    """A file or a member without secrets; what is no text in it stays as it is."""
    if data.startswith(PACKED):
        raise _UnsearchableError("compressed: can't be searched")
    redacted = search.text(data)
    if redacted != data and data.startswith(DATABASE):
        raise _UnsearchableError("a database that holds a secret")
    return redacted


def _redact_zip(data: bytes, search: _Search) -> bytes | None:
    """The zip with its members redacted; None where none of them holds a secret."""
    try:
        members = directory(data)
        _check_names(members, search)
        if not any(_holds(data, members, name, search) for name in members):
            return None
        return _zipped(data, members, search)
    except CorruptZip as error:
        raise _UnsearchableError(f"can't be searched: {error}") from error
    except MemoryError as error:
        raise _UnsearchableError("too large to be searched") from error


def _check_names(members: Directory, search: _Search) -> None:
    names = "\n".join(members)
    if redact(names, search.secrets) != names:
        raise _UnsearchableError("a member's name holds a secret")


def _holds(data: bytes, members: Directory, name: str, search: _Search) -> bool:
    """Whether a member holds something that must not stay."""
    search.ask()
    content = read_member(data, members[name], search.limit)
    return content.startswith(PACKED) or search.text(content) != content


def _zipped(data: bytes, members: Directory, search: _Search) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members, key=lambda name: members[name].offset):
            search.ask()
            content = _redact_content(read_member(data, members[name], search.limit), search)
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _replace(path: Path, data: bytes) -> None:
    """The new content at once, with the old times."""
    status = path.stat()
    beside = path.with_name(f".{path.name[:100]}.redacted")
    beside.write_bytes(data)
    os.utime(beside, ns=(status.st_atime_ns, status.st_mtime_ns))
    beside.replace(path)
