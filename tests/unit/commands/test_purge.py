"""`watchdog purge`: what is kept of one eval set goes, whole; the others' stays."""

import pytest
from msgspec.structs import replace
from sqlalchemy import inspect

from tests.acceptance.playback import Playback
from tests.builders.kept_incidents import act
from tests.builders.snapshots import NOW, eval_set, incident, snapshot
from tests.doubles.channel import Clock, Recorder, turn
from watchdog import cli
from watchdog.collect.targets import open_target
from watchdog.config.load import load
from watchdog.model.eval_set_names import EvalSetName
from watchdog.model.lease import Lease
from watchdog.model.report import IncidentReport
from watchdog.notify import notice
from watchdog.notify.decide import Decision, Reason
from watchdog.notify.deliver import LATELY, Deliverer
from watchdog.notify.ledger import acts, mutes, names
from watchdog.notify.ledger import postgresql as postgresql_module
from watchdog.notify.ledger.acts import Subject
from watchdog.notify.ledger.checkpoints import Checkpoint, open_checkpoints
from watchdog.notify.ledger.checkpoints import metadata as checkpoint_tables
from watchdog.notify.ledger.database import engine_of, file_of, open_ledger, url_of
from watchdog.notify.ledger.mutes import Mute
from watchdog.notify.ledger.tables import incidents, messages
from watchdog.notify.ledger.tables import metadata as ledger_tables
from watchdog.notify.ledger.term import Term
from watchdog.pipeline.targets import logs_options
from watchdog.service.build import build

GONE = "mmlu-2026-11-22-x7k2"
OTHER = "gpqa-nightly"
YEAR_9999 = 253_370_764_800.0


@pytest.fixture
def run(state, capsys):
    def call(*arguments):
        status = cli.main(["purge", *arguments, "--state", state])
        said = capsys.readouterr()
        return status, said.out + said.err

    return call


@pytest.fixture
def ledger(state):
    opened = open_ledger(state, NOW, "targets of another service")
    yield opened.ledger
    opened.ledger.close()


@pytest.fixture
def checkpoints(state):
    opened = {version: open_checkpoints(state, NOW, "a", version).store for version in "12"}
    yield opened
    for store in opened.values():
        store.close()


def tell(ledger, told: IncidentReport, *eval_sets: str):
    decision = Decision(Reason.OPEN, told, NOW)
    shown = snapshot(*map(eval_set, eval_sets), incidents=(told,))
    return ledger.open(decision, notice.opened(decision, shown), ["slack", "pager"])


def alone(name: str, number: str) -> IncidentReport:
    return incident(id=number, eval_sets=(name,), subject=name, summary=f"{name} hangs.")


def joint() -> IncidentReport:
    return incident(
        id="joint",
        scope="model",
        subject="openai/gpt-4o",
        models=("openai/gpt-4o",),
        eval_sets=(OTHER, GONE),
        summary=f"openai/gpt-4o: 3 samples of {GONE} and {OTHER} are stuck",
        actions=(f"`hawk stop {GONE} --sample x`",),
    )


def holds(state: str, name: str) -> bool:
    """Whether a name stands anywhere: in a file's bytes, or in a row of any table."""
    url = url_of(state)
    file = file_of(url)
    if file is not None:
        return any(name.encode() in path.read_bytes() for path in file.parent.iterdir())
    engine = engine_of(url)
    with engine.connect() as connection:
        tables = (*ledger_tables.sorted_tables, *checkpoint_tables.sorted_tables)
        found = [inspect(connection).has_table(each.name) for each in tables]
        kept = [each for each, there in zip(tables, found, strict=True) if there]
        rows = [str(row) for each in kept for row in connection.execute(each.select())]
    engine.dispose()
    return any(name in row for row in rows)


def test_nothing_of_it_is_left_in_any_file(run, ledger, checkpoints, state):
    tell(ledger, alone(GONE, "1"), GONE)
    tell(ledger, alone(OTHER, "2"), OTHER)
    mutes.mute(ledger, Mute(GONE, YEAR_9999), NOW)
    mutes.mute(ledger, Mute("mmlu-*", YEAR_9999), NOW)
    names.save(ledger, {GONE: EvalSetName("cluster", GONE, NOW)}, ())
    names.save(ledger, {OTHER: EvalSetName("cluster", OTHER, NOW)}, ())
    for version, store in checkpoints.items():
        rows = (Checkpoint("cluster", name, NOW, b"of " + name.encode(), b"") for name in (GONE,))
        store.write([*rows, Checkpoint("cluster", OTHER, NOW, version.encode(), b"")], ())
    assert holds(state, GONE)
    status, said = run(GONE)
    assert status == 0
    for line in (
        f"deleted of {GONE} (cluster):",
        "  1 incident about it alone",
        "  2 messages",
        "  1 mute of exactly this name",
        "  1 id",
        "  2 checkpoints, 46 bytes",
        "1 incident of it was open: no channel is told of the end",
        "while a running service still sees it, it is written, and told, anew",
    ):
        assert line in said
    assert not holds(state, GONE)
    assert list(ledger.open_incidents()) == ["2"]
    assert [message.thread[0] for message in ledger.pending("slack")] == ["2"]
    assert [mute.eval_set for mute in mutes.mutes(ledger, NOW)] == ["mmlu-*"]
    assert list(names.load(ledger)) == [OTHER]
    for store in checkpoints.values():
        assert [row.eval_set for row in store.read()] == [OTHER]


