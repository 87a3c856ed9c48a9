"""The group `web`."""

from ipaddress import ip_address, ip_network
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from msgspec import Struct
from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from watchdog.config.section import Duration, PositiveSeconds, Section, Texts, WebAddress

ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519"}
)
"""Signatures that a public key checks (RFC 7518, RFC 9864); with no shared secret, and not none."""

_HEADER = r"^[A-Za-z0-9-]{1,64}$"


def _networks(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        try:
            ip_network(value, strict=True)
        except ValueError:
            raise ValueError("should be addresses or networks, such as 10.0.0.0/8") from None
    return values


def _algorithms(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values or not ALGORITHMS.issuperset(values):
        raise ValueError(f"should be some of {', '.join(sorted(ALGORITHMS))}")
    return values


def _key_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
        raise ValueError("should be an https address, or http at loopback")
    return value


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


Networks = Annotated[Texts, AfterValidator(_networks)]
KeyAddress = Annotated[WebAddress, AfterValidator(_key_address)]


class Proxy(Struct, frozen=True):
    """A proxy that has logged people in and says who they are in headers."""

    addresses: tuple[str, ...]
    user_header: str
    email_header: str
    groups_header: str
    groups_separator: str


class Oidc(Struct, frozen=True):
    """Bearer tokens that an identity provider signs."""

    issuer: str
    jwks_url: str
    audience: str
    algorithms: tuple[str, ...] = ("RS256", "ES256")
    user_claim: str = "sub"
    groups_claim: str = "groups"
    leeway: float = 30.0
    jwks_max_age: float = 3600.0
    jwks_keep: float = 86_400.0


class WebToken(Section):
    """A token for a program: Prometheus, a script. Sent as `Authorization: Bearer …`."""

    name: str = Field(default="a token", min_length=1, max_length=100)
    """Whose it is, for the log."""
    token: SecretStr | None = Field(default=None, min_length=20)
    """At least 20 characters, such as `openssl rand -hex 32` prints; without it nobody has it."""
    groups: Texts = ()
    """The groups that it has; `*` for all."""


class Web(Section):
    """The page, the API and who may ask for them. docs/access.md says what to set up, and how."""

    hosts: Texts = ()
    """More names that page and API are asked by, such as a service's: `watchdog.monitoring.svc`.
    Always: localhost, IP addresses, the host of `listen` and of `external_url`; `*` is any."""
    probes_listen: str | None = None
    """HOST:PORT where `/healthz`, `/readyz` and `/metrics` are served too, and nothing else."""
    connections: int = Field(default=512, ge=8, le=65_536)
    """At once; beyond it the one that waits the longest makes room. At most a quarter of the
    process's file descriptors."""
    evidence_timeout: Duration = 120
    """For a bundle from the page."""
    evidence_memory: int = Field(default=400 * 1024 * 1024, ge=128 * 1024 * 1024)
    """Bytes that the process may take that writes a bundle for the page."""
    open: bool = False
    """Lets everybody in who reaches it, also at another address than loopback; who says nothing of
    themselves has the groups of `anonymous_groups`."""
    anonymous_groups: Texts = ()
    """With `open`: the groups of everybody. `*` for all; none: what is secret is not shown."""
    proxy_addresses: Networks = ()
    """Addresses and networks of a proxy that has logged people in and says in headers who they
    are (oauth2-proxy, …): `10.2.0.7, 10.4.0.0/16`; a sidecar's is `127.0.0.1`. From anywhere else
    the headers are refused. It must take them out of what its own clients send."""
    proxy_user_header: str = Field(default="X-Auth-Request-User", pattern=_HEADER)
    """Who asks; `X-Forwarded-User` where oauth2-proxy itself passes requests on."""
    proxy_email_header: str = Field(default="X-Auth-Request-Email", pattern=_HEADER)
    """Their address, which stands in the log in place of the user, where it is sent."""
    proxy_groups_header: str = Field(default="X-Auth-Request-Groups", pattern=_HEADER)
    """Their groups; `X-Forwarded-Groups` where oauth2-proxy itself passes requests on."""
    proxy_groups_separator: str = Field(default=",", min_length=1, max_length=4)
    """What stands between two groups."""
    oidc_issuer: str | None = Field(default=None, min_length=1)
    """Checks bearer tokens that an identity provider signs (JWT, RFC 7519, as RFC 8725 asks): the
    claim `iss`, letter by letter, such as `https://example.okta.com/oauth2/default`."""
    oidc_jwks_url: KeyAddress | None = None
    """Where the provider publishes its keys; https. Needed with `oidc_issuer`."""
    oidc_audience: str | None = Field(default=None, min_length=1)
    """What `aud` must be, or hold. Needed with `oidc_issuer`."""
    oidc_algorithms: Annotated[Texts, AfterValidator(_algorithms)] = ("RS256", "ES256")
    """Signatures that count."""
    oidc_user_claim: str = Field(default="sub", min_length=1)
    """The claim that names who asks, for the log: `email`, `preferred_username`, …"""
    oidc_groups_claim: str = Field(default="groups", min_length=1)
    """The claim that lists their groups; a point leads inward: `realm_access.roles`. Hawk's tokens
    have them in `permissions` or `scp`."""
    oidc_leeway: float = Field(default=30, ge=0, le=300, allow_inf_nan=False)
    """Seconds by which the clocks may differ."""
    oidc_jwks_max_age: PositiveSeconds = 3600
    """Seconds until the keys are fetched again."""
    oidc_jwks_keep: PositiveSeconds = 86_400
    """Seconds that keys go on counting which can't be fetched again."""
    tokens: tuple[WebToken, ...] = ()
    groups: Texts = ()
    """Who may ask at all: one of these groups is enough. Empty: everybody who is known."""
    admins: Texts = ()
    """Groups whose members see everything; one of them is enough."""
    bare_groups: bool = True
    """Whether a group `A` counts as `model-access-A`; off, where there are others of that name."""
    unlabelled: Literal["hide", "show"] = "show"
    """Eval sets of the cluster of which neither an annotation nor `.models.json` says who may see
    them, on page, API and evidence; elsewhere their models are no secret."""
    metrics: Literal["open", "viewer"] = "open"
    """Who may read `/metrics`: everybody, or who may ask for the page (a token, for Prometheus)."""
    metrics_name_secret_models: bool = False
    """Whether `/metrics` names models that not everybody may see, in place of a stable stand-in."""
    stand_in_key: SecretStr | None = Field(default=None, min_length=20)
    """Makes stand-ins the same everywhere; by default a key that the ledger keeps."""

    @field_validator("probes_listen")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        host, _, port = (value or "x:0").rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65_535:
            raise ValueError("should be HOST:PORT, such as 0.0.0.0:9465")
        return value

    @field_validator("tokens")
    @classmethod
    def _apart(cls, tokens: tuple[WebToken, ...]) -> tuple[WebToken, ...]:
        values = [one.token.get_secret_value() for one in tokens if one.token is not None]
        if len(set(values)) < len(values):
            raise ValueError("two entries have the same token")
        return tokens

    @model_validator(mode="after")
    def _anonymous_only_if_open(self) -> Self:
        if self.anonymous_groups and not self.open:
            raise ValueError("anonymous_groups: needs `open: true`")
        return self

    @model_validator(mode="after")
    def _oidc_whole(self) -> Self:
        parts = {
            "oidc_issuer": self.oidc_issuer,
            "oidc_jwks_url": self.oidc_jwks_url,
            "oidc_audience": self.oidc_audience,
        }
        missing = [name for name, value in parts.items() if value is None]
        if 0 < len(missing) < len(parts):
            raise ValueError(f"{missing[0]}: needed with the other settings of oidc")
        return self

    @property
    def proxy(self) -> Proxy:
        """The settings of `proxy_…`."""
        return Proxy(
            self.proxy_addresses,
            self.proxy_user_header,
            self.proxy_email_header,
            self.proxy_groups_header,
            self.proxy_groups_separator,
        )

    @property
    def oidc(self) -> Oidc | None:
        """The settings of `oidc_…`; None where they are not set."""
        if self.oidc_issuer is None or self.oidc_jwks_url is None or self.oidc_audience is None:
            return None
        return Oidc(
            self.oidc_issuer,
            self.oidc_jwks_url,
            self.oidc_audience,
            self.oidc_algorithms,
            self.oidc_user_claim,
            self.oidc_groups_claim,
            self.oidc_leeway,
            self.oidc_jwks_max_age,
            self.oidc_jwks_keep,
        )

    @property
    def identifies(self) -> bool:
        """Whether there is any way to tell who asks."""
        tokens = any(one.token is not None for one in self.tokens)
        return bool(self.proxy_addresses or self.oidc_issuer or tokens)
