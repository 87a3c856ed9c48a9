"""Inputs made from others: bytes and JSON, changed at random from a given seed."""

import io
import json
import random
import zipfile

MOST = 65_536
"""Bytes of an input."""
NUMBERS = (
    0,
    -1,
    2**31,
    2**53 + 1,
    2**63,
    -(2**64),
    10**400,
    1e-320,
    1e308,
    float("nan"),
    float("inf"),
    float("-inf"),
)
TEXTS = (
    "",
    "\ud800",
    "\x00",
    "\x1b[31m",
    "\u202e",
    "A" * 5000,
    "`$(touch x)`",
    "<sample-uuid>",
    "{eval_set_id}",
    "9999-12-31T23:59:59+00:00",
    "0001-01-01T00:00:00",
    "2026-11-18T10:00:02+14:00",
    "Error code: 500 - {}",
    "attachment://" + "0" * 32,
    "../../../etc/passwd",
    "NaN",
    "1e999",
)
TOKENS = (
    *(
        b"[" * 200,
        b"[" * 5000,
        b'{"a":' * 5000,
        b'{"a":' * 300,
        b"NaN",
        b"1e999",
        b"9" * 5000,
        b'"\\ud800"',
    ),
    *(b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"\xff\xff\xff\xff", b"\xff" * 8, b"\x00" * 16),
    *(b"\xef\xbb\xbf", b"\r\n", b"\n", b"<!ENTITY a 'b'>", b"&a;", b"Bearer ", b"://a:b@"),
)


def mutated(data: bytes, seed: int, *, is_json: bool = False) -> bytes:
    """Another input, the same for the same arguments."""
    choose = random.Random(seed)  # noqa: S311 - no secret
    if data.startswith(b"PK") and choose.random() < 0.7:
        return _as_zip(data, choose)
    if is_json and choose.random() < 0.6:
        changed = _as_json(data, choose)
        if changed is not None:
            return changed[:MOST]
    return _as_bytes(data, choose)


def _as_bytes(data: bytes, choose: random.Random) -> bytes:
    for _ in range(choose.randint(1, 4)):
        data = choose.choice(_BYTES)(data, choose)
    return data[:MOST]


def _flip(data: bytes, choose: random.Random) -> bytes:
    at = choose.randrange(len(data) + 1)
    return data[:at] + bytes([choose.randrange(256)]) + data[at + 1 :]


def _cut(data: bytes, choose: random.Random) -> bytes:
    begin = choose.randrange(len(data) + 1)
    return data[:begin] + data[begin + choose.choice((1, 2, 8, 64, 1024)) :]


def _end(data: bytes, choose: random.Random) -> bytes:
    return data[: choose.randrange(len(data) + 1)]


def _insert(data: bytes, choose: random.Random) -> bytes:
    at = choose.randrange(len(data) + 1)
    return data[:at] + choose.choice(TOKENS) + data[at:]


def _repeat(data: bytes, choose: random.Random) -> bytes:
    begin = choose.randrange(len(data) + 1)
    part = data[begin : begin + choose.choice((4, 32, 256))]
    return data[:begin] + part * choose.choice((2, 20, 200)) + data[begin:]


def _swap(data: bytes, choose: random.Random) -> bytes:
    at = choose.randrange(len(data) + 1)
    return data[at:] + data[:at]


_BYTES = (_flip, _flip, _cut, _end, _insert, _repeat, _swap)


def _as_zip(data: bytes, choose: random.Random) -> bytes:
    """One member is another one, with the right checksum: what lies behind it is reached."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist()[:50]]
    except Exception:  # noqa: BLE001 - it raises many kinds on what is no zip
        members = []
    if not members:
        return _as_bytes(data, choose)
    at = choose.randrange(len(members))
    name, content = members[at]
    if choose.random() < 0.1:
        name = choose.choice(("header.json", "_journal/summaries/1.json", "a\x00b", "x" * 500))
    members[at] = (name, mutated(content, choose.randrange(2**32), is_json=True))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", choose.choice((0, 8))) as archive:
        for member, body in dict(members).items():
            info = zipfile.ZipInfo(member)
            archive.writestr(info, body, choose.choice((0, 8)))
    return buffer.getvalue()[:MOST]


def _as_json(data: bytes, choose: random.Random) -> bytes | None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    try:
        for _ in range(choose.randint(1, 3)):
            value = _changed(value, choose)
        text = json.dumps(value, ensure_ascii=choose.random() < 0.7)
    except (ValueError, RecursionError):
        return None
    return text.encode("utf-8", "replace")


def _changed(value, choose):
    """A place in it, by chance, is something else."""
    if isinstance(value, dict) and value and choose.random() < 0.85:
        key = choose.choice(sorted(value))
        if choose.random() < 0.1:
            value[choose.choice(TEXTS)] = value.pop(key)
        else:
            value[key] = _changed(value[key], choose)
        return value
    if isinstance(value, list) and value and choose.random() < 0.85:
        at = choose.randrange(len(value))
        if choose.random() < 0.15:
            return value + _times(value[at], choose.choice((1, 30, 300)))
        value[at] = _changed(value[at], choose)
        return value
    return _other(value, choose)


def _times(value, count: int) -> list:
    """A list of it, no larger than an input: it may hold such lists itself."""
    return [value] * min(count, MOST // max(1, len(json.dumps(value))))


def _other(value, choose):
    return choose.choice(_OTHERS)(value, choose)


def _nested(value, depth: int):
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


_OTHERS = (
    lambda _, choose: choose.choice(NUMBERS),
    lambda _, choose: choose.choice(TEXTS),
    lambda _, __: None,
    lambda value, choose: _times(value, choose.choice((0, 1, 50))),
    lambda value, _: {"id": 1, "event": value},
    lambda value, _: isinstance(value, str),
    lambda value, choose: str(value)[:500] * choose.choice((1, 5)),
    lambda value, choose: _nested(value, choose.choice((5, 120, 600))),
)
