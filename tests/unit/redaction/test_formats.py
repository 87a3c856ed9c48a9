"""The table of formats: each example goes, what is near it stays; in whatever it is written."""

import json
import re
from base64 import b64encode
from urllib.parse import quote

import pytest

from watchdog.redaction import REDACTED, TEXT_MAX, Secrets, redact
from watchdog.redaction.formats import FORMATS

A, B = "Ab3dEf6hIj", "kL9mNoPqRs"
V = A + B
names = [one.name for one in FORMATS]
every = pytest.mark.parametrize("one", FORMATS, ids=names)


def test_names_are_told_once_and_sources_are_addresses():
    assert len(set(names)) == len(names) > 110
    assert [one.name for one in FORMATS if not one.source.startswith("https://")] == []


@every
def test_an_example_goes_and_goes_once(one):
    text = redact(f"said {one.example}\nthen")
    assert REDACTED in text
    assert text.startswith("said ")
    assert text.endswith("\nthen")
    assert redact(text) == text


@every
def test_what_is_near_stays(one):
    assert redact(one.near) == one.near
    assert redact(f"said {one.near} then") == f"said {one.near} then"


@pytest.mark.parametrize(
    "one", [one for one in FORMATS if one.kind in {"token", "random"}], ids=lambda one: one.name
)
@pytest.mark.parametrize(
    "written",
    [
        "\n{}\n",
        '{{"a": "x\\n{}\\n"}}',
        "a%20{}",
        "key%3D{}",
        "'{}'",
        "`{}`",
        "({})",
        "a={};",
        "<{}>",
    ],
)
def test_a_token_goes_wherever_it_stands(one, written):
    assert one.example not in redact(written.format(one.example))


@pytest.mark.parametrize("key", ["", f"{A}{B}"])
def test_an_encrypted_token_goes_whole(key):
    assert redact(f"said eyJ{A}{B}.{key}.{A}12.{B}34.{V} then") == f"said {REDACTED} then"


VALUES = {
    "Authorization: Bearer sesameopensesame": "sesameopensesame",
    "Authorization: Token abc-def-ghi": "abc-def-ghi",
    "authorization: ApiKey " + V: V,
    "Proxy-Authorization: Basic dTpw": "dTpw",
    "authorization: Negotiate YIIabcdefgh": "YIIabcdefgh",
    "Authorization: " + V: V,
    f"Authorization: AWS4-HMAC-SHA256 Credential={V}/20261128, Signature={V}": V,
    'Authorization: Digest username="x", response="0a1b2c3d"': "0a1b2c3d",
    '{"authorization": "Bearer sesame-open"}': "sesame-open",
    "{'Authorization': 'Bearer sesame-open'}": "sesame-open",
    "('authorization', 'Bearer sesame-open')": "sesame-open",
    "(b'authorization', b'Bearer sesame-open')": "sesame-open",
    '[["x-api-key", "' + V + '"]]': V,
    f"api-key: {V}": V,
    f"X-Auth-Token: {V}": V,
    f"X-Amz-Security-Token: {V}": V,
    "Set-Cookie: sid=sesame; Path=/": "sesame",
    '{"cookie": "sid=sesame"}': "sesame",
    f'curl -H "x-api-key: {V}" https://x.example': V,
    "curl -u admin:sesame https://x.example": "sesame",
    "curl --user=admin:sesame https://x.example": "sesame",
    f"OPENAI_API_KEY={V}": V,
    "OPENAI_API_KEY=sesameopen": "sesameopen",
    "export X_TOKEN=sesameopen": "sesameopen",
    "DATABASE_PASSWORD=hunter2": "hunter2",
    "password: x": "x",
    "password: 'correct horse battery'": "horse",
    '{"password": "correct horse \\" battery"}': "battery",
    f"https://x.example/?key={V}": V,
    f"https://x.example/?a=1&access_token={V}": V,
    f"https://x.example/?a=1&amp;sig={V}": V,
    f"https://x.example/?a=1\\u0026sig={V}": V,
    f"https://x.example/cb?code={V}": V,
    f"grant_type=x&client_secret={V}&scope=a": V,
    f"client_secret%3D{V}": V,
    f"%22api_key%22%3A%22{V}%22": V,
    f"&quot;api_key&quot;: &quot;{V}&quot;": V,
    "redis://:sesame@x.example:6379/0": "sesame",
    "amqp://u:sesame@x.example": "sesame",
    "mongodb+srv://u:ses@me@x.example/db": "ses@me",
    "https://sesameopen@x.example": "sesameopen",
    "postgres://u:pa'ss@x.example": "pa'ss",
    "machine x.example\n  login me\n  password sesame\n": "sesame",
    '{"auths": {"x": {"auth": "dXNlcjpwYXNzd29yZA==", "identitytoken": "' + V + '"}}}': V,
    f"//registry.npmjs.org/:_authToken={V}": V,
    "    client-key-data: LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS0tLS0tCk1I": "CRUdJTiBF",
    f"    token: {V}": V,
    f"DefaultEndpointsProtocol=https;AccountName=x;AccountKey={V}==;": V,
    f"Endpoint=sb://x/;SharedAccessKeyName=r;SharedAccessKey={V}=": V,
    f"ValueError: bad key {{'api_key': '{V}'}}": V,
    f"sk-ant-api03-{A[:8]}…": A[:8],
}


