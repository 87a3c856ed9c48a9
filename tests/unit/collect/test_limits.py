"""Each limit of the table: that it is used, and what is said and kept where it is met."""

import asyncio
import json
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from backports.zstd import CompressionParameter, compress

from tests.builders.logs import (
    LOG,
    ended,
    event,
    finished_log,
    json_log,
    json_sample,
    manifest,
    running_log,
    running_store,
    sample,
    spec,
    zipped,
)
from tests.builders.logs import rows as member_of
from tests.builders.zips import forged
from tests.paths import ROOT
from tests.security.inputs_readers import Packed, zip_of
from watchdog.collect import bundle, json_bounds, limits, values
from watchdog.collect.inspect import (
    buffers,
    eval_logs,
    json_content,
    json_logs,
    logs,
    sample_parts,
    segment_zip,
    segments,
    sqlite_address,
    sqlite_buffer,
    sqlite_guard,
)
from watchdog.collect.inspect.buffers import CorruptManifest, TooMany
from watchdog.collect.inspect.events import decode_row, loose_row
from watchdog.collect.inspect.segments import CorruptMember, decode_member
from watchdog.collect.inspect.specification import task_spec
from watchdog.collect.inspect.sqlite_buffer import SqliteBuffer
from watchdog.collect.json_bounds import Tally, fields_of, loads, strict, values_in
from watchdog.collect.kubernetes import files
from watchdog.collect.limits import LIMITS, Beyond, Limit, some
from watchdog.collect.stores import directory as directories
from watchdog.collect.stores import zip_directory, zip_members
from watchdog.collect.stores.directory import DirectoryStore
from watchdog.collect.stores.lines import last_lines
from watchdog.collect.stores.objects import StoreError
from watchdog.collect.stores.zip_members import CorruptZip, TooLarge, directory, read_member
from watchdog.collect.work.jobs import SegmentArguments, segment_pieces
from watchdog.config.kubernetes import Kubernetes
from watchdog.model.facts import ManifestRead, SampleKey

NAMES = [name for name, value in vars(limits).items() if isinstance(value, Limit)]
MIB = limits.MIB


@pytest.fixture
def lower(monkeypatch):
    """Make a limit small in a module that uses it."""

    def lowered(module, name: str, value: int) -> None:
        limit = getattr(limits, name)._replace(value=value)
        monkeypatch.setattr(module, name, limit)
        tally = getattr(module, "_TALLY", None)
        if tally is not None and limit.name in tally._left:
            others = tuple(one for one in tally._limits if one.name != limit.name)
            monkeypatch.setattr(module, "_TALLY", Tally(limit, *others))

    return lowered


def test_the_table_has_all_of_them():
    assert {id(getattr(limits, name)) for name in NAMES} == {id(limit) for limit in LIMITS}
    assert len({limit.name for limit in LIMITS}) == len(LIMITS) == len(NAMES)


def mentions(name: str, folder: str, *without: str) -> bool:
    sources = (path for path in (ROOT / folder).rglob("*.py") if path.name not in without)
    return any(re.search(rf"\b{name}\b", path.read_text()) for path in sources)


def is_used(name: str) -> bool:
    in_itself = len(re.findall(rf"\b{name}\b", Path(limits.__file__).read_text())) > 2
    return in_itself or mentions(name, "watchdog", "limits.py")


@pytest.mark.parametrize("name", NAMES)
def test_each_is_used_and_met_by_a_test(name):
    assert is_used(name)
    assert mentions(name, "tests/unit/collect")


# zips


def test_a_members_bytes():
    data = zipped({"a.json": b"x" * 100})
    assert logs.LogsOptions().max_member_bytes == limits.MEMBER_BYTES.value
    with pytest.raises(TooLarge, match="claims 100 bytes, more than the 99"):
        read_member(data, directory(data)["a.json"], 99)


def test_a_ratio_counts_beyond_its_floor(lower):
    data = zipped({"a.json": b" " * 1_000_000})
    member = directory(data)["a.json"]
    lower(zip_members, "MEMBER_RATIO", 100)
    assert len(read_member(data, member, 2 * MIB)) == 1_000_000
    lower(zip_members, "RATIO_FLOOR", 1000)
    with pytest.raises(TooLarge, match="times its compressed bytes, more than the 100"):
        read_member(data, member, 2 * MIB)


