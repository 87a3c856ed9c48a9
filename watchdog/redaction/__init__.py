"""Takes secrets out of what leaves: values that are known, and what looks like one.

The formats, with a source each, are one table: `watchdog/redaction/formats/`.
"""

from watchdog.redaction.known import (
    KNOWN,
    KNOWN_MAX,
    SHORTEST,
    Secrets,
    forms,
    learn_address,
    learn_credential,
    learn_environment,
)
from watchdog.redaction.patterns import Stopped, TooManyFinds
from watchdog.redaction.records import without_secrets
from watchdog.redaction.streams import redacted_stderr
from watchdog.redaction.texts import REDACTED, TEXT_MAX, redact, redact_bytes

__all__ = [
    "KNOWN",
    "KNOWN_MAX",
    "REDACTED",
    "SHORTEST",
    "TEXT_MAX",
    "Secrets",
    "Stopped",
    "TooManyFinds",
    "forms",
    "learn_address",
    "learn_credential",
    "learn_environment",
    "redact",
    "redact_bytes",
    "redacted_stderr",
    "without_secrets",
]
