"""Keys and tokens, signed by hand with `cryptography`: not by the library that checks them."""

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

NOW = 1_800_000_000.0
CLAIMS = {"iss": "https://idp", "aud": ["w"], "exp": NOW + 60, "sub": "ann", "groups": ["a"]}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value):
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def rsa_key(bits=2048):
    return rsa.generate_private_key(65537, bits)


def ec_key():
    return ec.generate_private_key(ec.SECP256R1())


def jwk(key, kid="one", **more):
    public = key.public_key().public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return {"kty": "RSA", "kid": kid, "n": number(public.n), "e": number(public.e), **more}
    places = {name: b64(getattr(public, name).to_bytes(32, "big")) for name in "xy"}
    return {"kty": "EC", "kid": kid, "crv": "P-256", **places, **more}


def signed(key, header=None, **claims):
    algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
    head = {"alg": algorithm, "kid": "one", "typ": "JWT", **(header or {})}
    body = {**CLAIMS, **claims}
    parts = ({k: v for k, v in one.items() if v is not None} for one in (head, body))
    message = ".".join(b64(json.dumps(one).encode()) for one in parts)
    return f"{message}.{b64(signature(key, message.encode()))}"


def signature(key, message):
    if isinstance(key, bytes):
        return hmac.new(key, message, hashlib.sha256).digest()
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    pair = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
    return b"".join(part.to_bytes(32, "big") for part in pair)
