import os
import sqlite3

import pytest
from msgspec.structs import replace
from sqlalchemy import create_engine, text

from tests.builders.snapshots import NOW, eval_set, incident, snapshot
from watchdog.notify import notice
from watchdog.notify.decide import Decision, Reason, decide
from watchdog.notify.ledger.database import LedgerError, memory_ledger, open_ledger
from watchdog.notify.ledger.ledger import KEEP_SECONDS

SEEN = snapshot(eval_set(), incidents=(incident(),))
OPEN = Decision(Reason.OPEN, incident(), NOW)


@pytest.fixture
def ledger(tmp_path):
    opened = open_ledger(tmp_path / "new" / "state.sqlite3", NOW)
    assert opened.warnings == ()
    yield opened.ledger
    opened.ledger.close()


def tell(ledger, channels=("slack",)):
    ledger.open(OPEN, notice.opened(OPEN, SEEN), channels)
    return ledger.open_incidents()[incident().id]


def end(ledger, entry, at=NOW + 60):
    decision = Decision(Reason.RESOLVE, entry.incident, at, entry)
    ledger.resolve(entry, notice.resolved(decision, entry))


def test_an_open_incident_outlives_the_process(tmp_path):
    for _ in range(2):
        ledger = open_ledger(str(tmp_path / "state"), NOW).ledger
        entry = ledger.open_incidents().get(incident().id) or tell(ledger)
        assert entry.incident == incident()
        assert [message.notice.kind for message in ledger.pending("slack")] == ["opened"]
        ledger.close()


def test_the_same_id_opens_anew(ledger):
    first = tell(ledger)
    end(ledger, first)
    assert ledger.open_incidents() == {}
    assert tell(ledger).generation == 2
    threads = [message.thread[1] for message in ledger.pending("slack")]
    assert threads == [1, 1, 2]


def test_the_end_is_told_where_the_beginning_was(ledger):
    entry = tell(ledger, ("slack", "pager"))
    end(ledger, entry)
    assert len(ledger.pending("pager")) == 2
    assert ledger.pending("mail") == []


def test_who_watches_something_else_sees_nothing(tmp_path):
    one = open_ledger(tmp_path / "state", NOW, "one").ledger
    two = open_ledger(tmp_path / "state", NOW, "two").ledger
    tell(one)
    assert two.open_incidents() == {}
    assert two.pending("slack") == []
    assert tell(two).generation == 1
    one.close()
    two.close()


def test_a_channel_set_up_later_is_told_too(ledger):
    entry = tell(ledger, ())
    assert ledger.untold(entry, ["slack"]) == ["slack"]
    ledger.tell(entry, notice.opened(OPEN, SEEN), ["slack"])
    assert ledger.untold(entry, ["slack"]) == []


def test_amended_incidents_are_remembered(ledger):
    entry = tell(ledger)
    ledger.amend(entry, incident(eval_sets=("a", "b")))
    assert ledger.open_incidents()[incident().id].incident.eval_sets == ("a", "b")


def test_a_restart_tries_again_what_was_given_up_for_open_ones(ledger):
    tell(ledger)
    (message,) = ledger.pending("slack")
    ledger.settle(message, "failed", NOW, "404 no_service")
    assert ledger.pending("slack") == []
    ledger.restart()
    (again,) = ledger.pending("slack")
    assert (again.attempts, again.next_at) == (0, 0.0)


def test_a_restart_leaves_what_is_sent_and_what_is_over(ledger):
    entry = tell(ledger)
    end(ledger, entry)
    first, last = ledger.pending("slack")
    ledger.settle(first, "failed", NOW, "404 no_service")
    ledger.settle(last, "sent", NOW, "200 ok")
    ledger.restart()
    assert ledger.pending("slack") == []


def test_the_past_is_pruned_and_the_present_kept(ledger):
    end(ledger, tell(ledger), at=NOW)
    tell(ledger)
    assert ledger.prune(NOW + KEEP_SECONDS) == 0
    assert ledger.prune(NOW + KEEP_SECONDS + 1) == 1
    assert [message.thread[1] for message in ledger.pending("slack")] == [2]
    assert incident().id in ledger.open_incidents()


