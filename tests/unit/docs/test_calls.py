"""Nothing tells a person to call what isn't there: pages, alerts, help, and the next steps."""

import pytest

from tests.pages import calls, fault, texts
from tests.paths import ROOT

SUFFIXES = {".md", ".yaml", ".yml", ".json", ".txt", ".tpl"}
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("tests/**/README.md"),
        *(
            path
            for folder in ("docs", "deploy", "helm")
            for path in ROOT.glob(f"{folder}/**/*")
            if path.suffix in SUFFIXES
        ),
    ]
)
CALLS = {
    **{call: str(path.relative_to(ROOT)) for path in PAGES for call in calls(path.read_text())},
    **{
        call: str(path.relative_to(ROOT))
        for path in sorted(ROOT.glob("watchdog/**/*.py"))
        for text in texts(path.read_text())
        for call in calls(text)
    },
}
"""Each call, and a place where it stands."""


@pytest.mark.parametrize("call", sorted(CALLS))
def test_it_is_taken_as_it_stands(call):
    assert fault(call) is None, CALLS[call]


def test_there_are_calls_to_look_at():
    assert {
        "watchdog check ./logs                    # look once: report and exit status",
        "watchdog explain",
        "watchdog explain <eval-set-id>",
        "watchdog mute",
        "watchdog probe --model {model}",
        "watchdog evidence <target> --output evidence.tar.gz",
    } <= set(CALLS)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("see `watchdog chekc ./logs`", "chekc"),
        ("see `watchdog chekc`", "chekc"),
        ("```\nwatchdog check --jsn x  # why\n```", "--jsn"),
        ("```text\n$ watchdog probe --json\n```", "--model"),
        ("The evidence: watchdog explian {{ $labels.eval_set_id }}", "explian"),
        ("kubectl exec deploy/watchdog -- watchdog mut x", "mut"),
    ],
)
def test_what_is_not_there_is_found(text, wrong):
    (call,) = calls(text)
    assert wrong in fault(call)


def test_prose_is_no_call():
    assert (
        list(calls("The watchdog sees {{ $value }}, `make watchdog`\n```text\nwatchdog [-h]\n```"))
        == []
    )


def test_strings_are_read_as_the_program_says_them():
    module = (
        '''"""`watchdog chekc`"""\na = f"`watchdog probe --model {b}`" + "`watchdog " "check x`"'''
    )
    said = {call for text in texts(module) for call in calls(text)}
    assert said == {"watchdog probe --model X", "watchdog check x"}
