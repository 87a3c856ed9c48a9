"""Store, channels, tokens, clock, versions and ledger: what each finds, over real parts."""

import json
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tests.builders.snapshots import NOW
from tests.builders.tokens import b64
from tests.doubles.bucket import Bucket, serving
from tests.doubles.raw_http import RawServer, answer
from watchdog.config.load import load
from watchdog.model import hawk_versions
from watchdog.model.inspect_versions import NEWEST_TESTED
from watchdog.notify.ledger.database import open_ledger
from watchdog.pipeline.doctor import channels, clock, ledger, store, tokens, versions
from watchdog.pipeline.doctor.finding import Patient

DAY = 86_400.0


def patient(given=None, **more):
    return Patient(load(given or {}), lambda: NOW, **more)


def told(findings):
    return [(each.about, each.status) for each in findings]


# The store.


async def test_a_directory_is_listed_and_read(tmp_path):
    (tmp_path / "set" / "deep").mkdir(parents=True)
    assert "no file shows" in (await one(store, tmp_path)).sentence
    (tmp_path / "set" / "deep" / "a.eval").write_bytes(b"x")
    assert (await one(store, tmp_path)).sentence == "It is listed and read."


async def one(check, target):
    (found,) = await check.examine(patient({"logs": [str(target)]}))
    return found


async def test_a_directory_that_is_none(tmp_path):
    found = await one(store, tmp_path / "not there")
    assert found.status == "failed"
    assert f"`ls -la '{tmp_path}/not there'`" in found.action


@pytest.fixture
def bucket(monkeypatch):
    for name, value in (("ACCESS_KEY_ID", "a"), ("SECRET_ACCESS_KEY", "b")):
        monkeypatch.setenv(f"AWS_{name}", value)
    with serving() as (server, url):
        yield Bucket(server, url)


def of_bucket(bucket):
    return patient({"logs": [bucket.target], "s3": bucket.settings.model_dump()})


async def test_a_bucket_is_listed_and_read(bucket):
    bucket.put("a.eval", b"x" * 1000)
    with bucket.counted() as requests:
        (found,) = await store.examine(of_bucket(bucket))
    assert found.sentence == "It is listed and read."
    assert len(requests) <= 3


@pytest.mark.parametrize(
    ("code", "of_listings", "expected", "need"),
    [
        ("AccessDenied", True, "failed", "s3:ListBucket"),
        ("AccessDenied", False, "failed", "s3:GetObject"),
        ("InternalError", True, "unknown", "aws s3 ls"),
    ],
)
async def test_a_bucket_that_refuses_says_which_right(bucket, code, of_listings, expected, need):
    bucket.put("a.eval", b"x")
    bucket.server.fault = lambda _path, query: code if of_listings == ("list" in query) else None
    (found,) = await store.examine(of_bucket(bucket))
    assert found.status == expected
    assert need in found.action


def test_of_a_template_what_all_share_is_looked_at():
    given = {"kubernetes": {"enabled": "yes", "store": "s3://b/evals/{eval_set_id}"}, "logs": ["x"]}
    assert store.places(load(given)) == ["x", "s3://b/evals"]
    assert store.places(load({"kubernetes": {"enabled": "yes"}})) == []


# Channels.


async def test_a_channel_that_refuses_and_one_that_does_not_answer(slack):
    def given(url, token):
        return {"slack": {"bot_token": token, "channel": "C1", "api_url": url}}

    found = await channels.examine(patient(given(slack.server.url, "xoxb-no-such-token")))
    assert told(found) == [("slack", "failed")]
    assert "`watchdog channels --test`" in found[0].action
    assert slack.api.posts == []


async def test_no_channel_is_a_warning():
    assert told(await channels.examine(patient())) == [("channels", "warning")]


# Tokens.


def jwt(**claims):
    head = {"alg": "RS256", "typ": "JWT"}
    parts = (b64(json.dumps(part).encode()) for part in (head, claims))
    return ".".join((*parts, b64(b"not verified")))


async def middleman(**probes):
    given = {"probes": {"middleman_url": "https://m.example", **probes}}
    found = await tokens.examine(patient(given))
    return next(each for each in found if each.about == "Middleman")


@pytest.mark.parametrize(
    ("left", "expected"),
    [(-1.0, "failed"), (1.0, "warning"), (6.9 * DAY, "warning"), (7.1 * DAY, "ok")],
)
async def test_when_a_token_of_the_settings_ends(left, expected):
    token = jwt(exp=NOW + left, iat=NOW - DAY)
    found = await middleman(middleman_token=token)
    assert found.status == expected
    assert token not in str(found)


@pytest.mark.parametrize(
    ("left", "expected"), [(-1.0, "failed"), (600.0, "warning"), (1800.0, "ok")]
)
async def test_a_token_that_is_renewed_may_be_short_lived(tmp_path, left, expected):
    file = tmp_path / "token"
    file.write_text(jwt(exp=NOW + left, iat=NOW + left - 3600))
    assert (await middleman(middleman_token_file=str(file))).status == expected


@pytest.mark.parametrize(
    "token",
    ["sk-plain-key", "a.b.c", jwt(sub="ann"), jwt(exp="soon"), jwt(exp=None), "." * 60_000],
)
async def test_what_says_no_end_is_there_all_the_same(token):
    assert (await middleman(middleman_token=token)).status == "ok"


async def test_a_token_that_is_not_there(tmp_path):
    assert (await middleman()).status == "failed"
    assert (await middleman(middleman_token_file=str(tmp_path / "none"))).status == "failed"
    assert (await middleman(middleman_token_command="false")).status == "failed"  # noqa: S106


