# ruff: noqa: E501  (providers' own words)
"""A quota that is used up, in providers' own words; and what is none."""

import re

import pytest

from watchdog.fold.errors import classify
from watchdog.model.quota import SPELLINGS
from watchdog.model.verdict import Cause

USED_UP = [
    "Error code: 401 - You exceeded your current quota, please check your plan and billing details.",
    "Error code: 429 - Your account u1 is suspended, please check your plan and billing details",
    "Error code: 400 - Access denied, please make sure your account is in good standing.",
    "Error code: 403 - The request failed because your account has an overdue balance.",
    "Error code: 429 - You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
    "Error code: 429 - Your account is not active, please check your billing details on our website.",
    (
        "Error code: 429 - {'error': {'message': 'You exceeded your current quota, please check your "
        "plan and billing details.', 'type': 'insufficient_quota', 'code': 'insufficient_quota'}}"
    ),
    "Error code: 400 - {'error': {'code': 'billing_hard_limit_reached'}}",
    "Error code: 429 - {'error': {'code': 'billing_not_active'}}",
    (
        "Error code: 400 - {'type': 'error', 'error': {'type': 'invalid_request_error', 'message': "
        "'Your credit balance is too low to access the Anthropic API.'}}"
    ),
    (
        "Error code: 400 - {'error': {'message': 'You have reached your specified API usage limits. "
        "You will regain access on 2026-12-01 at 00:00 UTC.'}}"
    ),
    "Error code: 402 - {'error': {'message': 'Insufficient Balance'}}",
    "Error code: 402 - anything",
    (
        "429 RESOURCE_EXHAUSTED. {'error': {'details': [{'violations': [{'quotaId': "
        "'GenerateRequestsPerDayPerProjectPerModel-FreeTier'}]}]}}"
    ),
    (
        "429 RESOURCE_EXHAUSTED. {'error': {'message': \"Quota exceeded for quota metric 'Gemini 2.5 "
        "Pro Requests' and limit 'Gemini 2.5 Pro Requests per day per user per tier' of service\"}}"
    ),
    (
        "Error code: 429 - Rate limit reached for model `llama-3.3-70b-versatile` on tokens per day "
        "(TPD): Limit 100000, Used 97050, Requested 3619. Please try again in 9m38.016s."
    ),
    "Error code: 429 - Rate limit reached for gpt-4o on requests per day (RPD): Limit 200",
    (
        "An error occurred (ThrottlingException) when calling the Converse operation (reached max "
        "retries: 4): Too many tokens per day, please wait before trying again."
    ),
    (
        'Error code: 429 - "Your team 16f2 has either used all available credits or reached its '
        'monthly spending limit."'
    ),
    "Error code: 403 - You have run out of credits or need a Grok subscription.",
    "Error code: 429 - Rate limit exceeded: free-models-per-day",
    "You have exceeded your monthly included credits for Inference Providers.",
    "Error code: 412 - Account x is suspended, possibly due to reaching the monthly spending limit",
    "You are using a Trial key, which is limited to 1000 API calls / month.",
    "Error code: 400 - {'error': {'type': 'budget_exceeded'}}",
    "Error code: 429 - Monthly token limit exceeded",
    "Error code: 429 - you have exceeded your daily usage limit",
]
NONE = [
    "Error code: 429 - You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.",
    "Error code: 429 - Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000",
    (
        "429 RESOURCE_EXHAUSTED. {'error': {'message': 'You exceeded your current quota, please check "
        "your plan and billing details.', 'details': [{'violations': [{'quotaId': "
        "'GenerateContentInputTokensPerModelPerMinute-FreeTier'}]}]}}"
    ),
    (
        "429 Quota exceeded for quota metric 'Generate Content API requests per minute' and limit "
        "'GenerateContent request limit per minute for a region' of service 'x'"
    ),
    "429 Quota exceeded for aiplatform.googleapis.com/generate_content_requests_per_minute",
    (
        "Error code: 429 - This request would exceed your organization's rate limit of 40,000 input "
        "tokens per minute"
    ),
    (
        "An error occurred (ThrottlingException) when calling the Converse operation: Too many tokens, "
        "please wait before trying again."
    ),
    "Error code: 429 - Requests rate limit exceeded",
]


@pytest.mark.parametrize("text", USED_UP)
def test_a_quota_that_is_used_up(text):
    assert classify(text) is Cause.PROVIDER_QUOTA


@pytest.mark.parametrize("text", NONE)
def test_a_rate_is_no_quota(text):
    assert classify(text) is Cause.RATE_LIMITED


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Error code: 500 - insufficient_quota in the upstream", Cause.API_SERVER_ERROR),
        ("Error code: 400 - maximum context length is 8192 tokens", Cause.CONTEXT_LENGTH),
        ("Error code: 401 - invalid key", Cause.AUTH),
        ("Error code: 404 - no such model", Cause.BAD_REQUEST),
    ],
)
def test_nor_is_anything_else(text, cause):
    assert classify(text) is cause


def test_every_spelling_has_a_source_and_an_example():
    for spelling in SPELLINGS:
        pattern = re.compile(spelling.pattern, re.IGNORECASE)
        assert spelling.source
        assert any(pattern.search(text) for text in [*USED_UP, "exceeded your daily rate limit"])


def test_no_repetition_is_unbounded():
    """Linear in the text, whatever a provider, or who speaks in its name, sends."""
    for spelling in SPELLINGS:
        assert not re.search(r"(?<!\\)[*+]", spelling.pattern)
        assert ".*" not in spelling.pattern
