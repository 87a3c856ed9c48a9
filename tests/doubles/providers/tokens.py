"""How much a model reads, about, and the ids and keys that providers give."""

import secrets
import string
from typing import Any

READ = ("system", "messages", "instructions", "input", "contents", "systemInstruction")
CHARACTERS_PER_TOKEN = 4
LETTERS = string.ascii_letters + string.digits


def estimate(body: Any) -> int:
    """Input tokens of a request's body in any of the dialects, at least 1 for any text."""
    if not isinstance(body, dict):
        return 0
    return tokens_of(sum(_characters(body.get(field)) for field in READ))


def tokens_of(characters: int) -> int:
    """A quarter of the characters, rounded up."""
    return -(-characters // CHARACTERS_PER_TOKEN)


def _characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        return sum(map(_characters, value))
    if isinstance(value, dict):
        return sum(
            _characters(part) for name, part in value.items() if name not in {"role", "type"}
        )
    return 0


def letters(count: int) -> str:
    """Random, so that a test can tell where a secret ended up."""
    return "".join(secrets.choice(LETTERS) for _ in range(count))


def hexes(count: int) -> str:
    """Random lower-case hexadecimal digits."""
    return secrets.token_hex(count)[:count]


def jwt() -> str:
    """Looks like an access token; signed by nobody."""
    return f"eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJ{letters(120)}.{letters(86)}"
