"""Who asks, by the address and headers of a request. Pure."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from msgspec import Struct

from watchdog.config.web import Web
from watchdog.model.access import EVERY_GROUP, EVERYTHING, Viewer, viewer

Headers = Sequence[tuple[bytes, bytes]]
"""As ASGI has them: names in small letters."""

USER_MAX, GROUPS_MAX, GROUPS_BYTES_MAX, TOKEN_MAX = 320, 1000, 32_768, 16_384


class Refusal(Struct, frozen=True):
    """Why somebody is not let in: a short reason for the log, a sentence, an HTTP status."""

    reason: str
    status: int
    text: str


class Bearer(Struct, frozen=True):
    """A token that only the identity provider's keys can tell of."""

    token: str


class KnownToken(Struct, frozen=True):
    """A token of the configuration, by its hash."""

    digest: bytes
    name: str
    groups: tuple[str, ...]


class Rules(Struct, frozen=True):
    """The group `web` as decisions need it."""

    web: Web
    networks: tuple[IPv4Network | IPv6Network, ...]
    tokens: tuple[KnownToken, ...]


def rules_of(web: Web) -> Rules:
    """The rules of the settings."""
    tokens = (
        KnownToken(_digest(one.token.get_secret_value()), one.name, one.groups)
        for one in web.tokens
        if one.token is not None
    )
    return Rules(web, tuple(map(ip_network, web.proxy_addresses)), tuple(tokens))


NO_IDENTITY = Refusal(
    "no_identity", 401, "who are you? log in by the proxy, or send a token where such are set up"
)
BAD_TOKEN = Refusal("bad_token", 401, "this token is none that counts here")


def decide(peer: str | None, headers: Headers, rules: Rules) -> Viewer | Refusal | Bearer:
    """Who asks.

    Args:
        peer: the address that the connection comes from; None where it has none.
        headers: of the request.
        rules: what counts.
    """
    web = rules.web
    if not web.identifies and not web.open:
        return EVERYTHING
    if web.proxy_addresses:
        claimed = _by_proxy(peer, headers, rules)
        if claimed is not None:
            return claimed
    if rules.tokens or web.oidc_issuer:
        token = _bearer(headers)
        if isinstance(token, Refusal):
            return token
        if token is not None:
            return _by_token(token, rules)
    return _anonymous(web) if web.open else NO_IDENTITY


def admitted(user: str, groups: Iterable[str], web: Web) -> Viewer | Refusal:
    """Somebody who is known, if one of their groups may ask at all."""
    # `*` is the configuration's word; no identity provider says it
    names = {group.strip() for group in groups} - {"", EVERY_GROUP}
    if not web.open and web.groups and names.isdisjoint({*web.groups, *web.admins}):
        return Refusal("no_group", 403, "none of your groups may ask here (web.groups)")
    return viewer(
        user,
        names,
        admins=web.admins,
        bare_names=web.bare_groups,
        sees_unlabelled=web.unlabelled == "show",
    )


def _anonymous(web: Web) -> Viewer:
    return viewer("", web.anonymous_groups, sees_unlabelled=web.unlabelled == "show")


def _by_proxy(peer: str | None, headers: Headers, rules: Rules) -> Viewer | Refusal | None:
    """Who the proxy's headers name; None where they name nobody."""
    proxy = rules.web.proxy
    names = (proxy.user_header, proxy.email_header, proxy.groups_header)
    values = [_values(headers, name) for name in names]
    if not any(values):
        return None
    if not _is_within(peer, rules.networks):
        text = "headers that name a user come from no address of web.proxy_addresses"
        return Refusal("foreign_headers", 403, text)
    if any(len(found) > 1 for found in values):
        return Refusal("double_header", 400, "a header that names a user is there twice")
    user, email, groups = (_text(found[0]) if found else "" for found in values)
    if user is None or email is None or groups is None:
        return Refusal("bad_header", 400, "a header that names a user is no plain text")
    return _named(email or user, groups, rules.web)


def _named(name: str, groups: str, web: Web) -> Viewer | Refusal | None:
    if not name:
        return NO_IDENTITY if groups else None
    if len(name) > USER_MAX or len(groups) > GROUPS_BYTES_MAX:
        return Refusal("long_header", 400, "a header that names a user is too long")
    names = groups.split(web.proxy.groups_separator)
    if len(names) > GROUPS_MAX:
        return Refusal("many_groups", 400, f"more than {GROUPS_MAX} groups")
    return admitted(name, names, web)


def _bearer(headers: Headers) -> str | Refusal | None:
    values = _values(headers, "Authorization")
    if len(values) > 1:
        return Refusal("double_header", 400, "the header Authorization is there twice")
    if not values:
        return None
    scheme, _, token = values[0].decode("latin-1").strip().partition(" ")
    if scheme.lower() != "bearer":
        return None
    token = token.strip()
    if not token or len(token) > TOKEN_MAX or not token.isascii():
        return BAD_TOKEN
    return token


def _by_token(token: str, rules: Rules) -> Viewer | Refusal | Bearer:
    digest = _digest(token)
    matches = [one for one in rules.tokens if hmac.compare_digest(one.digest, digest)]
    if matches:
        web, one = rules.web, matches[0]
        return viewer(
            one.name,
            one.groups,
            admins=web.admins,
            bare_names=web.bare_groups,
            sees_unlabelled=web.unlabelled == "show",
        )
    return Bearer(token) if rules.web.oidc_issuer is not None else BAD_TOKEN


def _values(headers: Headers, name: str) -> list[bytes]:
    wanted = name.lower().encode()
    return [value for key, value in headers if key.lower() == wanted]


def _text(value: bytes) -> str | None:
    """A header's text; None where it is none that a name may be."""
    try:
        text = value.decode("utf-8").strip()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


def _is_within(peer: str | None, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    try:
        address = ip_address((peer or "").partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in networks)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