def test_a_zstd_window():
    content = os.urandom(60_000)
    wide = {CompressionParameter.window_log: 25, CompressionParameter.content_size_flag: 0}
    raw = compress(content * 300, options=wide)
    size = 300 * len(content)
    assert limits.ZSTD_WINDOW.value < 1 << 25
    data = forged(raw, size, 0)
    with pytest.raises(CorruptZip, match="memory"):
        read_member(data, directory(data)["a.json"], size)


def test_a_zips_directory(lower, monkeypatch):
    data = zipped({f"{n}.json": b"" for n in range(10)})
    lower(zip_directory, "DIRECTORY_ENTRIES", 9)
    with pytest.raises(CorruptZip, match="more than the 9 members"):
        directory(data)
    monkeypatch.setattr(zip_directory, "DIRECTORY_LIMIT", 300)
    lower(zip_directory, "DIRECTORY_BYTES", 300)
    with pytest.raises(CorruptZip, match="bytes, more than the 300"):
        directory(data)


def test_members_that_share_their_bytes_are_no_zip():
    content = Packed(b"x" * 1000, 1000, 0, 0)
    names = [(f"{n}.json".encode(), content) for n in range(3)]
    assert len(directory(zip_of(names))) == 3
    with pytest.raises(CorruptZip, match="overlap: they claim 3,000 compressed bytes"):
        directory(zip_of(names, shared=True))


def test_names_of_members_are_cut_and_stay_apart():
    long = ["x" * 5000 + end for end in "ab"]
    data = zipped({f"{one}_1.json": one[-1].encode() for one in long})
    members = directory(data)
    assert len(members) == 2
    assert all(len(name) <= zip_directory.NAME_LENGTH for name in members)
    entries = buffers.decode_manifest(manifest(*(sample(one, (1,)) for one in long))).samples
    assert [read_member(data, members[one.member], 9) for one in entries] == [b"a", b"b"]


# rows


def read(data):
    """The pieces of a segment's three members."""
    wanted = SegmentArguments(tuple(f"{one}_1.json" for one in "abc"), MIB)
    return [p for p in segment_pieces(data, directory(data), wanted) if not p.names]


def test_a_segments_bytes_and_rows(lower):
    data = zipped({f"{one}_1.json": member_of(event("info"), event("info")) for one in "abc"})
    size = len(member_of(event("info"), event("info")))
    lower(segment_zip, "SEGMENT_CONTENT", 2 * size)
    pieces = read(data)
    assert [piece.unreadable is not None for piece in pieces] == [False, False, True]
    assert "the segment holds more than the" in pieces[2].unreadable
    lower(segment_zip, "SEGMENT_CONTENT", MIB)
    lower(segment_zip, "SEGMENT_ROWS", 2)
    assert [piece.unreadable is not None for piece in read(data)] == [False, True, True]


LARGE = b'{"pad":"' + b"x" * MIB + b'",'
"""How a member begins whose rows are counted one by one."""


def large(*events: dict, head: bytes = LARGE) -> bytes:
    return head + member_of(*events)[1:]


def test_a_large_member_has_the_same_rows():
    events = [event("info"), event(error="x" * 5000), event("tool", arguments={"a": [1]})]
    assert len(large(*events)) > limits.SMALL.value
    assert decode_member(large(*events)) == decode_member(member_of(*events))


def test_a_large_member_that_is_not_strict_json(lower):
    lower(json_bounds, "LOOSE_BYTES", 1000)
    lower(segments, "LOOSE_BYTES", 1000)
    data = large(event("info"), event("score", score={"value": float("nan")}))
    assert [row.kind for row in decode_member(data).rows] == ["info", "score"]
    with pytest.raises(CorruptMember, match="not as rows are, and"):
        decode_member(LARGE + b'"events": [1, 2]}')


def test_rows_and_bytes_of_a_member(lower):
    data = large(*[event("info")] * 10)
    lower(segments, "MEMBER_ROWS", 9)
    with pytest.raises(CorruptMember, match="more than the 9 rows"):
        decode_member(data)
    lower(segments, "MEMBER_ROWS", 10)
    assert len(decode_member(data).rows) == 10
    lower(segments, "EVENTS_BYTES", 200)
    with pytest.raises(CorruptMember, match="more than the 200 bytes"):
        decode_member(data)


