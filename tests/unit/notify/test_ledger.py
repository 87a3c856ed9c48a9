import os
import sqlite3
from contextlib import closing

import pytest
from msgspec.structs import replace
from sqlalchemy import create_engine, text, update

from tests.builders.snapshots import NOW, eval_set, incident, snapshot
from watchdog.notify import notice
from watchdog.notify.decide import Decision, Reason, decide
from watchdog.notify.decide.announcements import announcements
from watchdog.notify.ledger.database import LedgerError, memory_ledger, open_ledger
from watchdog.notify.ledger.ledger import KEEP_SECONDS
from watchdog.notify.ledger.tables import incidents

VIEW = snapshot(eval_set(), incidents=(incident(),))
OPEN = Decision(Reason.OPEN, incident(), NOW)


@pytest.fixture
def ledger(state):
    opened = open_ledger(state, NOW)
    assert opened.warnings == ()
    yield opened.ledger
    opened.ledger.close()


def begin(ledger, channels=("slack",)):
    ledger.open(OPEN, notice.opened(OPEN, VIEW), channels)
    return ledger.open_incidents()[incident().id]


def end(ledger, entry, at=NOW + 60):
    decision = Decision(Reason.RESOLVE, entry.incident, at, entry)
    ledger.resolve(entry, notice.resolved(decision, entry))


def test_an_open_incident_outlives_the_process(state):
    for _ in range(2):
        ledger = open_ledger(state, NOW).ledger
        entry = ledger.open_incidents().get(incident().id) or begin(ledger)
        assert entry.incident == incident()
        assert [message.notice.kind for message in ledger.pending("slack")] == ["opened"]
        ledger.close()


def test_the_same_id_opens_anew(ledger):
    first = begin(ledger)
    end(ledger, first)
    assert ledger.open_incidents() == {}
    assert begin(ledger).generation == 2
    threads = [message.thread[1] for message in ledger.pending("slack")]
    assert threads == [1, 1, 2]


def test_the_end_is_told_where_the_beginning_was(ledger):
    entry = begin(ledger, ("slack", "pager"))
    end(ledger, entry)
    assert len(ledger.pending("pager")) == 2
    assert ledger.pending("mail") == []


def test_who_watches_something_else_sees_nothing(state):
    one = open_ledger(state, NOW, "one").ledger
    two = open_ledger(state, NOW, "two").ledger
    begin(one)
    assert two.open_incidents() == {}
    assert two.pending("slack") == []
    assert begin(two).generation == 1
    one.close()
    two.close()


def test_a_channel_set_up_later_is_told_too(ledger):
    entry = begin(ledger, ())
    assert ledger.unnotified(entry, ["slack"]) == ["slack"]
    ledger.enqueue(entry, notice.opened(OPEN, VIEW), ["slack"])
    assert ledger.unnotified(entry, ["slack"]) == []


def test_amended_incidents_are_remembered(ledger):
    entry = begin(ledger)
    ledger.amend(entry, incident(eval_sets=("a", "b")))
    assert ledger.open_incidents()[incident().id].incident.eval_sets == ("a", "b")


def test_a_restart_tries_again_what_was_given_up_for_open_ones(ledger):
    begin(ledger)
    (message,) = ledger.pending("slack")
    ledger.record_attempt(message, "failed", NOW, "404 no_service")
    assert ledger.pending("slack") == []
    ledger.restart()
    (again,) = ledger.pending("slack")
    assert (again.attempts, again.next_at) == (0, 0.0)


def test_a_restart_leaves_what_is_sent_and_what_is_over(ledger):
    entry = begin(ledger)
    end(ledger, entry)
    first, last = ledger.pending("slack")
    ledger.record_attempt(first, "failed", NOW, "404 no_service")
    ledger.record_attempt(last, "sent", NOW, "200 ok")
    ledger.restart()
    assert ledger.pending("slack") == []


