"""Secrets are taken out of texts and bundles, by pattern and by value; nothing else is."""

import asyncio
import io
import json
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recordings.unpack import unpack
from tests.recordings.zips import members
from watchdog.config.load import load
from watchdog.evidence.redact import redact_directory
from watchdog.pipeline.once import check
from watchdog.redaction import KNOWN_MAX, REDACTED, Secrets, redact

A, B = "Ab3dEf6hIj", "kL9mNoPqRs"
LOOKS = {
    "GitHub": f"ghp_{A}{B}{A}{B}",
    "GitHub, fine-grained": f"github_pat_{A}{B}_{A}",
    "Google": f"AIza{A}{B}{A}12345",
    "Anthropic": f"sk-ant-api03-{A}{B}",
    "OpenAI": f"sk-proj-{A}{B}",
    "Hugging Face": f"hf_{A}{B}{A}",
    "Slack": f"xoxb-1234-{A}",
    "Slack app": f"xapp-1-{A}",
    "AWS": "AKIAIOSFODNN7EXAMPLE",
    "JWT": f"eyJ{A}{B}.{A}{B}.{A}",
}
IN_CONTEXT = {
    'curl -H "Authorization: Bearer {}"': A + B,
    '{{"headers": {{"x-api-key": "{}"}}}}': A + B,
    "x-goog-api-key: {}": A + B,
    "aws_secret_access_key = {}": A + B + A,
    '{{"SecretAccessKey": "{}"}}': A + B,
    "OPENAI_API_KEY={}": A + B,
    "export HF_TOKEN='{}'": A + B,
    "password: {}": "hunter2hunter2",
    "postgresql://watchdog:{}@db.example/x": "s3cret",
    "https://x.example/?a=1&token={}&b=2": A,
    '{{"args": "{{\\"client_secret\\": \\"{}\\"}}"}}': A + B,
    "routing_key: {}": A + B + A,
    "https://hooks.slack.com/services/T0/B0/{}": A + B,
    "Basic {}": "dXNlcjpwYXNzd29yZA==",
}
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow/+=\nabc\n-----END RSA PRIVATE KEY-----"
HARMLESS = (
    '{"max_tokens": 100, "input_tokens": 123456789, "token_limit": 2000000000}',
    '"input_tokens_cache_read": 123456789',
    "prompt is too long: 215000 tokens > 200000 maximum",
    "a basic understanding of bearer instruments",
    '{"event_id": "XDswmxs62X5Sxsr4Wfc6PT", "uuid": "9WSPefkrDSpMunhcsVtvoj"}',
    "sha256:9b74c9897bac770ffc029102a204c5de0f2f4b5a6c7d8e9f0a1b2c3d4e5f6071",
    "2026-11-20T07-00-16-00-00_swe_XCpjYcqDKUtagRbGM2cddH.eval",
    '{"uid": "0f0c1d3a-8a0e-4f6e-9b1e-0a1b2c3d4e5f"}',
    "the secret number is 42, token by token: done",
    '-H "Authorization: Bearer $TOKEN"',
)


@pytest.mark.parametrize("secret", LOOKS.values(), ids=LOOKS.keys())
def test_what_looks_like_a_secret_goes(secret):
    assert redact(f"said {secret}, then") == f"said {REDACTED}, then"


@pytest.mark.parametrize(("text", "secret"), IN_CONTEXT.items())
def test_what_is_called_a_secret_goes(text, secret):
    found = redact(text.format(secret))
    assert secret not in found
    assert REDACTED in found
    if found.startswith("{"):
        json.loads(found)


@pytest.mark.parametrize("text", [PEM, json.dumps({"key": PEM}), PEM.replace("\n", "\r\n")])
def test_private_keys_go(text):
    found = redact(text)
    assert "MIIEow" not in found


@pytest.mark.parametrize("text", HARMLESS)
def test_what_people_and_the_watchdog_need_stays(text):
    assert redact(text) == text


SECRETS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=8, max_size=40
).filter(lambda text: len(set(text)) > 3 and text not in REDACTED and text.strip() == text)


@given(SECRETS, st.text(max_size=30), st.text(max_size=30))
def test_known_values_go_whatever_they_are_and_json_stays_json(secret, before, after):
    document = {"a": [before + secret + after, {"b": json.dumps({"c": secret})}]}
    for ascii_only in (True, False):
        text = json.dumps(document, ensure_ascii=ascii_only)
        found = redact(text, Secrets([secret]))
        assert json.dumps(secret, ensure_ascii=ascii_only)[1:-1] not in found
        shape = json.loads(found)
        assert isinstance(json.loads(shape["a"][1]["b"]), dict)