def test_a_row_that_is_too_large_costs_itself(lower):
    from watchdog.collect.inspect import events  # noqa: PLC0415

    data = large(event("info"), event("tool", result="x" * 5000), event("info"))
    lower(events, "ROW_BYTES", 4000)
    rows = decode_member(data)
    assert [row.id for row in rows.rows] == [1, 3]
    assert (rows.hole, rows.bad) == (1, rows.bad[:1])
    assert "bytes, more than the 4,000" in rows.bad[0]
    lower(events, "ROW_BYTES", MIB)
    lower(events, "SMALL", 100)
    lower(events, "ROW_VALUES", 100)
    data = large(event("info"), event("tool", arguments=[[]] * 200), event("info"))
    assert "values, more than the 100" in decode_member(data).bad[0]


def test_what_stands_in_a_text_is_no_value():
    text = json.dumps({"a": 'x, [1, {"b": 2}], ' * 100, "b": [[]] * 10}).encode()
    assert values_in(text, 10_000) > 400
    assert values_in(text, 320) == 23
    assert values_in(b'["' + b'\\"' * 1_000_000 + b'"]', 1) > 0


def test_errors_texts_of_a_member(lower):
    lower(segments, "ROW_TEXTS", 25)
    rows = decode_member(large(*[event(error="x" * 10)] * 3))
    assert [row.id for row in rows.rows] == [1, 2]
    assert "errors of more than the 25 characters" in rows.bad[0]


def test_what_is_bad_is_named_up_to_a_number():
    most = limits.BAD_PARTS.value
    rows = decode_member(json.dumps({"events": [{}] * 100}).encode())
    assert len(rows.bad) == most + 1
    assert rows.bad[-1] == "and 80 more like these"
    assert some(["a"]) == ("a",)


# JSON and numbers


def test_loose_json(lower):
    lower(json_bounds, "LOOSE_BYTES", 800)
    lower(json_bounds, "ROW_BYTES", 2000)
    assert loads(b'["' + b"x" * 1000 + b'"]') == ["x" * 1000]
    for data in (b"[" + b"1," * 500 + b"1]", b'["' + b"x" * 3000 + b'"]'):
        with pytest.raises(Beyond, match="more than the 800"):
            loads(data)


@pytest.mark.parametrize("unit", [b"[", b'{"a":', b'[{"a":[', b'"'])
def test_depth_is_no_crash(unit):
    text = unit * 1_000_000
    with pytest.raises(ValueError, match=r"."):
        loads(text[: 3 * MIB])
    with pytest.raises(CorruptMember):
        decode_member(text)
    with pytest.raises(CorruptMember):
        decode_member(b'{"events":[{"id":1,"event_id":"e","event":' + text)
    with pytest.raises(CorruptManifest):
        buffers.decode_manifest(b'{"metrics":' + text)
    with pytest.raises(ValueError, match=r"."):
        fields_of(b'{"eval":' + text, ("eval",))


def test_what_is_not_finite_becomes_strict():
    text = b'{"a": NaN, "b":[NaN,-Infinity, Infinity ], "c": "NaN", "d": "is NaN, not"}'
    assert json.loads(strict(text)) == {"a": 0, "b": [0, 0, 0], "c": "NaN", "d": "is NaN, not"}


NUMBERS = ["9" * 400, "1e400", "-1e400", "1e18", "-9007199254740999", "NaN", "9" * 5000]


@pytest.mark.parametrize("digits", NUMBERS)
def test_numbers_are_within_bounds_or_absent(digits):
    assert limits.NUMBER.value == 2**53
    text = f'{{"event":"model","timestamp":"2026-11-23T15:44:41Z","output":{{"time":{digits}}},'
    text += f'"config":{{"timeout":{digits}}}}}'
    try:
        row = decode_row(1, "e", text.encode())
    except ValueError:
        assert len(digits) == 5000
        return
    assert row.took is None
    assert row.timeout is None
    number = float(digits)
    assert values.number(number) is None
    assert values.whole(number) is None