def test_the_past_is_pruned_and_the_present_kept(ledger):
    end(ledger, begin(ledger), at=NOW)
    begin(ledger)
    assert ledger.prune(NOW + KEEP_SECONDS) == 0
    assert ledger.prune(NOW + KEEP_SECONDS + 1) == 1
    assert [message.thread[1] for message in ledger.pending("slack")] == [2]
    assert incident().id in ledger.open_incidents()


@pytest.mark.parametrize("content", [b"not a database, by far" * 100, None])
def test_a_damaged_file_is_kept_aside(tmp_path, content):
    file = tmp_path / "state.sqlite3"
    if content is None:
        sound = open_ledger(file, NOW).ledger
        begin(sound)
        sound.close()
        damaged = bytearray(file.read_bytes())
        damaged[4096:] = os.urandom(len(damaged) - 4096)
        content = bytes(damaged)
    for turn in range(2):
        file.write_bytes(content)
        opened = open_ledger(file, NOW)
        (warning,) = opened.warnings
        assert "damaged" in warning
        assert begin(opened.ledger)
        opened.ledger.close()
        assert (
            len([path for path in tmp_path.iterdir() if path.read_bytes() == content]) == turn + 1
        )


def test_a_newer_file_is_kept_aside(tmp_path):
    file = tmp_path / "state.sqlite3"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE watchdog_schema (version INTEGER PRIMARY KEY)")
        connection.execute("INSERT INTO watchdog_schema VALUES (99)")
    connection.close()
    opened = open_ledger(file, NOW)
    opened.ledger.close()
    assert "newer version (schema 99)" in opened.warnings[0]
    (kept,) = tmp_path.glob("state.sqlite3.unusable-20261123T080000Z")
    assert kept.stat().st_size > 0


def test_a_place_that_cannot_be_written_is_replaced_by_memory(tmp_path):
    (tmp_path / "file").write_text("")
    opened = open_ledger(tmp_path / "file" / "state", NOW)
    assert "nothing outlives a restart" in opened.warnings[0]
    assert begin(opened.ledger)
    opened.ledger.close()


@pytest.mark.parametrize("address", ["nodb://user:geheim@host/x", "://"])
def test_an_address_that_is_none_is_an_error_without_its_password(address):
    with pytest.raises(LedgerError) as error:
        open_ledger(address, NOW)
    assert "geheim" not in str(error.value)


def test_an_url_is_taken(tmp_path):
    file = tmp_path / "by-url"
    open_ledger(f"sqlite:///{file}", NOW).ledger.close()
    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version FROM watchdog_schema")).scalar() == 1
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    engine.dispose()


def test_memory_is_shared_by_its_connections():
    ledger = memory_ledger()
    assert begin(ledger).generation == 1
    ledger.close()


def test_since_when_an_incident_is_absent_is_remembered(ledger):
    begin(ledger)
    (entry,) = ledger.open_incidents().values()
    assert entry.absent_since is None
    ledger.mark_absent(entry, NOW)
    (entry,) = ledger.open_incidents().values()
    assert entry.absent_since == NOW
    ledger.mark_absent(entry, None)
    (entry,) = ledger.open_incidents().values()
    assert entry.absent_since is None


def goes_back(ledger, table, columns):
    """As an earlier version left it, which knew neither these columns nor migrations."""
    with ledger.transaction() as connection:
        for column in columns:
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {column}")
        connection.exec_driver_sql("DROP TABLE IF EXISTS watchdog_version")


def test_a_ledger_of_an_earlier_version_gets_what_it_lacks(state):
    opened = open_ledger(state, NOW)
    assert begin(opened.ledger)
    goes_back(opened.ledger, "incidents", ["away_since"])
    goes_back(opened.ledger, "messages", ["digest"])
    opened.ledger.close()
    again = open_ledger(state, NOW)
    assert again.warnings == ()
    (entry,) = again.ledger.open_incidents().values()
    assert entry.absent_since is None
    again.ledger.close()


def goes_on(ledger, entry, kind, change):
    decision = Decision(Reason.UPDATE, entry.incident, NOW + 60, entry)
    ledger.update(entry, replace(notice.standing(decision, VIEW, kind), changes=(change,)))


