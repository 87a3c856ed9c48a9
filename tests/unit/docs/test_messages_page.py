"""docs/messages.md says what is so."""

import json
import re
from datetime import UTC, datetime

import yaml

from tests.builders.snapshots import NOW, incident, snapshot
from tests.pages import blocks
from tests.paths import ROOT
from watchdog.collect.inspect.metadata import allowance
from watchdog.config.load import load
from watchdog.config.notify import Notify
from watchdog.model.allowances import OWNER_LONGEST, PATIENCE_MOST
from watchdog.model.thresholds import Thresholds
from watchdog.notify import notice
from watchdog.notify.channels.program import as_json
from watchdog.notify.decide import Decision, Intervals, Reason
from watchdog.notify.socket_mode.check import WANTED
from watchdog.notify.socket_mode.people import Person

PAGE = (ROOT / "docs" / "messages.md").read_text()


def names(heading):
    """What stands in the first column of a section's table."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [
        name
        for row in re.findall(r"^\| (`[^|]*`) \|", section, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    ]


def about(key):
    """The example that has it."""
    (example,) = (text for text in blocks(PAGE, "yaml") if key in text)
    return example


def test_the_app_s_manifest_asks_for_what_buttons_need_and_nothing_that_reaches_us():
    manifest = yaml.safe_load(about("display_information:"))
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == {"chat:write", *WANTED}
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"] == {"is_enabled": True}
    assert "url" not in json.dumps(manifest)


def test_the_example_of_people_is_accepted():
    slack = load(yaml.safe_load(about("people:").replace("…", "x"))).slack
    assert slack.app_token is not None
    ann, red = Person("", "ann@example.org"), Person("", "bob@red.example.org")
    assert ann.groups(slack.people) == {"watchdog-admins"}
    assert red.groups(slack.people) == {"model-access-A"}


def test_every_reason_is_told():
    told = names("What is decided")
    assert sorted(told) == sorted(reason.value for reason in Reason)


def test_every_key_of_the_webhook_is_told():
    made = as_json(notice.opened(Decision(Reason.OPEN, incident(), NOW), snapshot()))
    assert set(names("The JSON webhook")) == set(made)


def test_the_example_is_accepted(tmp_path):
    example = about("routes:")
    file = tmp_path / "watchdog.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(example.replace("…", "x"))))
    assert len(load({}, file).notify.routes) == 5


def test_the_canary_s_example_is_accepted():
    example = about("canary:")
    canary = load(yaml.safe_load(example)).canary
    assert (canary.told_by, canary.interval) == ("webhook", 7 * 86_400)


def test_the_owner_s_example_is_taken_whole():
    example = about("stuck_eval_watchdog:")
    allowed, ignored = allowance(_as_json(yaml.safe_load(example))["metadata"])
    assert ignored == ()
    assert (allowed.expected_silence, allowed.patience, allowed.page) == (6 * 3600, 3, False)
    assert allowed.reason == "tools compile a kernel"
    assert allowed.until == datetime(2026, 12, 1, 8, tzinfo=UTC).timestamp()


def _as_json(metadata):
    """As Inspect's log holds it."""
    return json.loads(json.dumps(metadata, default=lambda moment: moment.isoformat()))


def test_an_owner_s_bounds_are_as_told():
    section = PAGE.split("## What owners may say")[1]
    assert f"| {OWNER_LONGEST / 86_400:.0f} d |" in section
    assert f"| 1 to {PATIENCE_MOST:.0f} |" in section
    days = Thresholds().owner_exceptions / 86_400
    assert f"| {days:.0f} d (`detection.owner_exceptions`)" in section


def test_the_defaults_are_as_told():
    notify, intervals = Notify(), Intervals()
    assert f"`notify.degraded_after` ({notify.degraded_after / 3600:.0f} h)" in PAGE
    assert f"`notify.hold` ({notify.hold / 60:.0f} min)" in PAGE
    assert f"back within {notify.reopen_within / 60:.0f} minutes of its end" in PAGE
    assert f"so many opened within {intervals.group_wait / 60:.0f} minutes" in PAGE
    assert f"(`notify.wait_for_tests`, {notify.wait_for_tests:.0f} s at most)" in PAGE
