"""What a format of a secret is: a record of the one table."""

from typing import Literal

from msgspec import Struct

Kind = Literal["block", "token", "random", "address", "named", "header", "query", "option"]
"""How it is found, and what stays of it.

- `block`: several lines; all of it goes
- `token`: its own prefix tells it; all of it goes
- `random`: as `token`, where it looks like chance made it: a prefix that words have too
- `address`: what follows `keeps`, which stays
- `named`: a value behind a name (`api_key: …`); the name stays
- `header`: a value behind a header's name, with the scheme; the name stays
- `query`: a value of an address's query; its name stays
- `option`: a value of a command's option; the option stays
"""

GITHUB = (
    "https://docs.github.com/en/code-security/secret-scanning/introduction/"
    "supported-secret-scanning-patterns"
)
"""The list of formats whose owners told them to GitHub for secret scanning."""
GITLEAKS = "https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml"
"""The rules of a scanner that many use."""

A, B, HEX = "Ab3dEf6hIj", "kL9mNoPqRs", "0a1b2c3d4e5f6789"
"""What examples are made of: put together here, so that no file holds one whole."""


class Format(Struct, frozen=True):
    """A format of secrets."""

    name: str
    kind: Kind
    pattern: str
    """In RE2's syntax, for bytes; without what `keeps` says, of a named value only the name."""
    source: str
    """Where the format is told: its owner's documentation, or a public list for scanning."""
    example: str
    """Made up; must go."""
    near: str
    """Something like it, which is none and must stay."""
    keeps: str = ""
    """The beginning that stays, of addresses; in the syntax that RE2 and `re` share."""