@pytest.mark.parametrize("content", [b"not a database, by far" * 100, None])
def test_a_damaged_file_is_kept_aside(tmp_path, content):
    file = tmp_path / "state.sqlite3"
    if content is None:
        made = open_ledger(file, NOW).ledger
        tell(made)
        made.close()
        damaged = bytearray(file.read_bytes())
        damaged[4096:] = os.urandom(len(damaged) - 4096)
        content = bytes(damaged)
    for turn in range(2):
        file.write_bytes(content)
        opened = open_ledger(file, NOW)
        (warning,) = opened.warnings
        assert "damaged" in warning
        assert tell(opened.ledger)
        opened.ledger.close()
        assert (
            len([each for each in tmp_path.iterdir() if each.read_bytes() == content]) == turn + 1
        )


def test_a_newer_file_is_kept_aside(tmp_path):
    file = tmp_path / "state.sqlite3"
    with sqlite3.connect(file) as connection:
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
    assert tell(opened.ledger)
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
    assert tell(ledger).generation == 1
    ledger.close()


def test_since_when_an_incident_is_away_is_remembered(ledger):
    tell(ledger)
    (entry,) = ledger.open_incidents().values()
    assert entry.away_since is None
    ledger.away(entry, NOW)
    (entry,) = ledger.open_incidents().values()
    assert entry.away_since == NOW
    ledger.away(entry, None)
    (entry,) = ledger.open_incidents().values()
    assert entry.away_since is None


def test_a_ledger_of_an_earlier_version_gets_what_it_lacks(tmp_path):
    file = tmp_path / "state.sqlite3"
    opened = open_ledger(file, NOW)
    assert tell(opened.ledger)
    opened.ledger.close()
    with sqlite3.connect(file) as connection:
        connection.execute("ALTER TABLE incidents DROP COLUMN away_since")
        connection.execute("ALTER TABLE messages DROP COLUMN digest")
    connection.close()
    again = open_ledger(file, NOW)
    assert again.warnings == ()
    (entry,) = again.ledger.open_incidents().values()
    assert entry.away_since is None
    again.ledger.close()


def goes_on(ledger, entry, kind, change):
    decision = Decision(Reason.UPDATE, entry.incident, NOW + 60, entry)
    said = replace(notice.standing(decision, SEEN, kind), changes=(change,))
    ledger.update(entry, said)


def told_beginning(ledger):
    entry = tell(ledger)
    ledger.settle(ledger.pending("slack")[0], "sent", NOW, "ok")
    return entry


def test_of_what_waits_one_message_says_all_as_the_heaviest(ledger):
    entry = told_beginning(ledger)
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
    entry = told_beginning(ledger)
    end(ledger, entry)
    goes_on(ledger, entry, "reopened", "It is back")
    (waiting,) = ledger.pending("slack")
    assert (waiting.notice.kind, waiting.notice.changes) == ("reopened", ("It is back",))


def test_what_is_only_edited_is_not_what_people_heard(ledger):
    entry = tell(ledger)
    goes_on(ledger, entry, "edited", "b joined")
    edited = ledger.open_incidents()[entry.incident.id]
    assert (edited.shown_at, edited.heard_at, edited.heard) == (NOW + 60, NOW, entry.heard)
    goes_on(ledger, entry, "updated", "It is about the provider")
    assert ledger.open_incidents()[entry.incident.id].heard_at == NOW + 60


LATER_COLUMNS = ("away_since", "told", "told_at", "said", "said_at", "reopened")


def test_a_ledger_of_an_earlier_version_goes_on(tmp_path):
    """Its incidents stay open, nobody is told again of what was said, and new columns are there."""
    first = open_ledger(tmp_path / "s.db", NOW).ledger
    tell(first)
    with first.transaction() as connection:
        for column in LATER_COLUMNS:
            connection.exec_driver_sql(f"ALTER TABLE incidents DROP COLUMN {column}")
    first.close()
    ledger = open_ledger(tmp_path / "s.db", NOW).ledger
    known = ledger.open_incidents()
    assert [each.incident for each in known.values()] == [incident()]
    (decision,) = decide(SEEN, known, NOW + 9000, True)
    assert decision.reason is Reason.STILL_OPEN
    ledger.away(known[incident().id], NOW)
    assert ledger.open_incidents()[incident().id].away_since == NOW
    ledger.close()