def begun(ledger):
    entry = begin(ledger)
    ledger.record_attempt(ledger.pending("slack")[0], "sent", NOW, "ok")
    return entry


def test_of_what_waits_one_message_says_all_as_the_heaviest(ledger):
    entry = begun(ledger)
    goes_on(ledger, entry, "escalated", "It is a page now")
    goes_on(ledger, entry, "edited", "b joined")
    goes_on(ledger, entry, "updated", "It is about the provider")
    (waiting,) = ledger.pending("slack")
    assert waiting.notice.kind == "escalated"
    assert waiting.notice.changes == ("It is a page now", "b joined", "It is about the provider")
    end(ledger, entry)
    (waiting,) = ledger.pending("slack")
    assert (waiting.notice.kind, waiting.notice.changes) == ("resolved", ())


def test_what_is_back_before_its_end_was_sent_is_not_told_as_over(ledger):
    entry = begun(ledger)
    end(ledger, entry)
    goes_on(ledger, entry, "reopened", "It is back")
    (waiting,) = ledger.pending("slack")
    assert (waiting.notice.kind, waiting.notice.changes) == ("reopened", ("It is back",))


def test_what_is_only_edited_is_not_announced(ledger):
    entry = begin(ledger)
    goes_on(ledger, entry, "edited", "b joined")
    edited = ledger.open_incidents()[entry.incident.id]
    assert (edited.shown_at, edited.announced_at) == (NOW + 60, NOW)
    assert edited.announced == entry.announced
    goes_on(ledger, entry, "updated", "It is about the provider")
    assert ledger.open_incidents()[entry.incident.id].announced_at == NOW + 60


@pytest.mark.parametrize("said", ["{", "[1]", "null", "", None])
def test_announcements_that_can_not_be_read_are_those_that_the_message_shows(ledger, said):
    entry = begin(ledger)
    with ledger.transaction() as connection:
        connection.execute(update(incidents).values(said=said))
    assert ledger.open_incidents()[entry.incident.id].announced == announcements(incident())


LATER_COLUMNS = ("away_since", "told", "told_at", "said", "said_at", "reopened")


def test_a_ledger_of_an_earlier_version_goes_on(state):
    """Its incidents stay open, nobody is told again of what was said, and new columns are there."""
    first = open_ledger(state, NOW).ledger
    begin(first)
    goes_back(first, "incidents", LATER_COLUMNS)
    first.close()
    ledger = open_ledger(state, NOW).ledger
    entries = ledger.open_incidents()
    assert [entry.incident for entry in entries.values()] == [incident()]
    (decision,) = decide(VIEW, entries, NOW + 9000, True)
    assert decision.reason is Reason.STILL_OPEN
    ledger.mark_absent(entries[incident().id], NOW)
    assert ledger.open_incidents()[incident().id].absent_since == NOW
    ledger.close()


@pytest.mark.parametrize("mask", [0o022, 0])
def test_a_new_ledger_is_its_owner_s(tmp_path, mask):
    before = os.umask(mask)
    try:
        opened = open_ledger(tmp_path / "state" / "l.db", NOW)
        with opened.ledger.engine.begin() as connection:
            names = sorted(path.name for path in (tmp_path / "state").iterdir())
            assert names == ["l.db", "l.db-shm", "l.db-wal"]
            modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "state").iterdir()}
            connection.rollback()
    finally:
        os.umask(before)
    assert modes == {0o600}
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_a_ledger_that_was_removed_comes_back_as_its_owner_s(tmp_path):
    file = tmp_path / "l.db"
    ledger = open_ledger(file, NOW).ledger
    for path in tmp_path.iterdir():
        path.unlink()
    ledger.engine.connect().close()
    assert file.stat().st_mode & 0o777 == 0o600


def test_an_address_of_nothing_names_itself_and_no_setting_which_its_caller_does():
    with pytest.raises(LedgerError, match=r"^bogus://x: "):
        open_ledger("bogus://x", NOW)
