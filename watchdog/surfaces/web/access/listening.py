"""Whether an address may be listened at: only loopback, unless somebody decided who may ask."""

import socket
from ipaddress import IPv6Address, ip_address

from watchdog.config.web import Web

HOW = (
    "set web.proxy_addresses, web.oidc_issuer or web.tokens (docs/access.md), or web.open: true to "
    "let everybody in"
)


def objection(host: str, web: Web) -> str | None:
    """Why the service can't listen at a host, in one line; None where it may."""
    if web.open or web.identifies or is_loopback(host):
        return None
    shown = host or "all interfaces"
    return f"{shown} can be reached by others, and nothing says who may see what: {HOW}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host: every address that it resolves to is loopback."""
    try:
        results = socket.getaddrinfo(
            host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError):
        return False
    return bool(results) and all(_is_loopback(str(result[4][0])) for result in results)


def _is_loopback(text: str) -> bool:
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
