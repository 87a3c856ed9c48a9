"""Signed tokens: what counts, and what RFC 8725 warns of."""

import json

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import RSAKey
from msgspec.structs import replace

from tests.builders.tokens import CLAIMS, NOW, b64, ec_key, jwk, rsa_key, signed
from watchdog.config.web import Oidc
from watchdog.surfaces.web.access.claims import Identity, Refusal, UnknownKey, identity, public_keys

RSA, OTHER, EC = rsa_key(), rsa_key(), ec_key()
OIDC = Oidc(issuer="https://idp", jwks_url="https://idp/keys", audience="w")
KEYS = public_keys({"keys": [jwk(RSA), jwk(EC, "two")]})
ANN = Identity("ann", ("a",))


def who(token, oidc=OIDC, keys=KEYS, now=NOW):
    return identity(token, keys, oidc, now)


def refused(result):
    return isinstance(result, Refusal) and result.status == 401


def test_signed_by_hand_and_by_the_library():
    assert who(signed(RSA)) == ANN
    assert who(signed(EC, {"kid": "two"})) == ANN
    key = RSAKey.import_key(RSA)
    assert who(jwt.encode({"alg": "RS256", "kid": "one"}, dict(CLAIMS), key)) == ANN


@pytest.mark.parametrize("kind", ["JWT", "at+jwt", "application/at+jwt", None])
def test_types_for_access(kind):
    assert who(signed(RSA, {"typ": kind})) == ANN


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({"alg": "none"}, {}),
        ({"alg": "HS256"}, {}),
        ({"alg": "RS512"}, {}),
        ({"alg": None}, {}),
        ({"typ": "logout+jwt"}, {}),
        ({"typ": 7}, {}),
        ({"crit": ["b64"], "b64": False}, {}),
        ({}, {"iss": "https://idp/"}),
        ({}, {"iss": None}),
        ({}, {"aud": "x"}),
        ({}, {"aud": None}),
        ({}, {"exp": NOW - 31}),
        ({}, {"exp": None}),
        ({}, {"exp": "never"}),
        ({}, {"exp": True}),
        ({}, {"nbf": NOW + 31}),
        ({}, {"iat": NOW + 31}),
        ({}, {"sub": ""}),
        ({}, {"sub": "a\nb"}),
        ({}, {"sub": ["ann"]}),
        ({}, {"sub": "a" * 321}),
    ],
)
def test_what_does_not_count(header, claims):
    assert refused(who(signed(RSA, header, **claims)))


def test_clocks_may_differ_a_little():
    assert who(signed(RSA, exp=NOW - 29, nbf=NOW + 29)) == ANN


def test_the_public_key_is_no_shared_secret():
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert refused(who(signed(pem, {"alg": "HS256"})))
    assert public_keys({"keys": [jwk(RSA), {"kty": "oct", "k": b64(pem)}]})[1:] == ()


def test_another_signature_of_the_same_key_id():
    assert refused(who(signed(OTHER)))
    token = signed(RSA)
    assert refused(who(token[:-8] + ("A" * 8)))
    head, _, tail = token.split(".")
    forged = ".".join((head, b64(json.dumps({**CLAIMS, "groups": ["z"]}).encode()), tail))
    assert refused(who(forged))


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u"])
def test_a_key_in_the_token_is_not_used(name):
    value = jwk(OTHER) if name == "jwk" else "https://evil.example/keys"
    assert refused(who(signed(OTHER, {name: value})))
    result = who(signed(OTHER, {name: value, "kid": "own"}))
    assert refused(result) or isinstance(result, UnknownKey)


def test_a_key_of_another_kind_than_the_signature():
    assert isinstance(who(signed(EC, {"kid": "one"})), UnknownKey)
    only = public_keys({"keys": [jwk(RSA, alg="PS256")]})
    assert isinstance(who(signed(RSA), keys=only), UnknownKey)


def test_without_a_key_id_only_a_single_key_counts():
    assert who(signed(RSA, {"kid": None})) == ANN
    two = public_keys({"keys": [jwk(RSA), jwk(OTHER, "two")]})
    assert isinstance(who(signed(RSA, {"kid": None}), keys=two), UnknownKey)


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"keys": {}}, {"keys": [{"kty": "RSA"}, 7, {"kty": "oct", "k": "a"}]}],
)
def test_what_is_no_set_of_keys(document):
    with pytest.raises(ValueError, match="key"):
        public_keys(document)


def test_keys_that_are_weak_or_for_encryption_are_left_out():
    weak, sealing = jwk(rsa_key(1024), "weak"), jwk(OTHER, "enc", use="enc")
    assert len(public_keys({"keys": [weak, sealing, jwk(RSA)]})) == 1


@pytest.mark.parametrize(
    "token", ["", "a", "a.b.c", "..", "é.b.c", signed(RSA) + ".x", "x" * 16_000]
)
def test_what_is_no_token(token):
    assert refused(who(token)) or isinstance(who(token), UnknownKey)


def test_claims_of_groups():
    inner = replace(OIDC, groups_claim="realm_access.roles")
    assert who(signed(RSA, realm_access={"roles": ["x", "y"]}), inner).groups == ("x", "y")
    hawk = replace(OIDC, groups_claim="scp")
    assert who(signed(RSA, scp="x y"), hawk).groups == ("x", "y")
    assert who(signed(RSA, groups=["a", 7])).groups == ()
    assert who(signed(RSA, groups=None)).groups == ()