def test_a_joint_incident_goes_on_without_it(run, ledger, state):
    tell(ledger, joint(), GONE, OTHER)
    status, said = run(GONE)
    assert status == 0
    assert "out of 1 incident with others and 2 messages" in said
    assert "stays: counts, times and models of incidents with others" in said
    assert not holds(state, GONE)
    entry = ledger.open_incidents()["joint"]
    for shown in (entry.incident, entry.shown):
        assert (shown.eval_sets, shown.models) == ((OTHER,), ("openai/gpt-4o",))
        assert shown.summary.startswith("openai/gpt-4o: 3 samples of eval-set-")
        assert shown.summary.endswith(f" and {OTHER} are stuck")
    (message,) = ledger.pending("slack")
    assert message.notice.incident == entry.incident
    assert (message.notice.samples, message.notice.actions) == ((), ())


def test_what_people_did_goes_too_or_goes_on_without_its_name(run, ledger, state):
    special = f"{GONE}[1]"
    for number, name in enumerate((GONE, special)):
        told = replace(joint(), id=f"j{number}", eval_sets=(OTHER, name), summary="", actions=())
        subject = Subject(told, tell(ledger, told, OTHER)[1])
        acts.do(ledger, subject, act(why=f"{name} is slow", until=YEAR_9999))
        acts.do(ledger, subject, act("silence", why=f"{name} again", until=YEAR_9999))
        entry = ledger.open_incidents()[told.id]
        shown = snapshot(eval_set(OTHER), incidents=(told,))
        news = notice.standing(Decision(Reason.REMIND, told, NOW, entry), shown)
        ledger.update(entry, replace(news, changes=(f"{name} joined",)))
        untold = alone(name, f"untold {number}")
        acts.do(ledger, Subject(untold, 0), act("silence", until=YEAR_9999 + 1))
        its = alone(name, f"a{number}")
        acts.do(ledger, Subject(its, tell(ledger, its, name)[1]), act(why=name))
        assert holds(state, name)
    for name in (special, GONE):
        assert run(name)[0] == 0
        assert not holds(state, name)
    assert [each.eval_set for each in mutes.mutes(ledger, NOW)] == [OTHER]
    assert ledger.untold_acts() == {}


def test_stand_ins_can_not_be_tried_out(run, ledger):
    seen = set()
    for number in ("1", "2"):
        told = replace(joint(), id=number)
        tell(ledger, told, GONE, OTHER)
        run(GONE)
        seen.add(ledger.open_incidents()[number].incident.summary)
    assert len(seen) == 2


def test_a_digest_goes_on_with_the_others_or_goes(run, ledger, state):
    told = [alone(GONE, "1"), alone(OTHER, "2")]
    threads = [tell(ledger, each, each.subject) for each in told]
    decisions = [Decision(Reason.OPEN, each, NOW) for each in told]
    shown = snapshot(eval_set(GONE), eval_set(OTHER), incidents=tuple(told))
    opened = [notice.opened(decision, shown) for decision in decisions]
    ledger.group(threads, "slack", notice.digest(opened))
    assert run(GONE)[0] == 0
    assert not holds(state, GONE)
    (digest,) = ledger.pending("slack")
    assert digest.notice.kind == "digest"
    assert digest.notice.incident == told[1]
    assert digest.notice.members == (told[1],)
    assert run(OTHER)[0] == 0
    assert ledger.pending("slack") == []


def test_a_dry_run_says_the_same_and_does_nothing(run, ledger, checkpoints):
    tell(ledger, alone(GONE, "1"), GONE)
    tell(ledger, joint(), GONE, OTHER)
    checkpoints["1"].write([Checkpoint("cluster", GONE, NOW, b"state", b"position")], ())
    before = rows(ledger)
    status, dry = run(GONE, "--dry-run")
    assert status == 0
    assert rows(ledger) == before
    assert [row.eval_set for row in checkpoints["1"].read()] == [GONE]
    real = run(GONE)[1]
    assert dry == real.replace("deleted of", "would delete of").replace("was open", "would be open")
    assert rows(ledger) != before


