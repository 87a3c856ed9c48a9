"""Whether a signed token counts, and whom it names. Pure: keys and time are arguments.

RFC 8725: which signatures count is the configuration's word, not the token's; a key fits its
signature by type and curve; addresses and keys in a token's header (`jku`, `x5u`, `jwk`, `x5c`) are
never used; issuer, audience and end are required; a token made for something else (`typ`) is none.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey
from msgspec import Struct

from watchdog.config.web import Oidc
from watchdog.surfaces.web.access.decision import BAD_TOKEN, GROUPS_MAX, USER_MAX, Refusal

Key = RSAKey | ECKey | OKPKey

RSA_BITS_LEAST, KEYS_MAX = 2048, 100
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "Ed25519": "Ed25519"}
_TYPES = frozenset({"", "jwt", "at+jwt", "application/at+jwt", "application/jwt"})


class Identity(Struct, frozen=True):
    """Whom a token names."""

    user: str
    groups: tuple[str, ...]


class UnknownKey(Struct, frozen=True):
    """It is signed by a key that isn't among those that are known: perhaps there are new ones."""


def public_keys(document: object) -> tuple[Key, ...]:
    """The keys of a JWKS (RFC 7517) that check signatures; what is none of them is left out.

    Raises:
        ValueError: it is no JWKS.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("no JWKS: it has no list `keys`")  # noqa: TRY004 - of the document
    keys = (_key(entry) for entry in entries[:KEYS_MAX] if isinstance(entry, dict))
    usable = tuple(key for key in keys if key is not None)
    if not usable:
        raise ValueError("no key in it that checks signatures")
    return usable


def _key(entry: Mapping[str, Any]) -> Key | None:
    if entry.get("kty") not in ("RSA", "EC", "OKP") or entry.get("use", "sig") != "sig":
        return None
    if entry["kty"] == "RSA" and len(str(entry.get("n", ""))) * 6 < RSA_BITS_LEAST:
        return None
    try:
        key = JWKRegistry.import_key(dict(entry))
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, RSAKey):
        return key if key.public_key.key_size >= RSA_BITS_LEAST else None
    return key if isinstance(key, ECKey | OKPKey) else None


def identity(
    token: str, keys: Sequence[Key], oidc: Oidc, now: float
) -> Identity | Refusal | UnknownKey:
    """Whom a token names; `now` in seconds since the epoch."""
    try:
        header = jws.extract_compact(token.encode()).headers()
        algorithm = header.get("alg")
        if algorithm not in oidc.algorithms or "crit" in header or not _is_for_access(header):
            return BAD_TOKEN
        key = _fitting(keys, header, algorithm)
        if key is None:
            return UnknownKey()
        registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
        claims = jwt.decode(token, key, algorithms=[algorithm], registry=registry).claims
        _claims_of(oidc, now).validate(claims)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        return BAD_TOKEN
    return _named(claims, oidc)


def _is_for_access(header: Mapping[str, Any]) -> bool:
    kind = header.get("typ", "")
    return isinstance(kind, str) and kind.lower() in _TYPES


def _fitting(keys: Iterable[Key], header: Mapping[str, Any], algorithm: str) -> Key | None:
    """The key that a token says it was signed with; without a word, the only one that fits."""
    fitting = [key for key in keys if _fits(key, algorithm)]
    if "kid" in header:
        return next((key for key in fitting if key.as_dict().get("kid") == header["kid"]), None)
    return fitting[0] if len(fitting) == 1 else None


def _fits(key: Key, algorithm: str) -> bool:
    if key.as_dict().get("alg", algorithm) != algorithm:
        return False
    if isinstance(key, RSAKey):
        return algorithm[:2] in {"RS", "PS"}
    return _CURVES.get(algorithm) == key.curve_name


def _claims_of(oidc: Oidc, now: float) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=math.floor(now),
        leeway=math.ceil(oidc.leeway),
        iss={"essential": True, "value": oidc.issuer},
        aud={"essential": True, "value": oidc.audience},
        exp={"essential": True},
    )


def _named(claims: Mapping[str, Any], oidc: Oidc) -> Identity | Refusal:
    user = _at(claims, oidc.user_claim)
    if not isinstance(user, str) or not user.isprintable() or not 0 < len(user) <= USER_MAX:
        return Refusal("no_user", 401, f"the token has no claim `{oidc.user_claim}` with a name")
    groups = _groups(_at(claims, oidc.groups_claim))
    if len(groups) > GROUPS_MAX:
        return Refusal("many_groups", 400, f"more than {GROUPS_MAX} groups")
    return Identity(user, groups)


def _at(claims: Mapping[str, Any], name: str) -> object:
    """A claim by its whole name (which may hold points), else by its path."""
    if name in claims:
        return claims[name]
    value: object = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _groups(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.split())
    texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return tuple(value) if texts and isinstance(value, list) else ()
