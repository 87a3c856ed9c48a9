"""The one table of the formats of secrets, each with its source."""

from watchdog.redaction.formats.addresses import ADDRESSES, BLOCKS
from watchdog.redaction.formats.format import Format, Kind
from watchdog.redaction.formats.keyed import KEYED
from watchdog.redaction.formats.tokens import TOKENS

__all__ = ["FORMATS", "Format", "Kind"]

FORMATS: tuple[Format, ...] = (*BLOCKS, *TOKENS, *ADDRESSES, *KEYED)