def rows(ledger):
    with ledger.transaction() as connection:
        return [
            tuple(row)
            for table in (incidents, messages)
            for row in connection.execute(table.select()).all()
        ]


def test_two_of_one_name_are_told_apart(run, ledger):
    second = f"{GONE}@archive"
    owners = {GONE: EvalSetName("cluster", GONE, NOW), second: EvalSetName("archive", GONE, NOW)}
    names.save(ledger, owners, ())
    tell(ledger, alone(GONE, "1"), GONE)
    tell(ledger, alone(second, "2"), second)
    status, said = run(GONE, "--source", "archive", "--dry-run")
    assert (status, f"deleted of {GONE} (archive):") == (0, f"deleted of {GONE} (archive):")
    assert f"would delete of {GONE} (archive):" in said
    assert run(GONE)[0] == 0
    assert list(ledger.open_incidents()) == ["2"]
    assert list(names.load(ledger)) == [second]


def test_a_name_of_several_sources_needs_one(run, ledger):
    owners = {f"{GONE}@{place}": EvalSetName(place, GONE, NOW) for place in ("one", "two")}
    names.save(ledger, owners, ())
    status, said = run(GONE)
    assert status == 3
    assert "say whose with --source: one, two" in said
    assert run(GONE, "--source", "two")[0] == 0
    assert list(names.load(ledger)) == [f"{GONE}@one"]


@pytest.mark.parametrize("arguments", [("nobody",), (GONE, "--source", "elsewhere"), ("mmlu-*",)])
def test_what_is_unknown_is_refused(run, ledger, arguments):
    names.save(ledger, {GONE: EvalSetName("cluster", GONE, NOW)}, ())
    status, said = run(*arguments)
    assert status == 3
    assert "nothing is kept of an eval set" in said
    assert list(names.load(ledger)) == [GONE]


STRANGE = {
    "NUL": "a\0b",
    "half a pair": "a\ud800b",
    "only what no text holds": "\ud800\0",
    "long": "long-" + "x" * 5000,
    "long, with what no text holds": "\0" + "y" * 600,
    "quotes": """it's "so", `or` \\ not""",
    "percent signs": "100%s %(a)s %% %",
    "unicode": "e\u0301valua\u0303o-\U0001f600-\u202e",
    "a pattern": "a*[b]?_",
    "SQL": "'; DROP TABLE incidents; --",
}
kinds = pytest.mark.parametrize("name", STRANGE.values(), ids=STRANGE)


@kinds
def test_a_strange_name_is_found_again(run, ledger, checkpoints, name):
    other = f"{name}z"
    for number, each in enumerate((name, other)):
        tell(ledger, alone(each, str(number)), each)
        names.save(ledger, {each: EvalSetName("cluster", each, NOW)}, ())
        checkpoints["1"].write([Checkpoint("cluster", each, NOW, b"s", b"p")], ())
    mutes.mute(ledger, Mute(name, YEAR_9999), NOW)
    tell(ledger, replace(joint(), eval_sets=(OTHER, name), summary=f"{name} and {OTHER}"), OTHER)
    status, said = run(name)
    assert status == 0, said
    for line in ("1 incident about", "2 messages", "1 mute of", "1 id", "1 checkpoint,"):
        assert f"  {line}" in said
    assert "out of 1 incident with others and 2 messages" in said
    assert sorted(ledger.open_incidents()) == ["1", "joint"]
    assert ledger.open_incidents()["joint"].incident.eval_sets == (OTHER,)
    assert len(names.load(ledger)) == len(list(checkpoints["1"].read())) == 1
    assert run(name)[0] == 3


def test_a_strange_name_of_no_id_that_is_kept_is_found_too(run, ledger):
    """Of a time before ids were kept."""
    for name in STRANGE.values():
        tell(ledger, alone(name, "1"), name)
        assert run(name)[0] == 0, name
        assert ledger.open_incidents() == {}