async def test_providers_without_a_key_are_skipped(monkeypatch):
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACME_KEY", jwt(exp=NOW - 1))
    given = {"probes": {"providers": {"acme": {"key_env": "ACME_KEY"}}}}
    found = dict(told(await tokens.examine(patient(given))))
    assert found.pop("acme") == "failed"
    assert set(found.values()) == {"skipped"}
    assert told(await tokens.examine(patient({"probes": {"enabled": False}}))) == [
        ("tokens", "skipped")
    ]


# The clock.


@pytest.mark.parametrize(
    ("off", "took", "expected"),
    [
        (0.0, 0.1, "ok"),
        (5.0, 0.1, "ok"),
        (-7.0, 0.1, "warning"),
        (59.0, 0.1, "warning"),
        (-62.0, 0.1, "failed"),
        (30.0, 60.0, "ok"),
    ],
)
def test_how_far_the_clock_may_be_off(off, took, expected):
    found = clock.judged("S3", NOW + off, NOW, took)
    assert found.status == expected
    if expected != "ok":
        assert f"{abs(off - 0.5):.0f} s {'ahead of' if off > 0 else 'behind'}" in found.sentence


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (("Date: Mon, 23 Nov 2026 08:00:00 GMT",), "ok"),
        (("Date: Mon, 23 Nov 2026 07:58:00 GMT",), "failed"),
        (("Date: yesterday",), "unknown"),
        ((), "unknown"),
    ],
)
async def test_s3_is_asked_what_time_it_is(monkeypatch, headers, expected):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    async with RawServer(answer("403 Forbidden", b"", *headers)) as server:
        given = {"logs": ["s3://bucket/evals"], "s3": {"endpoint_url": server.url}}
        found = await clock.examine(patient(given))
    assert told(found) == [("S3", expected)]
    assert [taken.line for taken in server.taken] == ["HEAD / HTTP/1.1"]


async def test_who_reads_nothing_from_elsewhere_compares_nothing():
    assert told(await clock.examine(patient({"logs": ["./logs"]}))) == [("clock", "skipped")]


# Versions.


async def test_an_inspect_that_is_newer_than_any_tested():
    newer = (NEWEST_TESTED[0], NEWEST_TESTED[1], NEWEST_TESTED[2] + 1)
    for seen, expected in (
        (None, "skipped"),
        ((), "skipped"),
        ((NEWEST_TESTED,), "ok"),
        ((NEWEST_TESTED, newer), "warning"),
    ):
        versions_seen = None if seen is None else frozenset(seen)
        found, _ = await versions.examine(patient(inspect_versions=versions_seen))
        assert told([found]) == [("Inspect", expected)]


async def test_a_hawk_that_is_newer_than_any_tested():
    newest = hawk_versions.NEWEST_TESTED
    newer = (newest[0] + 1, 0, 0)
    for seen, expected in (
        (None, "skipped"),
        ((), "skipped"),
        ((None,), "unknown"),
        ((None, newest), "ok"),
        ((newest, newer, None), "warning"),
    ):
        versions_seen = None if seen is None else frozenset(seen)
        _, found = await versions.examine(patient(hawk_versions=versions_seen))
        assert told([found]) == [("Hawk", expected)]
    assert found.sentence.startswith("Seen: 4.0.0, 3.7.2; tested up to 3.7.2.")


# The ledger.


async def of_ledger(place):
    found = await ledger.examine(patient({"state": str(place)}))
    return found[0]


async def test_a_ledger_takes_writes_and_nothing_of_it_changes(tmp_path):
    file = tmp_path / "state.sqlite3"
    assert (await of_ledger(file)).sentence.startswith("It isn't there yet")
    assert list(tmp_path.iterdir()) == []
    open_ledger(file, NOW).ledger.close()
    before = file.read_bytes()
    assert (await of_ledger(file)).status == "ok"
    assert file.read_bytes() == before


async def test_a_damaged_ledger_is_told_and_left_alone(tmp_path):
    file = tmp_path / "state.sqlite3"
    file.write_bytes(b"no database" * 1000)
    found = await of_ledger(file)
    assert (found.status, "damaged" in found.sentence) == ("failed", True)
    assert [path.name for path in tmp_path.iterdir()] == ["state.sqlite3"]


async def test_a_ledger_that_somebody_else_holds(tmp_path, monkeypatch):
    file = tmp_path / "state.sqlite3"
    open_ledger(file, NOW).ledger.close()
    monkeypatch.setattr("watchdog.notify.ledger.database._PRAGMAS", ("busy_timeout=10",))
    with create_engine(f"sqlite:///{file}", poolclass=NullPool).connect() as holder:
        holder.execute(text("BEGIN IMMEDIATE"))
        found = await of_ledger(file)
    assert (found.status, "locked" in found.sentence) == ("failed", True)


async def test_a_folder_that_can_not_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)
    found = await of_ledger(tmp_path / "new" / "state.sqlite3")
    assert (found.status, f"`ls -ld {tmp_path}`" in found.action) == ("failed", True)


@pytest.mark.parametrize(
    ("free", "expected"), [(1 << 20, "failed"), (100 << 20, "warning"), (1 << 30, "ok")]
)
def test_room_on_its_disk(monkeypatch, free, expected):
    usage = type("usage", (), {"free": free})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    found = ledger._room(Path("/var/lib/watch dog"))
    assert found.status == expected
    assert ("`df -h '/var/lib/watch dog'`" in found.action) == (expected != "ok")


async def test_a_password_of_the_ledger_is_not_shown():
    (found,) = await ledger.examine(patient({"state": "postgresql://u:geheim@h/db"}))
    assert found.status == "failed"
    assert "geheim" not in str(found)
