import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.fold.errors import classify
from watchdog.model.verdict import Cause


@pytest.mark.parametrize(
    ("text", "error_class", "cause"),
    [
        (
            "Error code: 500 - {'error': {'message': 'timed out upstream'}}",
            None,
            "api_server_error",
        ),
        ("Error code: 529 - {'type': 'overloaded_error'}", None, "api_server_error"),
        ("503 UNAVAILABLE. {'error': {'code': 503}}", None, "api_server_error"),
        ("Overloaded", "anthropic.OverloadedError", "api_server_error"),
        ("Error code: 429 - {'error': {'code': 'rate_limit_exceeded'}}", None, "rate_limited"),
        ("429 RESOURCE_EXHAUSTED. {'error': …}", None, "rate_limited"),
        ("Too many requests", None, "rate_limited"),
        (
            "Error code: 400 - {'error': {'message': \"This model's maximum context length is\"}}",
            "openai.BadRequestError",
            "context_length",
        ),
        (
            "Error code: 400 - prompt is too long: 210000 tokens > 200000 maximum",
            None,
            "context_length",
        ),
        ("Error code: 400 - {'error': {'message': 'Invalid tool schema'}}", None, "bad_request"),
        ("Error code: 404 - model not found", None, "bad_request"),
        ("Error code: 413 - Request too large", None, "bad_request"),
        ("Error code: 422 - unprocessable", None, "bad_request"),
        (
            "<html>\n<head><title>413 Request Entity Too Large</title></head>",
            "openai.APIStatusError",
            "bad_request",
        ),
        ("<html><body><h1>502 Bad Gateway</h1></body></html>", None, "api_server_error"),
        ("Error code: 401 - {'error': 'token expired'}", None, "auth"),
        ("Error code: 403 - no access to this model", None, "auth"),
        ("Request timed out.", "openai.APITimeoutError", "client_timeout"),
        ("Request timed out.", None, "client_timeout"),
        ("Connection error.", "openai.APIConnectionError", "connection"),
        ("Connection error.", None, "connection"),
        ("[Errno -2] Name or service not known", None, "connection"),
        ("certificate verify failed: unable to get local issuer", None, "connection"),
        ("", "httpx.ConnectTimeout", "connection"),
        ("", "httpx.ReadTimeout", "client_timeout"),
        ("boom", "ValueError", "unexplained"),
        ("", None, "unexplained"),
    ],
)
def test_causes_of_errors(text, error_class, cause):
    assert classify(text, error_class) is Cause(cause)


def test_the_status_decides_before_the_class():
    assert classify("Error code: 500 - x", "openai.APITimeoutError") is Cause.API_SERVER_ERROR


@given(st.text(), st.none() | st.text())
def test_any_text_has_a_cause(text, error_class):
    assert classify(text, error_class) in Cause
