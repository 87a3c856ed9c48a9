import io
import json
import logging

import pytest
import structlog

from watchdog.telemetry import REDACTED, configure, redact

WEBHOOK = "https://hooks.slack.com/services/T000AAA/B000BBB/geheim123456"


@pytest.fixture
def out():
    root, configuration = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    yield io.StringIO()
    root.handlers, root.level = handlers, level
    structlog.configure(**configuration)
    structlog.contextvars.clear_contextvars()


def lines(out):
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_json_where_nobody_watches(out):
    configure(stream=out)
    structlog.get_logger("watchdog.service.app").info("polled", eval_sets=3)
    (line,) = lines(out)
    assert line["message"] == "polled"
    assert line["level"] == "info"
    assert line["logger"] == "watchdog.service.app"
    assert line["eval_sets"] == 3
    assert line["timestamp"].endswith("Z")


def test_context_is_bound(out):
    configure(stream=out)
    with structlog.contextvars.bound_contextvars(eval_set_id="e", task="t", sample="42/1"):
        structlog.get_logger().info("folded")
        logging.getLogger("botocore").warning("slow %s", "answer")
    structlog.get_logger().info("done")
    first, library, last = lines(out)
    assert (first["eval_set_id"], first["task"], first["sample"]) == ("e", "t", "42/1")
    assert (library["message"], library["sample"]) == ("slow answer", "42/1")
    assert "sample" not in last


def test_libraries_chatter_is_left_out(out):
    configure(stream=out)
    logging.getLogger("httpx").info("HTTP Request: POST %s", WEBHOOK)
    logging.getLogger("apscheduler.scheduler").info("Added job")
    assert out.getvalue() == ""


def test_levels(out):
    configure(log_level="error", stream=out)
    structlog.get_logger().warning("no")
    structlog.get_logger().error("yes")
    assert [line["message"] for line in lines(out)] == ["yes"]


def test_console_is_for_people(out):
    configure("console", stream=out)
    structlog.get_logger().info("polled", where="a\x1b[31m\nb")
    assert "polled" in out.getvalue()
    assert "\x1b" not in out.getvalue()
    assert out.getvalue().count("\n") == 1


def test_tracebacks_are_kept_and_redacted(out):
    configure(stream=out)
    try:
        int(WEBHOOK)
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = lines(out)
    assert "Traceback" in line["exception"]
    assert "geheim" not in out.getvalue()


@pytest.mark.parametrize(
    "event",
    [
        {"url": WEBHOOK},
        {"token": "geheim"},
        {"slack_webhook": ["geheim"]},
        {"headers": {"Authorization": "geheim", "x": [{"api_key": "geheim"}]}},
        {"text": "Authorization: Bearer geheim.123456"},
        {"text": ("postgresql://user:geheim@host/db",)},
        {"error": ValueError("xoxb-123-geheim")},
        {"text": "own-geheim-address"},
    ],
)
def test_secrets_are_redacted_wherever_they_stand(out, event):
    configure(stream=out, secrets=["own-geheim-address"])
    structlog.get_logger().info("x", **event)
    assert "geheim" not in out.getvalue()
    assert REDACTED in out.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "sk-" + "a1B2" * 6,
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "https://b.s3.amazonaws.com/k?X-Amz-Signature=abc&x=1",
        "http://127.0.0.1:9/services/T1/B1/x",
    ],
)
def test_what_looks_like_a_secret(text):
    assert REDACTED in redact(text)


@pytest.mark.parametrize("text", ["mmlu/42/1", "s3://bucket/evals/sk-set", "basic maths", "a:b@c"])
def test_what_does_not(text):
    assert redact(text) == text