@pytest.mark.parametrize("name", [STRANGE[kind] for kind in ("NUL", "long", "quotes", "SQL")])
def test_a_strange_source_is_told_apart(run, ledger, checkpoints, name):
    for number, source in enumerate((name, "archive")):
        eval_set_id = f"{GONE}@{number}"
        names.save(ledger, {eval_set_id: EvalSetName(source, GONE, NOW)}, ())
        tell(ledger, replace(alone(eval_set_id, str(number)), sources=(source,)), eval_set_id)
        checkpoints["1"].write([Checkpoint(source, GONE, NOW, b"s", b"p")], ())
    assert run(GONE)[0] == 3
    status, said = run(GONE, "--source", name)
    assert status == 0, said
    assert list(ledger.open_incidents()) == ["1"]
    assert [row.source for row in checkpoints["1"].read()] == ["archive"]
    assert list(names.load(ledger)) == [f"{GONE}@1"]


# While a leader leads.


@pytest.fixture
def led(postgresql):
    address = postgresql.add_database()
    yield address
    postgresql.drop_database(address)


async def test_a_leader_goes_on_and_writes_nothing_back(led, capsys):
    channel, clock, reasons = Recorder(), Clock(), []
    ledger = open_ledger(led, NOW).ledger
    lease = Lease("a", 15, "", "", 1, "1", "uid-1")
    ledger.term = Term("", lease, NOW, lambda: True, reasons.append)
    store = open_checkpoints(led, NOW, "", "1").store
    store.term = ledger.term
    deliverer = Deliverer(ledger, (channel,), clock)
    told = (alone(GONE, "1"), alone(OTHER, "2"))
    stuck = snapshot(eval_set(GONE), eval_set(OTHER), incidents=told)
    await turn(deliverer, stuck)
    store.write([Checkpoint("cluster", name, NOW, b"s", b"p") for name in (GONE, OTHER)], ())
    token = ledger.term.token
    assert cli.main(["purge", GONE, "--state", led]) == 0
    assert "1 checkpoint, 2 bytes" in capsys.readouterr().out
    await turn(deliverer, snapshot(eval_set(OTHER), incidents=told[1:]))
    assert not holds(led, GONE)
    assert list(ledger.open_incidents()) == ["2"]
    assert channel.kinds == ["opened", "opened"]
    assert (reasons, ledger.term.token) == ([], token)
    await deliverer.aclose()
    store.close()


async def test_what_is_purged_while_it_waits_is_not_sent_any_more(led):
    ledger = open_ledger(led, NOW).ledger
    lease = Lease("a", 15, "", "", 1, "1", "uid-1")
    ledger.term = Term("", lease, NOW, lambda: True, lambda _: None)
    tell(ledger, alone(GONE, "1"), GONE)
    (message,) = ledger.pending("slack")
    assert ledger.claim(message, NOW)
    assert cli.main(["purge", GONE, "--state", led]) == 0
    assert not ledger.claim(message, NOW)
    ledger.record_attempt(message, "sent", NOW, "ok", handle="1.2")
    assert ledger.pending("slack") == []
    assert not holds(led, GONE)
    ledger.close()


def test_no_file_is_made(tmp_path, capsys):
    assert cli.main(["purge", GONE, "--state", str(tmp_path / "a.sqlite3")]) == 3
    assert "nothing is kept of an eval set" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_locked_ledger_is_one_line(run, ledger, monkeypatch):
    tell(ledger, alone(GONE, "1"), GONE)
    monkeypatch.setattr("watchdog.notify.ledger.database._PRAGMAS", ("busy_timeout=1",))
    monkeypatch.setitem(postgresql_module._BOUNDS, "lock_timeout", 1)
    with ledger.engine.connect() as holder:
        if holder.dialect.name == "sqlite":
            holder.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            holder.exec_driver_sql("LOCK TABLE incidents")
        status, said = run(GONE)
    assert status == 3
    assert said.startswith("watchdog: state: ")
    assert list(ledger.open_incidents()) == ["1"]


async def test_what_a_service_still_sees_is_written_and_told_anew(run, tmp_path, slack, state):
    playback = Playback("one_sample_500", tmp_path)
    playback.play(3)
    hook = {"webhook_url": "https://hooks.slack.com/services/T/B/s", "api_url": slack.server.url}
    given = {"logs": (str(playback.logs.parent),), "state": state, "slack": hook}
    settings = load({**given, "listing_interval": 0.001, "status_feeds": ()})
    source, _ = open_target(settings.logs[0], settings.s3, logs_options(settings))
    app = build(settings, [source], playback.clock)
    name = playback.logs.name
    await app.tick()
    await app.save()
    assert len(slack.messages) == 1
    status, said = run(name)
    assert status == 0
    for line in ("1 incident of it was open", "  1 message\n", "  1 checkpoint, ", "  1 id\n"):
        assert line in said
    assert run(name)[0] == 3
    playback.now += LATELY
    await app.tick()
    assert len(slack.messages) == 2
    assert run(name)[0] == 0
    await app.aclose()
