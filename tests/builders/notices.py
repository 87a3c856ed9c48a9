"""Notices for Slack's messages, and what is read of them."""

from msgspec.structs import replace

from tests.builders.snapshots import NOW, eval_set, incident, sample, snapshot, task
from tests.doubles.slack_api import WebApi
from watchdog.model.probe import Meaning
from watchdog.model.report import ConclusionReport, EvidenceItem, OutsideReport
from watchdog.notify import notice
from watchdog.notify.decide import Decision, Reason


def conclusion(sentence):
    return ConclusionReport("openai/gpt-4o", Meaning.MIDDLEMAN, "high", sentence, None, None, ())


def hostile(text, many):
    bad = sample(text, recent=text, evidence=(EvidenceItem(None, "odds", text),))
    victim = incident(
        subject=text,
        summary=text * 20,
        peers=text,
        eval_sets=(eval_set().eval_set_id, *(f"{n}{text}" for n in range(many - 1))),
        recovered=tuple(f"r{n}{text}" for n in range(many)),
        conclusions=(conclusion(text * 9),) * 9,
        outside=(OutsideReport(text, text, text, f"https://x/{text}", None),) * 9,
    )
    view = snapshot(eval_set(tasks=(task(text, running=(bad,) * 8),)))
    opened = notice.opened(Decision(Reason.OPEN, victim, NOW), view)
    assert len(opened.samples) == 8
    return replace(opened, actions=(f"{text} `{text}`" * 5,) * 6)


def texts(blocks):
    texts = []
    for block in blocks:
        inner = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
        texts += [item["text"] for item in inner if item is not None]
    return texts


def text_of(blocks):
    return "\n".join(texts(blocks))


def accepted(blocks):
    """Whether Slack takes them, and has no complaint."""
    api = WebApi()
    return api._wrong({"text": "x", "blocks": blocks}) is None and api.complaints == []
