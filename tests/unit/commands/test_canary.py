"""`watchdog canary`: what it prints, what it sends, and how it ends."""

import logging
import re
from functools import partial

import pytest
import structlog

from tests.doubles.channel import REFUSED, SENT, Recorder
from watchdog import cli
from watchdog.config.load import load
from watchdog.notify.ledger import canary as kept
from watchdog.notify.ledger.canary import CanaryRecord
from watchdog.notify.ledger.database import open_ledger
from watchdog.pipeline import canary
from watchdog.pipeline.canary import run_canary

OWN = {"WATCHDOG_CANARY_CHANNEL": "webhook", "WATCHDOG_CANARY_URL": "http://127.0.0.1:1/hook"}
WEBHOOK = {"WATCHDOG_WEBHOOK_URL": "http://127.0.0.1:1/other"}


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Calls the command with variables of the environment, over a channel that answers as told."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def calls(outcome, *arguments, **environment):
        channel, chosen = Recorder(outcome, name="webhook"), []

        def make(settings):
            chosen.append(settings.canary)
            return channel if settings.canary.told_by else None

        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        run = partial(run_canary, make_channel=make, monotonic=lambda: 7.0)
        monkeypatch.setattr(canary, "run_canary", run)
        status = cli.main(["canary", *arguments])
        return status, capsys.readouterr(), channel, chosen

    root, logging_as = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    yield calls
    root.handlers, root.level = handlers, level
    structlog.configure(**logging_as)


def test_each_stage_and_how_it_ended(call):
    status, printed, channel, _ = call(SENT, **OWN)
    assert status == 0
    assert re.sub(" +", " ", printed.out).splitlines() == [
        "read and fold: 0.000 s 1 task of a recorded evaluation",
        "judge and correlate: 0.000 s stuck: a model call never returns",
        "decide: 0.000 s open",
        "deliver: 0.000 s the channel confirmed it",
        "delivered to webhook after 0.000 s: all of the chain works",
    ]
    assert printed.err == ""
    (notice,) = channel.notices
    assert notice.actions == (
        "Nothing is to be done. It was sent by hand; the service sends its own every 7 d besides.",
    )


def test_only_what_was_delivered_is_well(call):
    status, printed, _, _ = call(REFUSED, **OWN)
    assert status == 2
    assert printed.out.endswith("\nnot_delivered: 404 no_service\n")


def test_without_a_channel(call):
    status, printed, channel, _ = call(SENT)
    assert status == 3
    assert printed.err.startswith("watchdog: canary: no channel is set; canary.channel does")
    assert channel.notices == []


def test_another_channel_than_the_service_s(call):
    status, _, channel, (chosen,) = call(SENT, "--channel", "webhook", **WEBHOOK)
    assert (status, chosen.channel, chosen.url) == (0, "webhook", None)
    assert "no further one comes by itself" in channel.notices[0].actions[0]


def test_the_service_s_own_keeps_its_address(call):
    alone = {"WATCHDOG_CANARY_URL": OWN["WATCHDOG_CANARY_URL"]}
    status, _, channel, (chosen,) = call(SENT, "--channel", "webhook", **alone)
    assert (status, chosen.url.get_secret_value()) == (0, OWN["WATCHDOG_CANARY_URL"])
    assert "the service sends its own every 7 d" in channel.notices[0].actions[0]


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ("slack", "--channel: slack is not set up; set up: webhook"),
        ("pagerduty", "--channel: should be slack, slack:#another-channel or webhook"),
    ],
)
def test_a_channel_that_is_none(call, channel, said):
    status, printed, recorder, _ = call(SENT, "--channel", channel, **WEBHOOK)
    assert (status, printed.err) == (3, f"watchdog: {said}\n")
    assert recorder.notices == []


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    """That of a service with the same settings, whose last canary did not arrive."""
    monkeypatch.setenv("WATCHDOG_STATE", str(tmp_path / "state"))
    made = open_ledger(tmp_path / "state", 0.0, load({}).watch).ledger
    kept.save(made, CanaryRecord(5.0, 1.0, 0.5, "not_delivered: 404 no_service"))
    yield made
    made.close()


def test_one_that_arrives_is_written_down_and_the_service_s_rhythm_stays(call, ledger):
    assert call(SENT, **OWN)[0] == 0
    record = kept.load(ledger)
    assert record.delivered_at > 1.0
    assert (record.tried_at, record.delay, record.fault) == (5.0, 0.0, "")


@pytest.mark.parametrize(
    ("outcome", "arguments", "environment"),
    [(REFUSED, (), OWN), (SENT, ("--channel", "webhook"), WEBHOOK)],
)
def test_one_that_proves_nothing_of_the_service_s_channel_is_not(
    call, ledger, outcome, arguments, environment
):
    before = kept.load(ledger)
    call(outcome, *arguments, **environment)
    assert kept.load(ledger) == before


def test_without_a_ledger_none_is_made(call, tmp_path):
    status, printed, *_ = call(SENT, **OWN, WATCHDOG_STATE=str(tmp_path / "none"))
    assert (status, printed.err, list(tmp_path.iterdir())) == (0, "", [])


def test_a_ledger_that_can_t_be_used_is_said(call):
    status, printed, *_ = call(SENT, **OWN, WATCHDOG_STATE="no-such-database://host/x")
    assert status == 0
    assert printed.err.startswith("watchdog: it arrived, and the service does not know of it: ")
