"""`watchdog incidents` and `watchdog mark`: of a ledger, and of a service."""

import asyncio
import json
import threading

import pytest

from tests.builders.kept_incidents import act, kept
from tests.builders.snapshots import NOW, eval_set, incident, snapshot
from tests.doubles.desk import Desk
from tests.security.served import served, site
from watchdog import cli
from watchdog.model.kept_incidents import OpenIncident
from watchdog.notify import notice
from watchdog.notify.decide import Decision, Reason
from watchdog.notify.ledger import acts, history
from watchdog.notify.ledger.acts import Subject
from watchdog.notify.ledger.database import is_there, open_ledger


@pytest.fixture
def run(state, capsys):
    def call(*arguments, where=("--state", state)):
        status = cli.main([*arguments, *where])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


@pytest.fixture
def ledger(state):
    """With one that is open, and one that is over."""
    opened = open_ledger(state, NOW, "what the service watches").ledger
    for name in ("0pen", "0ver"):
        told = incident(id=name, eval_sets=(f"set-{name}",))
        decision = Decision(Reason.OPEN, told, NOW - 900)
        shown = notice.opened(decision, snapshot(eval_set(), incidents=(told,)))
        opened.open(decision, shown, ["slack"])
    entry = opened.open_incidents()["0ver"]
    over = Decision(Reason.RESOLVE, entry.incident, NOW, entry)
    opened.resolve(entry, notice.resolved(over, entry))
    acts.do(opened, Subject(incident(id="0pen"), 1), act(until=9e9))
    yield opened
    opened.close()


@pytest.mark.usefixtures("ledger")
def test_a_ledger_is_read_by_itself(run, state):
    status, said, where = run("incidents")
    assert status == 0
    assert where.startswith("watchdog: reads the ledger")
    for part in ("1 open incident", "set-0pen", "1 past incident", "set-0ver"):
        assert part in said
    (row,) = json.loads(run("incidents", "--open", "--json")[1])["incidents"]
    assert (row["id"], row["state"], row["acknowledgement"]["by"]) == ("0pen", "open", "ann")
    (row,) = json.loads(run("incidents", "--past", "--json")[1])["incidents"]
    assert (row["id"], row["state"]) == ("0ver", "past")
    assert run("incidents", "--past", "--since", "2027-01-01")[1] == "no incident\n"
    assert "set-0pen" not in run("incidents", "-q", "set-0ver")[1]
    del state


def test_what_people_say_is_written_down(run, ledger):
    status, said, _ = run(
        "mark", "0ver", "false", "--why", "a <b>warm-up</b>\x1b[2J", "--by", "ann"
    )
    assert (status, said) == (0, "0ver, set-0ver: a false page\n")
    run("mark", "0ver", "true", "--by", "ann", "--opening", "1")
    first, last = history.one(ledger, "0ver").acts
    assert (first.judged, first.why, first.ended_why) == (False, "a <b>warm-up</b>[2J", "replaced")
    assert (last.judged, last.by, last.verified, last.ended_at) == (True, "ann", False, None)


def test_the_beginning_of_an_id_stands_for_it(run, state):
    opened = open_ledger(state, NOW, "what the service watches").ledger
    for name in ("13f2a9c41d07", "13f2b0000000"):
        told = incident(id=name)
        shown = notice.opened(Decision(Reason.OPEN, told, NOW), snapshot(incidents=(told,)))
        opened.open(Decision(Reason.OPEN, told, NOW), shown, ["slack"])
    opened.close()
    status, said, _ = run("mark", "13f2a", "true", "--by", "ann")
    assert (status, said.partition(",")[0]) == (0, "13f2a9c41d07")
    for half, why in (
        ("13f2", "may be several: 13f2a9c41d07"),
        ("13f", "did you mean 13f2a9c41d07"),
    ):
        status, _, complaint = run("mark", half, "true", "--by", "ann")
        assert (status, why in complaint) == (3, True), complaint


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("mark", "nothing", "true"), "there is no incident nothing"),
        (("mark", "0ver", "true", "--opening", "2"), "there is no incident 0ver"),
        (("mark", "0ver", "true", "--opening", "0"), "should be a number from 1"),
        (("mark", "0ver", "true", "--by", " "), "say who you are"),
        (("mark", "0ver", "maybe"), "one of true, false"),
        (("incidents", "--since", "soon"), "such as 7d"),
        (("incidents", "--cause", "x"), "there is no 'x'"),
        (("incidents", "--open", "--past"), "not allowed with"),
        (("incidents", "--server", "http://127.0.0.1:1"), "one of them"),
    ],
)
@pytest.mark.usefixtures("ledger")
def test_what_can_not_be_done_says_why(run, arguments, why):
    status, _, said = run(*arguments)
    assert status == 3
    assert why in said


FUTURE = [("--week", "2150-W10"), ("--since", "2150-01-01")]


@pytest.mark.parametrize(("option", "value"), FUTURE)
@pytest.mark.usefixtures("ledger")
def test_a_week_that_has_not_begun_is_refused_by_its_option(run, option, value):
    status, said, complaint = run("report", "--weekly", option, value)
    assert (status, said) == (3, "")
    assert f"{option}: {value} is in the future" in complaint


def test_a_service_s_refusal_names_the_option_too(run, service):
    for option, value in FUTURE:
        status, _, complaint = run("report", "--weekly", option, value, where=service[1])
        assert (status, f" {option}: {value} is in the future" in complaint) == (3, True), complaint


@pytest.mark.usefixtures("ledger")
def test_a_week_before_the_ledger_is_unknown(run):
    _, said, _ = run("report", "--weekly", "--week", "2001-W10")
    assert "Unknown: nothing was written down of this week." in said
    assert "No eval set was stuck" not in said
    assert "0.0 h" not in said


@pytest.mark.parametrize("arguments", [("incidents",), ("mark", "x", "true")])
def test_no_ledger_is_made(run, state, arguments):
    status, _, said = run(*arguments)
    assert status == 3
    assert "there is no ledger at" in said
    assert not is_there(state)


@pytest.fixture
def service():
    """The real application over a real socket; what people want is kept."""
    told = incident(id="0pen", eval_sets=("a",))
    desk = Desk([OpenIncident(kept(incident=told), ("0pen",), "still_open")])
    view = snapshot(eval_set("a"), incidents=(told,))
    ready, stop, address = threading.Event(), threading.Event(), []

    async def serve():
        async with served(site(lambda: view, desk=desk).app()) as server:
            address.append(server.url)
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(30)
    yield desk, ("--server", address[0])
    stop.set()
    thread.join(30)


def test_a_service_is_asked(run, service):
    desk, where = service
    status, said, read = run("incidents", where=where)
    assert status == 0
    assert f"reads {where[1]} (--server)" in read
    assert "1 open incident" in said
    status, said, _ = run("mark", "0pen", "false", "--by", "bob", "--why", "calm", where=where)
    assert (status, said) == (0, "0pen, a: a false page\n")
    (wish,) = desk.wishes
    assert (wish.by, wish.judged, wish.why) == ("bob", False, "calm")
    status, _, said = run("mark", "nothing", "true", where=where)
    assert (status, "there is no incident nothing" in said) == (3, True)
    desk.flaw = "the ledger can't be written"
    status, _, said = run("mark", "0pen", "true", where=where)
    assert (status, "the ledger can't be" in said) == (3, True)
