"""`watchdog mute`: what it writes, the service reads; nothing of it is told until it ends."""

import pytest
from sqlalchemy import make_url

from tests.acceptance.playback import Playback
from watchdog import cli
from watchdog.collect.targets import open_target
from watchdog.config.load import load
from watchdog.model.eval_set_names import EvalSetName
from watchdog.notify.ledger import mutes, names
from watchdog.notify.ledger.database import is_there, open_ledger
from watchdog.notify.ledger.mutes import Mute
from watchdog.pipeline.targets import logs_options
from watchdog.service.build import build

WEBHOOK = "https://hooks.slack.com/services/T/B/secret"
YEAR_9999 = "9999-01-01T00:00:00Z"


@pytest.fixture
def run(state, capsys):
    def call(*arguments, word="mute"):
        status = cli.main([word, *arguments, "--state", state])
        said = capsys.readouterr()
        return status, said.out + said.err

    return call


@pytest.fixture
def watched(state):
    """A ledger in which a service wrote down whose ids are."""
    ledger = open_ledger(state, 0.0).ledger
    names.save(ledger, {n: EvalSetName("logs", n, 0.0) for n in ("a", "swe-bench-x7k2")}, ())
    ledger.close()


@pytest.mark.usefixtures("watched")
def test_it_is_listed_and_ended(run):
    assert run() == (0, "nothing is muted by hand\n")
    status, said = run("swe-*", "--until", YEAR_9999, "--reason", "known, see #12")
    assert (status, said) == (0, "swe-* is muted until 9999-01-01 00:00 UTC\n")
    assert run() == (0, "swe-* until 9999-01-01 00:00 UTC  known, see #12\n")
    assert run("swe-*", "--end") == (0, "swe-* is no longer muted\n")
    assert run() == (0, "nothing is muted by hand\n")


@pytest.mark.usefixtures("watched")
def test_silence_is_the_same(run):
    assert run("a", "--until", YEAR_9999, word="silence")[0] == 0
    assert run() == run(word="silence") == (0, "a until 9999-01-01 00:00 UTC\n")
    assert run("a", "--end", word="silence") == (0, "a is no longer muted\n")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("a",), "say until when"),
        (("a", "--end"), "nothing is muted under the name a"),
        (("a", "--until", "2020-01-01T00:00:00Z"), "2020-01-01 00:00 UTC has passed"),
        (("a", "--for", "soon"), "should be a duration"),
        (("--for", "8h"), "name the EVAL_SET"),
        (("a" * 513, "--for", "8h"), "a name of more than 512 characters"),
    ],
)
@pytest.mark.parametrize("word", ["mute", "silence"])
@pytest.mark.usefixtures("watched")
def test_what_can_not_be_done_says_why(run, word, arguments, why):
    status, said = run(*arguments, word=word)
    assert status == 3
    assert why in said
    assert ({"mute", "silence"} - {word}).isdisjoint(said.split())


@pytest.mark.usefixtures("watched")
def test_what_nobody_watches_is_muted_by_force_alone(run):
    status, said = run("swe-bench-x7k", "--until", YEAR_9999)
    assert status == 3
    assert "no eval set swe-bench-x7k is watched" in said
    assert "did you mean swe-bench-x7k2? (--force mutes it all the same)" in said
    assert run("other-*", "--until", YEAR_9999)[0] == 3
    assert run() == (0, "nothing is muted by hand\n")
    assert run("other-*", "--until", YEAR_9999, "--force")[0] == 0
    assert run() == (0, "other-* until 9999-01-01 00:00 UTC\n")


def test_no_ledger_is_made_for_it(run, state):
    assert run() == (0, "nothing is muted by hand: there is no ledger\n")
    for arguments in (("a", "--until", YEAR_9999, "--force"), ("a", "--end")):
        status, said = run(*arguments)
        assert status == 3
        assert "there is no ledger at" in said
    assert not is_there(state)


def test_a_server_s_ledger_of_a_newer_version_is_left_alone(postgresql, capsys):
    state = postgresql.add_database()
    open_ledger(state, 0.0).ledger.close()
    arguments = ["mute", "a", "--force", "--until", YEAR_9999, "--state", state]
    assert cli.main(arguments) == 0
    postgresql.ask("UPDATE watchdog_version SET version_num = 'l_99'", make_url(state).database)
    capsys.readouterr()
    assert cli.main(arguments) == 3
    assert "written by a newer version (schema l_99)" in capsys.readouterr().err


def test_a_mute_takes_the_place_of_an_earlier_one_and_ends(state):
    ledger = open_ledger(state, 0.0).ledger
    mutes.mute(ledger, Mute("a", 100.0), 0.0)
    mutes.mute(ledger, Mute("a", 200.0, "longer"), 0.0)
    assert mutes.mutes(ledger, 150.0) == (Mute("a", 200.0, "longer"),)
    assert mutes.mutes(ledger, 200.0) == ()
    ledger.close()


async def test_the_service_tells_nothing_of_it_until_it_is_ended(tmp_path, state, slack, run):
    playback = Playback("one_sample_500", tmp_path)
    playback.play(3)
    settings = load(
        {
            "logs": (str(playback.logs.parent),),
            "state": state,
            "slack": {"webhook_url": WEBHOOK, "api_url": slack.server.url},
            "status_feeds": (),
        }
    )
    source, _ = open_target(settings.logs[0], settings.s3, logs_options(settings))
    app = build(settings, [source], playback.clock)
    run("one_sample_*", "--force", "--until", YEAR_9999, "--reason", "known")
    await app.tick()
    (incident,) = app.snapshot.report.incidents
    assert incident.muted_reason == "known"
    assert slack.messages == []
    run("one_sample_*", "--end")
    await app.tick()
    assert len(slack.messages) == 1
    await app.aclose()
