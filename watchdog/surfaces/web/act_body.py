"""What a program sends that acts on an incident."""

from typing import Annotated

from msgspec import Meta, Struct, field

from watchdog.model.acts import BY_MAX, WHY_MAX
from watchdog.model.report import Timestamp


class ActBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody wants to be done."""

    by: Annotated[str, Meta(max_length=BY_MAX)] = ""
    """Who it is; not needed, and not looked at, where a login says so."""
    until: Timestamp | None = None
    lasting: Annotated[str, Meta(max_length=40)] | None = field(name="for", default=None)
    """In place of `until`: such as `90m`, `8h` or `2d`."""
    why: Annotated[str, Meta(max_length=WHY_MAX)] = ""
    judged: bool | None = None
    """Of a judgement: whether it was worth a page."""
