"""Who asks: headers of a proxy, tokens, and keys of an identity provider."""

import json

from joserfc import jws
from joserfc.jwk import OKPKey

from tests.fuzz.promises import kept
from tests.fuzz.target import Target
from watchdog.config.web import Web
from watchdog.model.access import Viewer
from watchdog.surfaces.web.access.claims import Identity, identity, public_keys
from watchdog.surfaces.web.access.decision import Refusal, decide, rules_of

NOW = 1_795_000_000.0
_ISSUER = "https://login.example.com"
_WEB = Web(
    proxy_addresses=("10.0.0.0/8",),
    oidc_issuer=_ISSUER,
    oidc_jwks_url=f"{_ISSUER}/keys",
    oidc_audience="watchdog",
    oidc_algorithms=("Ed25519",),
)
_RULES = rules_of(_WEB)
_KEY = OKPKey.import_key(
    {
        "kty": "OKP",
        "crv": "Ed25519",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    }  # of RFC 8037, appendix A
)


def headers(data: bytes) -> None:
    """Lines `name: value`, as ASGI hands them over."""
    parts = (line.partition(b":") for line in data.split(b"\n")[:20])
    given = [(name.strip().lower(), value.strip(b" \t\r")) for name, _, value in parts]
    for peer in ("10.1.2.3", "192.0.2.1", None):
        who = decide(peer, given, _RULES)
        if isinstance(who, Viewer):
            assert peer == "10.1.2.3", "a header counted from elsewhere"
        if isinstance(who, Refusal):
            assert 400 <= who.status < 500


def token(data: bytes) -> None:
    """Claims that are rightly signed; and the bytes as a whole token, which never counts."""
    text = data.decode("latin-1")
    stranger = identity(text, [_KEY], _WEB.oidc, NOW)
    assert not isinstance(stranger, Identity)
    registry = jws.JWSRegistry(algorithms=["Ed25519"])
    signed = jws.serialize_compact({"alg": "Ed25519"}, data, _KEY, registry=registry)
    who = identity(signed, [_KEY], _WEB.oidc, NOW)
    if isinstance(who, Identity):
        claims = json.loads(data)
        assert claims["iss"] == _ISSUER
        assert claims["exp"] > NOW - 600
        kept(who.user)


def key_set(data: bytes) -> None:
    for key in public_keys(json.loads(data)):
        key.as_dict()


TARGETS = (
    Target("identity_headers", headers),
    Target("identity_token", token, is_json=True),
    Target("identity_keys", key_set, (ValueError, RecursionError), is_json=True),  # of json.loads
)
SEEDS: dict[str, dict[str, bytes]] = {
    "identity_headers": {
        "proxy": b"x-forwarded-user: ada\nx-forwarded-email: ada@example.com\n"
        b"x-forwarded-groups: research,admins",
        "auth_request": b"x-auth-request-user: ada\nx-auth-request-email: ada@example.com\n"
        b"x-auth-request-groups: research",
        "bearer": b"authorization: Bearer aaaa.bbbb.cccc",
    },
    "identity_token": {
        "good": json.dumps(
            {
                "iss": _ISSUER,
                "aud": "watchdog",
                "exp": NOW + 3600,
                "sub": "ada",
                "email": "ada@example.com",
                "groups": ["research"],
            }
        ).encode(),
        "several": json.dumps(
            {"iss": _ISSUER, "aud": ["watchdog", "b"], "exp": int(NOW) + 9, "groups": "a b"}
        ).encode(),
    },
    "identity_keys": {
        "okp": json.dumps({"keys": [_KEY.as_dict(private=False)]}).encode(),
        "strange": b'{"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}, {"kty": "oct"}, 5]}',
    },
}
