"""Takes secrets out of a bundle, file by file: what can't be searched is not in it.

Texts are rewritten, and the members of zips (`.eval`, segments); modification times stay, since
they are part of what a bundle says.
"""

import os
import zipfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from msgspec import Struct

from watchdog.collect.stores.zip_members import CorruptZip, Directory, directory, read_member
from watchdog.redaction import Secrets, forms, redact

ZIPS = frozenset({".eval", ".zip"})
LIMIT = 512 * 1024 * 1024
"""Bytes of a file or a member that are searched."""


class Redacted(Struct, frozen=True):
    """What was done to a bundle."""

    changed: tuple[str, ...] = ()
    """Files in which something was redacted."""
    notes: tuple[str, ...] = ()
    """What was left out because it can't be searched, and why."""


def redact_directory(root: Path, secrets: Iterable[str] = (), limit: int = LIMIT) -> Redacted:
    """Redact every file below `root` in place.

    Args:
        root: a directory of ours; links in it are removed, not followed.
        secrets: values that are known.
        limit: bytes of a file or member; what is larger is left out.
    """
    values = tuple(Secrets(secrets))
    changed, notes = [], []
    for path in sorted(path for path in root.rglob("*") if path.is_symlink() or path.is_file()):
        name = str(path.relative_to(root))
        try:
            if _redact_file(path, name, values, limit):
                changed.append(name)
        except (_UnsearchableError, OSError) as error:
            path.unlink(missing_ok=True)
            why = error.strerror if isinstance(error, OSError) else str(error)
            notes.append(f"left out: {redact(name, values)}: {why}")
    return Redacted(tuple(changed), tuple(notes))


class _UnsearchableError(Exception):
    """A file can't be searched for secrets; the text says why."""


def _redact_file(path: Path, name: str, values: tuple[str, ...], limit: int) -> bool:
    """Whether something was redacted."""
    if path.is_symlink():
        raise _UnsearchableError("a link")
    if redact(name, values) != name:
        raise _UnsearchableError("its name holds a secret")
    if path.stat().st_size > limit:
        raise _UnsearchableError(f"larger than {limit:,} bytes")
    data = path.read_bytes()
    if path.suffix in ZIPS and data:
        redacted = _redact_zip(data, values, limit)
    else:
        redacted = redact_bytes(data, values)
    if redacted is None or redacted == data:
        return False
    _replace(path, redacted)
    return True


def redact_bytes(data: bytes, values: Iterable[str]) -> bytes:
    """A text without secrets; what is no UTF-8 in it stays as it is."""
    text = data.decode("utf-8", "surrogateescape")
    return redact(text, values).encode("utf-8", "surrogateescape")


def _redact_zip(data: bytes, values: tuple[str, ...], limit: int) -> bytes | None:
    """The zip with its members redacted; None where none of them holds a secret."""
    try:
        members = directory(data)
        contents = {name: read_member(data, members[name], limit) for name in members}
    except CorruptZip as error:
        raise _UnsearchableError(f"can't be searched: {error}") from error
    except MemoryError as error:
        raise _UnsearchableError("too large to be searched") from error
    if any(form in name for name in members for secret in values for form in forms(secret)):
        raise _UnsearchableError("a member's name holds a secret")
    redacted = {name: redact_bytes(content, values) for name, content in contents.items()}
    return _zipped(members, redacted) if redacted != contents else None


def _zipped(members: Directory, contents: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members, key=lambda name: members[name].offset):
            archive.writestr(zipfile.ZipInfo(name), contents[name], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _replace(path: Path, data: bytes) -> None:
    """The new content at once, with the old times."""
    status = path.stat()
    beside = path.with_name(f".{path.name[:100]}.redacted")
    beside.write_bytes(data)
    os.utime(beside, ns=(status.st_atime_ns, status.st_mtime_ns))
    beside.replace(path)
