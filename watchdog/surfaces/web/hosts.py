"""By which names the page and the API may be asked, and from which pages.

Against DNS rebinding: a foreign page whose name was made to lead to this address would be taken
by a browser for ours, and could read everything. That takes a name; an address can't be rebound,
so every IP address is fit as `Host`. As `Origin` it is not: anybody's page may have one.
"""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from msgspec import Struct

ANY = "*"
LOCAL = ("localhost",)
_PORTS = {"http": 80, "https": 443}


class Authority(Struct, frozen=True):
    """What a Host header holds."""

    host: str
    """In small letters, without brackets and the last dot."""
    port: int | None = None


class Hosts(Struct, frozen=True):
    """The rule for one address that is listened on."""

    names: frozenset[str]
    """In small letters, each with or without a port."""
    origins: frozenset[str] = frozenset()
    """Pages beside our own, each `scheme://host[:port]`."""

    def allows(self, host: str | None) -> bool:
        """Whether a Host header names us."""
        if ANY in self.names:
            return True
        authority = parsed(host)
        return authority is not None and (_is_address(authority.host) or self._names(authority))

    def allows_origin(self, origin: str, host: str | None, scheme: str) -> bool:
        """Whether a page that asks is our own: of the host that it asks, or one that is set."""
        if ANY in self.names or origin in self.origins:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        asking, asked = parsed(parts.netloc), parsed(host)
        if asking is None or asked is None or parts.scheme not in _PORTS:
            return False
        same_host = asking.host == asked.host
        # behind a proxy that ends TLS the page's scheme is not ours: default ports count as equal
        ports = {asking.port or _PORTS[parts.scheme], asked.port or _PORTS[parts.scheme]}
        plain = ports <= set(_PORTS.values()) and scheme in _PORTS
        return same_host and (len(ports) == 1 or plain)

    def _names(self, authority: Authority) -> bool:
        name = authority.host
        return name in self.names or f"{name}:{authority.port}" in self.names


def hosts(listen: str, external_url: str | None, more: Iterable[str]) -> Hosts:
    """The names of an address that is listened on, of a proxy before it, and what is set.

    Args:
        listen: host that is listened on.
        external_url: the page's address as people reach it.
        more: the setting `web.hosts`.
    """
    external = urlsplit(external_url or "")
    known = [*LOCAL, listen, external.hostname or "", *more]
    names = (name.strip().lower().strip("[]").rstrip(".") for name in known)
    origin = f"{external.scheme}://{external.netloc.rpartition('@')[2]}".lower()
    origins = frozenset({origin}) if external.netloc else frozenset[str]()
    return Hosts(frozenset(name for name in names if name), origins)


def parsed(host: str | None) -> Authority | None:
    """A Host header's parts; None where it is none."""
    if not host or any(character in host for character in "@/?#\\ \t,"):
        return None
    try:
        parts = urlsplit(f"//{host}")
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    return Authority(name.rstrip("."), port) if name and name.rstrip(".") else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