@pytest.mark.parametrize("digits", [*NUMBERS[:2], *NUMBERS[3:5], "-1"])
def test_a_row_or_a_sample_of_an_impossible_number_is_bad(digits):
    text = f'{{"events":[{{"id":{digits},"event_id":"e","event":{{"event":"info"}}}}]}}'
    if digits != "-1":
        assert decode_member(text.encode()).rows == ()
    listed = (
        f'{{"samples":[{{"summary":{{"id":1,"epoch":{digits}}}}}, {{"summary":{{"id":2,"epoch":1}},'
    )
    listed += f'"segments":[{digits}]}}, {{"summary":{{"id":3,"epoch":1}}}}]}}'
    read = buffers.decode_manifest(listed.encode())
    assert [one.summary.key.id for one in read.samples] == ["3"]
    assert len(read.bad) == 2


def test_counts_are_counted_and_never_built():
    read = task_spec(spec(dataset={"samples": 10**12}, config={"epochs": 10**9, "max_samples": -1}))
    assert (read.total_samples, read.max_samples) == (None, None)
    assert task_spec(spec(dataset={"samples": 10**12}, config={})).total_samples == 10**12


# texts


def test_ids_and_names_are_cut_and_stay_different():
    for cut, limit in ((values.identifier, limits.ID_LENGTH), (values.name, limits.NAME_LENGTH)):
        ids = [cut("x" * 10_000 + end) for end in "ab"]
        assert ids[0] != ids[1]
        assert all(len(one) == limit.value and values.CUT in one for one in ids)
        assert cut("x" * limit.value) == "x" * limit.value
    keys = {
        one.summary.key
        for one in buffers.decode_manifest(
            manifest(*(sample("y" * 5000 + end) for end in "ab"))
        ).samples
    }
    assert len(keys) == 2


def test_an_errors_text_is_cut_and_marked():
    most = limits.ERROR_LENGTH.value
    assert values.text("x" * most) == "x" * most
    cut = values.text("x" * (most + 1))
    assert (len(cut), cut[-1]) == (most, values.CUT)
    assert loose_row(1, "e", event(error="x" * 9999)).error == values.text("x" * 9999)


def test_of_a_long_error_the_end_is_looked_at():
    request = "ModelGenerateError('\\nRequest:\\n" + "x\\n\\n" * limits.ERROR_SOURCE.value
    assert buffers.error_line(request + "BadRequestError(no)')") == "BadRequestError(no)"


# manifests and logs


def test_a_manifest(lower):
    listed = manifest(*(sample(n, (1, 2)) for n in range(10)))
    assert len(buffers.decode_manifest(listed).samples) == 10
    lower(buffers, "REFERENCES", 19)
    with pytest.raises(TooMany, match="more than the 19 references"):
        buffers.decode_manifest(listed)
    lower(buffers, "REFERENCES", 20)
    lower(buffers, "RUNNING", 9)
    with pytest.raises(CorruptManifest, match="10 running samples, more than the 9"):
        buffers.decode_manifest(listed)
    lower(buffers, "SAMPLES", 9)
    with pytest.raises(TooMany, match="more than the 9 samples"):
        buffers.decode_manifest(listed)
    lower(buffers, "MANIFEST_BYTES", 100)
    with pytest.raises(CorruptManifest, match="bytes, more than the 100"):
        buffers.decode_manifest(listed)


def test_metrics_at_the_head_of_a_manifest(lower):
    listed = manifest(sample(1))
    long = listed.replace(b"NaN", b'"' + b"x" * limits.METRICS_BYTES.value + b'"', 1)
    assert len(buffers.decode_manifest(long).samples) == 1
    lower(buffers, "METRICS_BYTES", 5)
    assert len(buffers.decode_manifest(listed).samples) == 1


async def read_log(tmp_path: Path, data: bytes):
    (tmp_path / LOG).write_bytes(data)
    log = eval_logs.EvalLog(DirectoryStore(tmp_path), LOG, "set", LOG, MIB)
    return await log.refresh(), log


async def test_a_logs_journal_and_its_bytes(tmp_path, lower):
    data = running_log(*[[ended(n)] for n in range(5)])
    facts, log = await read_log(tmp_path, data)
    assert (len(facts.ended.samples), log.bad) == (5, ())
    lower(eval_logs, "JOURNAL_PARTS", 3)
    facts, log = await read_log(tmp_path, data)
    assert len(facts.ended.samples) == 3
    assert log.bad == ("its journal has 5 parts, more than the 3 that are read",)
    assert facts.spec.spec.total_samples is None
    lower(eval_logs, "JOURNAL_PARTS", 9)
    held = sum(one.size for one in directory(data).values())
    lower(eval_logs, "LOG_CONTENT", held - 1)
    facts, log = await read_log(tmp_path, data)
    assert 0 < len(facts.ended.samples) < 5
    assert "with it the log holds more than the" in log.bad[0]


