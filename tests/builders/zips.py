"""Zips that claim what they are told to."""

import struct


def forged(
    raw: bytes,
    size: int,
    checksum: int,
    method: int = 93,
    *,
    flags: int = 0,
    name: bytes = b"a.json",
) -> bytes:
    """A zip of one member whose directory claims whatever it is told to."""
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 63, flags, method, 0, 0, 0, 0, 0, len(name), 0)
    entry = struct.pack(
        "<4s6H3L5H2L",
        *(b"PK\x01\x02", 63, 63, flags, method, 0, 0, checksum, len(raw), size),
        *(len(name), 0, 0, 0, 0, 0, 0),
    )
    begin = len(local) + len(name) + len(raw)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry) + len(name), begin, 0)
    return local + name + raw + entry + name + end
