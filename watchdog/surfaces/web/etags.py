"""Names of what was answered, so that nobody reads twice what they have (RFC 9110, section 8.8.3).

They are weak, as the same report comes compressed and plain. They tell nothing, and mean nothing
to another process.
"""

import secrets

from starlette.datastructures import Headers


class Etags:
    """Of what is shown of the current snapshot."""

    def __init__(self) -> None:
        self._process = secrets.token_hex(8)
        self._number = 0
        self._snapshot: object = None
        self._of: dict[int, tuple[object, str]] = {}

    def of(self, snapshot: object, view: object) -> str:
        """That of a view, the very object, of the current snapshot."""
        if snapshot is not self._snapshot:
            self._snapshot, self._of = snapshot, {}
        if id(view) not in self._of:
            self._number += 1
            self._of[id(view)] = (view, f'W/"{self._process}-{self._number}"')
        return self._of[id(view)][1]


def matches(headers: Headers, etag: str) -> bool:
    """Whether a client has this already (RFC 9110, section 13.1.2): weakly compared."""
    told = ",".join(headers.getlist("if-none-match"))
    return told.strip() == "*" or etag in (name.strip() for name in told.split(","))