async def test_more_samples_than_are_counted_leave_the_logs_status(tmp_path, lower):
    lower(buffers, "SAMPLES", 3)
    facts, log = await read_log(tmp_path, finished_log(*map(ended, range(4))))
    assert (facts.spec.status, log.bad) == (
        "success",
        ("summaries.json: more than the 3 samples that are read",),
    )


async def test_a_large_header_is_read_field_by_field(tmp_path, lower):
    lower(json_bounds, "LOOSE_BYTES", 5000)
    lower(json_bounds, "ROW_BYTES", 5000)
    data = finished_log(results=[[]] * 5000, score=float("nan"))
    facts, _ = await read_log(tmp_path, data)
    assert (facts.spec.status, facts.spec.spec.task) == ("success", "mini")
    lower(json_bounds, "SPEC_BYTES", 100)
    with pytest.raises(StoreError, match=r"its eval has .* more than the 100"):
        await read_log(tmp_path, data)


async def test_a_log_in_json(tmp_path, lower):
    name = "2026-11-23T15-44-37+00-00_mini_UyoxGrqbJKtth6e7U6nui7.json"

    async def read(data: bytes):
        (tmp_path / name).write_bytes(data)
        log = json_logs.JsonLog(DirectoryStore(tmp_path), name, "set", name, 1 << 30)
        return await log.refresh(), log

    assert limits.JSON_LOG_BYTES.value == json_logs.WHOLE_MAX
    data = json_log(*map(json_sample, range(5)))
    assert len((await read(data))[0].ended.samples) == 5
    lower(json_content, "JSON_LOG_VALUES", 10)
    json_logs_head = len(data) // 2
    patched = pytest.MonkeyPatch()
    with patched.context() as patch:
        patch.setattr(json_content, "HEAD", json_logs_head)
        facts, log = await read(data)
    assert facts.ended is None
    assert "values, more than the 10 that are read: only its head" in log.bad[0]
    patched.setattr(json_content, "SAMPLES_MAX", limits.SAMPLES._replace(value=2))
    with patched.context():
        content = json_content.decode(data)
    patched.undo()
    assert (len(content.samples), content.bad) == (2, ("more than the 2 samples that are read",))


# directories


async def test_a_level_of_a_directory(tmp_path, lower):
    for n in range(5):
        (tmp_path / f"{n}").write_bytes(b"")
    lower(directories, "LISTED", 4)
    with pytest.raises(StoreError, match="more than the 4 entries") as failure:
        await DirectoryStore(tmp_path).list_dir()
    assert failure.value.reason == "too_large"


async def test_what_is_no_file_is_left_out_and_named(tmp_path, lower):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_bytes(b"x")
    os.mkfifo(root / "pipe")
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "device").symlink_to("/dev/zero")
    (root / "nowhere").symlink_to("none")
    (root / os.fsdecode(b"\xff")).write_bytes(b"")
    (root / "file").write_bytes(b"x")
    (root / "link").symlink_to("file")
    store = DirectoryStore(root)
    listing = await store.list_dir()
    assert [file.name for file in listing.files] == ["file", "link"]
    assert dict(listing.left_out) == {
        "\\xff": "its name is no text (UTF-8)",
        "device": "a link that leads out of the directory",
        "nowhere": "a link that leads nowhere",
        "out": "a link that leads out of the directory",
        "pipe": "a named pipe, no regular file",
    }
    assert (await store.get("link", 9)).data == b"x"
    for name, reason in (("out", "forbidden"), ("device", "forbidden"), ("pipe", "not_found")):
        with pytest.raises(StoreError) as failure:
            await store.get(name, 9)
        assert failure.value.reason == reason
    lower(directories, "LEFT_OUT", 2)
    assert (await store.list_dir()).left_out[-1] == ("", "and 3 more like these are left out")