@given(st.text(max_size=300))
def test_twice_is_once(text):
    once = redact(text)
    assert redact(once) == once


@pytest.mark.parametrize(
    "hostile",
    [
        *("token=" * 20_000, "-----BEGIN PRIVATE KEY-----" * 5000, "a:" * 60_000),
        *("Bearer " * 20_000, "://" * 40_000, "eyJ" * 40_000, "A" * 120_000, '"\\' * 60_000),
    ],
)
def test_hostile_texts_are_read_to_their_end(hostile):
    assert redact(hostile) is not None


def test_known_values_are_bounded_and_short_ones_are_none():
    known = Secrets(f"value-{n}" for n in range(KNOWN_MAX + 10))
    assert len(list(known)) == KNOWN_MAX
    assert "value-0" not in list(known)
    known.learn("short")
    assert "short" not in list(known)


def bundle(root: Path, secret: str) -> None:
    """A bundle with a secret in every kind of file."""
    log = root / "kubernetes" / "logs" / "ns" / "pod.log"
    log.parent.mkdir(parents=True)
    log.write_text(f"2026-11-20T07:00:00Z key is {secret}\n", "utf-8")
    pods = {"items": [{"spec": {"env": [{"name": "X", "value": secret}]}}]}
    (root / "kubernetes" / "pods.json").write_text(json.dumps(pods), "utf-8")
    buffer = root / "store" / ".buffer" / "x"
    buffer.mkdir(parents=True)
    (buffer / "manifest.json").write_text(json.dumps({"samples": [], "x": secret}), "utf-8")
    nested = {"events": [{"event": {"arguments": json.dumps({"cmd": secret})}}]}
    for path in (buffer / "segment.1.zip", root / "store" / "x.eval"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("1_1.json", json.dumps(nested, ensure_ascii=False))
            archive.writestr("bytes", b"\xff\xfe" + secret.encode() + b"\xff")


def everything(root: Path):
    for path in root.rglob("*"):
        if path.suffix in {".zip", ".eval"}:
            yield from members(path.read_bytes()).items()
        elif path.is_file():
            yield path.name, path.read_bytes()


@settings(max_examples=60, deadline=None)
@given(SECRETS | st.sampled_from(list(LOOKS.values())))
def test_no_byte_of_a_bundle_holds_what_was_planted(secret):
    known = [] if secret in LOOKS.values() else [secret]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        bundle(root, secret)
        redacted = redact_directory(root, known)
        assert redacted.notes == ()
        assert len(redacted.changed) == 5
        written = [secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]]
        for name, content in everything(root):
            assert not [form for form in written if form.encode() in content], name
            if name.endswith(".json"):
                json.loads(content)


@pytest.mark.parametrize("name", ["one_sample_500", "all_529", "grader_500", "tool_past_timeout"])
def test_a_redacted_recording_is_judged_the_same(name, tmp_path):
    last = unpack(name, tmp_path)[-1]

    def judged():
        report = asyncio.run(check([str(last)], load({}), None, 0.0))
        return json.dumps(
            [
                (
                    e.verdict,
                    e.cause,
                    [(s.id, s.verdict, s.cause) for t in e.tasks for s in t.running],
                )
                for e in report.eval_sets
            ]
        ), report.problems

    before = judged()
    # a common word, so that much is rewritten
    redacted = redact_directory(last, ["assistant"])
    assert redacted.notes == ()
    assert len(redacted.changed) > 3
    assert judged() == before


def test_times_stay_and_what_holds_nothing_is_untouched(tmp_path):
    plain, secret = tmp_path / "a.log", tmp_path / "b.log"
    plain.write_text("nothing")
    secret.write_text("value-value")
    before = secret.stat().st_mtime_ns
    assert redact_directory(tmp_path, ["value-value"]).changed == ("b.log",)
    assert secret.stat().st_mtime_ns == before
    assert secret.read_text() == REDACTED


def test_what_can_not_be_searched_is_not_in_it(tmp_path):
    (tmp_path / "bad.zip").write_bytes(b"PK nothing")
    (tmp_path / "large.log").write_bytes(b"x" * 100)
    (tmp_path / "value-value.log").write_text("x")
    (tmp_path / "link.log").symlink_to("/etc/hostname")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("value-value_1.json", "{}")
    (tmp_path / "named.zip").write_bytes(archive.getvalue())
    notes = redact_directory(tmp_path, ["value-value"], limit=99).notes
    assert list(tmp_path.iterdir()) == []
    assert len(notes) == 5
    assert not [note for note in notes if "value-value" in note]
