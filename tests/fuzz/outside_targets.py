"""Parsers of what providers, status pages, Slack and object stores answer."""

from xml.etree import ElementTree

import httpx
from botocore.parsers import ResponseParserError, create_parser
from botocore.session import Session

from tests.fuzz.promises import kept
from tests.fuzz.target import Target
from watchdog.collect.probes.dialects import DIALECTS
from watchdog.collect.probes.reading import read_answer
from watchdog.collect.status_pages.feeds import DEFAULT_FEEDS, Feed
from watchdog.collect.status_pages.parsing import parse
from watchdog.collect.stores import s3, s3_pages
from watchdog.notify.channels import slack_web
from watchdog.notify.channels.posting import judged

NOW = 1_795_000_000.0
_RSS = Feed("openai", "https://status.example.com/history.rss", "rss")
_STATUSES = (200, 204, 301, 400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 503, 529)
_RESETS = ("retry-after", "anthropic-ratelimit-requests-reset", "x-ratelimit-reset-tokens")


def statuspage(data: bytes) -> None:
    for incident in parse(DEFAULT_FEEDS[0], data, NOW):
        kept(incident)


def configured(data: bytes) -> None:
    for incident in parse(DEFAULT_FEEDS[2], data, NOW):
        kept(incident)


def syndicated(data: bytes) -> None:
    for incident in parse(_RSS, data, NOW):
        kept(incident)


def probe_answer(data: bytes) -> None:
    """Two bytes choose status and header; a line is the header's value, the rest the body."""
    status = _STATUSES[data[0] % len(_STATUSES)] if data else 200
    value, _, body = data[2:].partition(b"\n")
    header = _RESETS[data[1] % len(_RESETS)] if len(data) > 1 else _RESETS[0]
    headers = httpx.Headers([(header.encode(), value)])
    for dialect in DIALECTS.values():
        outcome = read_answer(status, headers, body, dialect, NOW)
        assert len(outcome.detail) <= 300
        kept(outcome)


def slack_answer(data: bytes) -> None:
    status = _STATUSES[data[0] % len(_STATUSES)] if data else 200
    value, _, body = data[1:].partition(b"\n")
    headers = [(b"retry-after", value)]
    response = httpx.Response(status, headers=headers, content=body)
    answer = slack_web.read(response)
    kept(answer.outcome)
    kept(judged(response))


_SERVICE = Session().get_service_model("s3").operation_model("ListObjectsV2")
_PARSER = create_parser("rest-xml")


def s3_listing(data: bytes) -> None:
    """A listing as boto3 reads it, and an error's text as it is read from obstore's exception."""
    kept((s3.reason_of(OSError(data.decode("utf-8", "replace"))), s3.text_of(OSError("x"))))
    answer = {"body": data, "headers": {}, "status_code": 200, "context": {}}
    s3_pages.is_listing(data)
    page = _PARSER.parse(answer, _SERVICE.output_shape)
    for prefix, token in (("", None), ("evals/", "t")):
        assert len(s3_pages.why_not(page, "bucket", prefix, token)) < 300


TARGETS = (
    Target(
        "statuspage",
        statuspage,
        (ValueError,),
        ("status_pages.statuspage", "status_pages.parsing", "status_pages.wording"),
        is_json=True,
    ),
    Target("status_json", configured, (ValueError,), ("status_pages.configured",), is_json=True),
    Target("status_feed", syndicated, (ValueError,), ("status_pages.syndicated",), slow=True),
    Target("probe_answer", probe_answer, (), ("probes.reading", "probes.dialects")),
    Target("slack_answer", slack_answer, ()),
    Target(
        "s3_listing",
        s3_listing,
        (ResponseParserError, ElementTree.ParseError, ValueError),
        ("stores.s3", "stores.s3_listing", "stores.s3_pages"),
    ),
)