@pytest.mark.parametrize(("text", "secret"), VALUES.items())
def test_what_is_called_a_secret_goes(text, secret):
    searched = redact(text)
    assert secret not in searched
    assert REDACTED in searched
    assert redact(searched) == searched
    if text.startswith('{"'):
        json.loads(searched)


@pytest.mark.parametrize("depth", range(4))
@pytest.mark.parametrize("document", [{"client_secret": V}, {"authorization": f"Bearer {V}"}])
def test_json_within_json_goes_and_stays_json(depth, document):
    text = json.dumps(document)
    for _ in range(depth):
        text = json.dumps({"arguments": text})
    searched = redact(text)
    assert V not in searched
    for _ in range(depth):
        searched = json.loads(searched)["arguments"]
    assert list(json.loads(searched)) == list(document)


BODY = "\n".join(f"{V * 3}{n}abc" for n in range(10, 14))
KEYS = {
    "plain": f"-----BEGIN PRIVATE KEY-----\n{BODY}\nab==\n-----END PRIVATE KEY-----",
    "encrypted": "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
    f"DEK-Info: AES-256-CBC,0A1B\n\n{BODY}\n-----END RSA PRIVATE KEY-----",
    "OpenSSH": f"-----BEGIN OPENSSH PRIVATE KEY-----\n{BODY}\n-----END OPENSSH PRIVATE KEY-----",
    "PGP": f"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n{BODY}\n=ab12\n"
    "-----END PGP PRIVATE KEY BLOCK-----",
    "cut off": f"-----BEGIN EC PRIVATE KEY-----\n{BODY}",
}


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize(
    "write",
    [
        str,
        json.dumps,
        lambda key: json.dumps(json.dumps(key)),
        lambda key: key.replace("\n", "\r\n"),
        lambda key: key.replace("\n", "\n    "),
        lambda key: key.replace("\n", "\n2026-11-20T07:00:00.123Z "),
    ],
    ids=["lines", "JSON", "JSON in JSON", "CRLF", "YAML", "a pod's log"],
)
def test_private_keys_go_whole(kind, write):
    if kind in {"cut off", "encrypted", "PGP"} and write("\n").startswith("\n2026"):
        pytest.skip("said to be not handled")
    assert V not in redact(f"a {write(KEYS[kind])}")


