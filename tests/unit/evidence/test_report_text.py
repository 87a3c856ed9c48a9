"""The report of an evidence bundle: its order, its facts, and foreign text that stays text."""

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from msgspec.structs import replace

from tests.builders.snapshots import HOSTILE, NOW, ago, eval_set, incident, sample, task
from watchdog.evidence.report_text import SECTIONS, TIMELINE_MAX, About, Request, escalation
from watchdog.model.cluster import ClusterView, Container, Pod, Termination
from watchdog.model.instants import timestamp
from watchdog.model.probe import Meaning, ProbeOutcome, Reproduction
from watchdog.model.report import (
    ConclusionReport,
    ErroredSample,
    EvidenceItem,
    OutsideReport,
    ProbeReport,
)
from watchdog.model.request import MessageShape, RequestShape
from watchdog.model.verdict import Cause

RENDER = MarkdownIt("gfm-like", {"linkify": False})


def about(text: str = "text", **more) -> About:
    """A report in which every foreign text is `text`."""
    item = EvidenceItem(ago(600), "fail_streak", f"45 attempts failed (45x x): {text}")
    ended = ErroredSample(text, 1, text, ago(900), Cause.AUTH, text)
    tasks = (task(text, errored=(ended,), running=(sample(id=text, uuid=text, evidence=(item,)),)),)
    tested = ProbeReport(
        "direct", "small", text, ProbeOutcome.SERVER_ERROR, ago(60), 1.2, 502, text
    )
    concluded = ConclusionReport(text, Meaning.PROVIDER, "high", text, ago(60), ago(-60), (tested,))
    page = OutsideReport(text, text, text, "https://status.example/1", ago(500))
    told = incident(
        subject=text,
        summary=text,
        eval_sets=(text, "other"),
        peers=text,
        conclusions=(concluded,),
        outside=(page,),
    )
    shape = RequestShape(text, (MessageShape(text, 10, (text,)),), (text,), 5, 100, 45_000)
    ended_pod = Container(text, restarts=3, last_terminated=Termination(text))
    pod = Pod(text, text, "u", text, reason=text, node=text, containers=(ended_pod,))
    found = About(
        report=eval_set(text, tasks=tasks, summary=text, actions=(f"{text}: `{text}`",)),
        incidents=(told,),
        now=timestamp(NOW),
        requests=(Request(text, shape, ((text, text),)),),
        unread=(text,),
        cluster=ClusterView(NOW, runners=(pod,)),
        reproductions=(Reproduction(text, text),),
        notes=(text,),
        version=text,
    )
    return replace(found, **more)


def headings(text: str) -> list[str]:
    tokens = RENDER.parse(text)
    return [
        tokens[place + 1].content
        for place, token in enumerate(tokens)
        if token.type == "heading_open" and token.tag == "h2"
    ]


def flat(tokens):
    for token in tokens:
        yield token
        yield from flat(token.children or ())


def test_sections_stand_in_the_order_in_which_they_are_read():
    assert headings(escalation(about())) == [
        "Status",
        "Errors",
        "Stuck samples (1)",
        "The failing request",
        "Direct API tests",
        "Scope",
        "Outside status",
        "Timeline",
        "Pods",
        "Reproduce",
        "The bundle",
        "Content of the failing request",
    ]
    assert len(SECTIONS) == 13


def test_what_is_empty_is_left_out():
    bare = About(eval_set(tasks=()), (), timestamp(NOW))
    assert headings(escalation(bare)) == ["Status", "Timeline"]


def test_the_timeline_is_in_order_and_bounded():
    found = escalation(about())
    lines = found.partition("## Timeline")[2].partition("## Pods")[0].strip().splitlines()
    instants = [line[2:18] for line in lines]
    assert instants == sorted(instants)
    many = tuple(EvidenceItem(ago(n * 60), "x", f"event {n}") for n in range(500))
    long = about(report=replace(about().report, evidence=many))
    lines = escalation(long).partition("## Timeline")[2].partition("##")[0].strip().splitlines()
    assert len(lines) <= TIMELINE_MAX + 1


def test_errors_that_differ_in_numbers_only_are_one_pattern():
    errors = tuple(
        ErroredSample(str(n), 1, None, None, Cause.AUTH, f"401 for request {n}123 of {n}")
        for n in range(7)
    )
    found = about(report=eval_set(tasks=(task(errored=errors, running=()),)))
    assert "| 7 | `auth` | `401 for request 0123 of 0` |" in escalation(found)


def check_harmless(text: str) -> None:
    tokens = list(flat(RENDER.parse(escalation(about(text)))))
    kinds = {token.type for token in tokens}
    assert not kinds & {"html_block", "html_inline", "image"}
    links = {token.attrs["href"] for token in tokens if token.type == "link_open"}
    assert links <= {"https://status.example/1"}


def test_hostile_text_stays_text():
    for text in (
        HOSTILE,
        "<script>alert(1)</script>",
        "[a](javascript:alert(1)) ![b](https://x.example/b.png)",
        "```\n# heading\n```",
        "| a | b |\n| --- | --- |",
        "<https://x.example> www.x.example a@b.example https://y.example",
        "`" * 50,
        "- list\n1. list\n> quote\n# h",
        "&lt;b&gt; \\` \\",
    ):
        check_harmless(text)
        assert len(headings(escalation(about(text)))) == 12


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("`*_[]()<>|\\#!-\n\r :/&~=+.1aA\u202e\x1b")))
def test_no_text_comes_to_life(text):
    check_harmless(text)