async def test_a_folder_on_the_way_may_be_a_link_that_stays(tmp_path):
    (tmp_path / "root/real/deep").mkdir(parents=True)
    (tmp_path / "root/real/deep/f").write_bytes(b"x")
    (tmp_path / "root/linked").symlink_to("real")
    (tmp_path / "root/up").symlink_to("..")
    store = DirectoryStore(tmp_path / "root")
    assert (await store.get("linked/deep/f", 9)).data == b"x"
    (tmp_path / "beside").write_bytes(b"x")
    with pytest.raises(StoreError, match="leads out"):
        await store.get("up/beside", 9)
    (tmp_path / "named").symlink_to("root")
    assert (await DirectoryStore(tmp_path / "named").get("real/deep/f", 9)).data == b"x"


async def test_more_logs_than_are_read(tmp_path, lower):
    for name, data in running_store().items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for n in range(3):
        (tmp_path / f"old{n}.eval").write_bytes(b"")
        os.utime(tmp_path / f"old{n}.eval", (n, n))
    lower(logs, "LOGS", 2)
    source = logs.LogsSource(DirectoryStore(tmp_path), logs.LogsOptions(sqlite=False))
    facts: list[object] = []
    result = await source.poll(1000.0, facts.append)
    assert "4 logs, more than the 2 that are read" in result.problems[0].text
    assert [fact.log for fact in facts if isinstance(fact, ManifestRead)] == [LOG]


# databases


SUMMARY = '{"id":"1","epoch":1}'
INFO = '{"event":"info"}'


def database(path: Path, events: str = "", count: int = 1) -> SqliteBuffer:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE samples (id, epoch, data)")
        connection.execute("INSERT INTO samples VALUES ('1', 1, ?)", (SUMMARY,))
        columns = "id INTEGER PRIMARY KEY, event_id, sample_id, sample_epoch, data"
        connection.execute(events or f"CREATE TABLE events ({columns})")
        for n in range(0 if events else count):
            connection.execute("INSERT INTO events VALUES (?, 'e', '1', 1, ?)", (n + 1, INFO))
    connection.close()
    return SqliteBuffer(path)


def read_database(buffer: SqliteBuffer) -> tuple[list[object], str]:
    facts: list[object] = []
    problems = asyncio.run(buffer.read("set", LOG, facts.append))
    return facts, "\n".join(problem.text for problem in problems)


ENDLESS = (
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x AS id, 'e' AS "
    "event_id, '1' AS sample_id, 1 AS sample_epoch, 'x' AS data FROM c WHERE x < 0"
)
SCHEMAS = {
    f"CREATE VIEW events AS {ENDLESS}": "events is no table",
    "CREATE TABLE events (id INTEGER, event_id, sample_id, sample_epoch, data AS (1))": "computed",
    "CREATE VIRTUAL TABLE events USING fts5(event_id, sample_id, sample_epoch, data)": "virtual",
    "CREATE TABLE others (id)": "no such table",
}


@pytest.mark.parametrize(("schema", "why"), SCHEMAS.items())
def test_only_plain_tables_are_read(tmp_path, schema, why):
    assert why in read_database(database(tmp_path / "x.db", schema))[1]


def test_a_question_that_takes_too_long_is_ended(tmp_path, lower):
    lower(sqlite_guard, "ALLOWED_SECONDS", -1)
    database(tmp_path / "x.db")
    with (
        sqlite_guard.opened(tmp_path / "x.db") as connection,
        pytest.raises(sqlite3.OperationalError, match="interrupted"),
    ):
        connection.execute(ENDLESS).fetchall()


def test_a_value_in_a_database(tmp_path):
    large_value = limits.DATABASE_VALUE.value + 2 * sqlite_guard.OVERHEAD
    buffer = database(tmp_path / "x.db", count=2)
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection, connection:
        connection.execute("UPDATE events SET data = zeroblob(?) WHERE id = 1", (large_value,))
    connection.close()
    assert read_database(buffer)[1] == "1 rows can't be understood"


def test_rows_of_a_database_at_a_time(tmp_path, lower):
    buffer = database(tmp_path / "x.db", count=450)
    lower(sqlite_buffer, "DATABASE_ROWS", 250)
    assert "more than the 250 rows that are read at a time" in read_database(buffer)[1]
    assert buffer.failed
    assert read_database(buffer)[1] == ""
    lower(sqlite_buffer, "DATABASE_CONTENT", 100)
    other = database(tmp_path / "y.db", count=450)
    assert "more than the 100 bytes that are read at a time" in read_database(other)[1]


