"""What is said once at the start."""

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from tests.builders.snapshots import NOW, ago, eval_set, finished, snapshot
from watchdog.config.probes import Probes
from watchdog.config.settings import Settings
from watchdog.model.report import SourceReport
from watchdog.service.first_words import FirstWords, say_hints

LISTED = SourceReport("./logs", "answers", last_complete_at=ago(1), eval_sets=2)
EMPTY = SourceReport("./empty", "answers", last_complete_at=ago(1))
UNREAD = SourceReport("./slow", "unread")


def shown(*sources):
    eval_sets = [replace(one, source="./logs") for one in (eval_set(), finished())]
    made = snapshot(*eval_sets, at=NOW)
    return replace(made, report=replace(made.report, sources=sources))


def test_what_each_source_holds_is_said_once_it_was_listed():
    words = FirstWords()
    with capture_logs() as logs:
        words.take(shown(UNREAD, EMPTY))
        words.take(shown(UNREAD, EMPTY, LISTED))
        words.take(shown(UNREAD, EMPTY, LISTED))
    assert [(line["event"], line["source"]) for line in logs] == [
        ("found_nothing", "./empty"),
        ("found", "./logs"),
    ]
    assert {key: logs[1][key] for key in ("eval_sets", "tasks", "running_samples", "stuck")} == {
        "eval_sets": 2,
        "tasks": 2,
        "running_samples": 1,
        "stuck": 1,
    }


@pytest.mark.parametrize(
    ("probes", "hints"),
    [
        ({}, 1),
        ({"enabled": False}, 0),
        ({"middleman_url": "https://m.example", "middleman_token": "t0ken"}, 0),
        ({"middleman_url": "https://m.example"}, 1),
        ({"providers": {"vllm": {"api": "openai", "url": "http://v", "key": "k3y"}}}, 0),
    ],
)
def test_one_hint_where_no_test_is_set_up(monkeypatch, probes, hints):
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with capture_logs() as logs:
        say_hints(Settings(probes=Probes(**probes)))
    assert len(logs) == hints