HARMLESS = (
    '{"uuid": "9WSPefkrDSpMunhcsVtvoj", "event_id": "XDswmxs62X5Sxsr4Wfc6PT"}',
    "2026-11-20T07-00-16-00-00_swe_XCpjYcqDKUtagRbGM2cddH.eval",
    "sha256:9b74c9897bac770ffc029102a204c5de0f2f4b5a6c7d8e9f0a1b2c3d4e5f6071",
    "docker-pullable://ghcr.io/x/runner@sha256:9b74c9897bac770ffc029102a204c5de",
    "docker.io/library/python:3.11@sha256:9b74c9897bac770ffc029102a204c5de",
    "https://registry.example:5000/x/y@sha256:9b74c9897bac770ffc029102a204c5de",
    "905fe15d0690760a1b2c3d4e5f60718293a4b5c6",
    '"9b74c9897bac770ffc029102a204c5de-12"',
    "openai/gpt-4o anthropic/claude-3-7-sonnet-20250219 hf/meta-llama/Llama-3.1-8B",
    "tokens: 12345, max_tokens=4096, input_tokens: 123456789, total_tokens=12345678",
    '"usage": {"input_tokens": 215000, "output_tokens": 12, "reasoning_tokens": 0}',
    "token limit exceeded: prompt is too long: 215000 tokens > 200000 maximum",
    '{"token": " understanding", "logprob": -0.1, "top_logprobs": [{"token": "Understand"}]}',
    "/var/run/secrets/kubernetes.io/serviceaccount/token",
    "token_file: /var/run/secrets/kubernetes.io/serviceaccount/token",
    "agent-env-0a1b2c3d-default-0 inspect-eval-set-abc12-xk9zq",
    "basic understanding of bearer instruments; secret santa task",
    "eval-set-0a1b2c3d4e5f6789 my-eval-set-2026-11-28-abcdefghij",
    "Unexpected token: 'function', expected identifier",
    "secret not found: pods is forbidden",
    'secretName: "eval-runner-env", secretKeyRef: {name: x, key: OPENAI_API_KEY}',
    "PWD=/home/eval OLDPWD=/tmp HOME=/root",
    "s3://bucket/evals/sk-set/2026-11-20T07-00-16-00-00_sk-learn_XCpjYcqDKUtagRbGM2cddH.eval",
    "kubectl -n ns exec pod -- inspect ctl sample retry 42/1 --log 'a b'",
    "docker run -u 1000:1000 image",
    'curl -H "Authorization: Bearer $OPENAI_API_KEY" https://api.openai.com/v1/models',
    "task-0a1b2c3d risk-assessment-of-the-eval-set-number-12345",
    "http://127.0.0.1:9464/?eval_set_id=my-eval&verdict=stuck&q=abc",
    "git@github.com:x/y.git ssh://git@github.com/x/y https://git@github.com/x/y",
    "key: value, primary_key: sample_id, cache_key=0a1b2c3d4e5f",
    "authorization: denied for user x; cookie: not set; password: required",
)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_a_report_is_made_of_stays(text):
    assert redact(text) == text
    assert json.loads(redact(json.dumps(text))) == text


def test_known_values_go_in_every_writing():
    value = "open/sesame öffne 'dich' & \"x\"\n<y>"
    known = Secrets([value])
    for written in (
        value,
        json.dumps(value),
        json.dumps(json.dumps(json.dumps(value))),
        quote(value),
        quote(quote(value), safe=""),
        re.sub("%..", lambda escape: escape[0].lower(), quote(value, safe="")),
        b64encode(f"user:{value}".encode()).decode(),
        b64encode(f"u:{value}".encode()).decode(),
        b64encode(value.encode()).decode(),
        repr(value),
    ):
        assert "sesame" not in redact(written, known)
        assert REDACTED in redact(written, known)


def test_many_known_values_and_those_that_overlap():
    known = Secrets([f"value-{n:03}-abcdefgh" for n in range(200)] + ["abcdefgh-tail-of-it"])
    text = " ".join(known)
    assert redact(text, known) == " ".join([REDACTED] * 201)
    assert redact("value-007-abcdefgh-tail-of-it", known) == REDACTED


def test_a_known_value_that_was_cut_off_goes_too():
    assert redact("is open-sesame-0123… now", ["open-sesame-0123456789"]) == f"is {REDACTED}… now"


def test_a_text_beyond_the_cap_ends_in_a_sentence():
    text = redact("x" * (TEXT_MAX + 10))
    assert text.endswith("[the rest is left out: too much to search for secrets]")
    assert redact(f"token=Ab3dEf6h{' token=Ab3dEf6h' * 210_000}").startswith(
        "[the rest is left out"
    )