def test_samples_of_a_database(tmp_path, lower):
    buffer = database(tmp_path / "x.db")
    lower(sqlite_buffer, "RUNNING", 0)
    assert "1 running samples, more than the 0" in read_database(buffer)[1]
    lower(sqlite_buffer, "SAMPLES", 0)
    assert "more than the 0 samples" in read_database(buffer)[1]


def test_a_pipe_or_a_link_is_no_database(tmp_path):
    os.mkfifo(tmp_path / "x.db")
    assert "a named pipe, no regular file" in read_database(SqliteBuffer(tmp_path / "x.db"))[1]
    database(tmp_path / "y.db")
    os.mkfifo(tmp_path / "y.db-wal")
    assert "a named pipe, no regular file" in read_database(SqliteBuffer(tmp_path / "y.db"))[1]
    (tmp_path / "z.db").symlink_to(tmp_path / "y.db")
    assert "a link, no regular file" in read_database(SqliteBuffer(tmp_path / "z.db"))[1]


def test_databases_of_one_log(tmp_path, lower):
    assert limits.DATABASE_COPY.value == sqlite_address.COPY_LIMIT
    folder = tmp_path / "samplebuffer" / sqlite_buffer._log_dir_hash(f"file://{tmp_path}")
    folder.mkdir(parents=True)
    for n in range(4):
        (folder / f"{LOG}.{n}.db").write_bytes(b"")
    lower(sqlite_buffer, "DATABASE_FILES", 0)
    assert sqlite_buffer.find(tmp_path / LOG, tmp_path) is None
    lower(sqlite_buffer, "DATABASE_FILES", 4)
    assert sqlite_buffer.find(tmp_path / LOG, tmp_path) is not None


# bundles


def pods(count: int, note: str = "") -> bytes:
    items = [{"kind": "Pod", "metadata": {"name": f"p{n}", "note": note}} for n in range(count)]
    return json.dumps({"items": items}).encode()


def view_of(tmp_path: Path, data: bytes):
    (tmp_path / "pods.json").write_bytes(data)
    view, problems = files.read_view(tmp_path, Kubernetes(), "set", 1000.0)
    return view, "\n".join(f"{problem.where}: {problem.text}" for problem in problems)


def test_a_list_of_the_cluster(tmp_path, lower):
    lower(files, "LOOSE_BYTES", 1000)
    view, said = view_of(tmp_path, pods(100))
    assert (view.known, said) == (frozenset({"pods"}), "")
    lower(files, "OBJECT_BYTES", 500)
    mixed = pods(2)[:-2] + b"," + pods(1, "x" * 1000)[len(b'{"items": [') :]
    view, said = view_of(tmp_path, mixed)
    assert "pods.json: pods/2: left out: 1,0" in said
    assert view.known == frozenset({"pods"})
    lower(files, "LIST_ITEMS", 99)
    assert view_of(tmp_path, pods(100)) == (
        None,
        "pods.json: more than the 99 objects that are read",
    )
    lower(files, "LIST_BYTES", 99)
    assert "bytes, more than the 99" in view_of(tmp_path, pods(100))[1]


def test_a_list_that_is_no_file_is_named(tmp_path):
    os.mkfifo(tmp_path / "pods.json")
    (tmp_path / "jobs.json").symlink_to("/dev/zero")
    view, problems = files.read_view(tmp_path, Kubernetes(), "set", 1000.0)
    assert view is None
    assert [one.text for one in problems] == [
        "a link that leads out of the directory",
        "a named pipe, no regular file",
    ]


def test_a_bundles_description(tmp_path, lower):
    (tmp_path / "bundle.json").write_text(json.dumps({"format": 1, "eval_set_id": "x" * 999}))
    assert len(bundle.read_bundle(tmp_path).eval_set_id) == limits.NAME_LENGTH.value
    lower(bundle, "BUNDLE_BYTES", 100)
    with pytest.raises(bundle.BundleError, match="bytes, more than the 100"):
        bundle.read_bundle(tmp_path)
    (tmp_path / "bundle.json").unlink()
    os.mkfifo(tmp_path / "bundle.json")
    assert bundle.is_bundle(tmp_path)
    with pytest.raises(bundle.BundleError, match="named pipe"):
        bundle.read_bundle(tmp_path)


async def test_runners_logs_of_a_bundle(tmp_path, lower):
    (tmp_path / "kubernetes/logs/ns").mkdir(parents=True)
    for n in range(4):
        path = tmp_path / f"kubernetes/logs/ns/p{n}.log"
        path.write_bytes(b"2026-11-23T07:59:00Z hello\n" * 10)
        os.utime(path, (n, n))

    async def polled() -> tuple[list[str], str]:
        about = bundle.Bundle("set", 1000.0)
        source = bundle.BundleSource(tmp_path, about, logs.LogsOptions())
        facts: list[object] = []
        result = await source.poll(1000.0, facts.append)
        read = [fact.pod for fact in facts if type(fact).__name__ == "RunnerLogRead"]
        return read, "\n".join(f"{one.where}: {one.text}" for one in result.problems)

    assert (await polled())[0] == ["p0", "p1", "p2", "p3"]
    lower(bundle, "RUNNER_LOGS", 3)
    read, said = await polled()
    assert read == ["p1", "p2", "p3"]
    assert "1 older runners' logs are left out: they have more than the 3 logs" in said
    lower(bundle, "RUNNER_LOGS_BYTES", 600)
    read, said = await polled()
    assert (read, "more than the 600 bytes" in said) == (["p2", "p3"], True)
    lower(bundle, "RUNNER_LOG_BYTES", 100)
    assert "p3.log: 270 bytes, more than the 100 that are read: its end is" in (await polled())[1]


def test_the_end_of_a_log_in_lines_of_bounded_length(tmp_path):
    path, most = tmp_path / "log", limits.LINE_LENGTH.value
    path.write_bytes(b"first\n" + b"x" * (3 * most) + b"\nlast\n" + b"cut off")
    with path.open("rb") as file:
        lines = list(last_lines(file, path.stat().st_size, 1 << 30))
        assert [line[:7] for line in lines] == ["first\n", "xxxxxxx", "last\n", "cut off"]
        assert len(lines[1]) == most
        assert list(last_lines(file, path.stat().st_size, 20)) == ["last\n", "cut off"]
        assert list(last_lines(file, 6, 100)) == ["first\n"]


# the failing request


def test_a_failing_requests_messages_texts_and_calls(lower):
    parts = sample_parts.Parts(pool=[(n, {"n": n}) for n in range(10)])
    lower(sample_parts, "REQUEST_MESSAGES", 5)
    refs = [[0, 10]] * 1000
    assert [one["n"] for one in parts.messages({"input_refs": refs})] == [0, 1, 2, 3, 4]
    lower(sample_parts, "REQUEST_TEXT", 100)
    digest = "0" * 32
    parts.attach(digest, "x" * 60)
    parts.attach("1" * 32, "x" * 60)
    assert list(parts.attachments) == [digest]
    assert len(parts.text(f"attachment://{digest}" * 1000)) < 60 + 1000 * 50
    lower(sample_parts, "REQUEST_CALLS", 3)
    parts.call(1, {"error": "x"})
    parts.call(2, {"output": {"usage": {"input_tokens": 1}}})
    for row in range(3, 100):
        parts.call(row, {})
    assert len(parts.calls) <= 9
    assert {1, 2, 99} <= {row for row, _ in parts.calls}


def test_a_large_member_of_a_failing_request(lower):
    call = {"id": 1, "event_id": "e", "event": event(error="x", input_refs=[[0, 1]])}
    pool = {"id": 1, "data": json.dumps({"role": "user", "content": "hi"})}
    text = {"hash": "0" * 32, "content": "long"}
    content = {"events": [call, {"id": 2}], "message_pool": [pool], "attachments": [text]}
    data = LARGE + json.dumps(content).encode()[1:]
    parts = sample_parts.Parts()
    sample_parts._take_large(parts, data)
    assert (len(parts.calls), len(parts.pool), parts.attachments) == (1, 1, {"0" * 32: "long"})
    lower(sample_parts, "MEMBER_ROWS", 1)
    with pytest.raises(sample_parts.RequestUnreadable, match="more than the 1 rows"):
        sample_parts._take_large(parts, data)
    assert limits.REQUEST_BYTES.value == sample_parts.MAX_BYTES


def test_a_sample_is_the_one_that_its_manifest_names():
    entry = buffers.decode_manifest(manifest(sample("1", (1,)))).samples[0]
    assert (entry.summary.key, entry.member) == (SampleKey("1", 1), "1_1.json")
