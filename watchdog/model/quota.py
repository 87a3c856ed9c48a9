"""Whether a provider says that a quota, a credit or a plan is used up, in all their spellings.

It is no rate: it doesn't pass within minutes, but at a known time (the next day, the next month) or
when somebody pays. It is no bad request either, though some answer 400. Limits per minute are never
meant: `Quota exceeded for quota metric … per minute`, `tokens per min (TPM)`. Gemini's sentence
`You exceeded your current quota` says nothing by itself: it stands over limits per minute too. The
same of OpenAI does: its newer SDKs (3.54) show the message alone, without `insufficient_quota`.
"""

import re
from typing import NamedTuple

import re2  # type: ignore[import-untyped]

PAYMENT_REQUIRED = 402
"""The status that OpenRouter, DeepSeek, Together, Hugging Face and Anthropic (`billing_error`)
answer; nothing else is meant by it (RFC 9110, 15.5.3)."""


class Spelling(NamedTuple):
    """How one says it, and where that stands."""

    pattern: str
    source: str


SPELLINGS: tuple[Spelling, ...] = (
    Spelling(
        r"insufficient_quota|billing_hard_limit_reached|billing_not_active"
        r"|billing hard limit has been reached|account is not active, please check your billing",
        "OpenAI, platform.openai.com/docs/guides/error-codes (429, 400); Azure, Perplexity",
    ),
    Spelling(
        r"error code: 4(?:29|0[13]) - you exceeded your current quota, please check your plan and "
        r"billing details(?!\. For more information on this error, head to)",
        "OpenAI, platform.openai.com/docs/guides/error-codes (429, 400); Azure, Perplexity",
    ),
    Spelling(
        r"credit balance is too low|billing_error"
        r"|reached your specified (?:workspace )?api usage limits|you will regain access on",
        "Anthropic, docs.anthropic.com/en/api/errors; anthropic-sdk-python#818 (400)",
    ),
    Spelling(
        r"PerDay(?:Per|[\"'-])|(?:requests|tokens)_per_(?:model_)?per_day|per_model_per_day"
        r"|quota exceeded for metric: [\w./-]{1,120}, limit: 0\b|billing_disabled",
        "Google, ai.google.dev/gemini-api/docs/rate-limits: quotaId …PerDayPerProject… (429)",
    ),
    Spelling(
        r"quota exceeded for quota metric '[^']{1,120}' and limit '[^']{1,120} per day\b",
        "Google Cloud, cloud.google.com/apis/docs/capping-api-usage; gemini-cli#10513 (429)",
    ),
    Spelling(
        r"\b(?:tokens|requests) per day\b|\((?:TPD|RPD)\)|too many tokens per day",
        "Groq, console.groq.com/docs/rate-limits; OpenAI; Cerebras; Amazon Bedrock (429)",
    ),
    Spelling(
        r"exceeded your daily rate limit",
        "Anthropic's earlier limits per day, docs.anthropic.com/en/api/rate-limits (429)",
    ),
    Spelling(
        r"used all available credits|reached its monthly spending limit|run out of credits",
        "xAI, docs.x.ai; continuedev/continue#10373 (429, 403)",
    ),
    Spelling(
        r"requires more credits|insufficient credits|key limit exceeded|free-models-per-day",
        "OpenRouter, openrouter.ai/docs/api-reference/errors (402, 403, 429)",
    ),
    Spelling(
        r"insufficient balance|exceeded_current_quota_error|exceeded your current token quota"
        r"|is suspended, please check your plan and billing|accountoverdue|\barrearage\b"
        r"|allocationquota\.freetieronly"
        r"|account has an overdue balance|make sure your account is in good standing",
        "DeepSeek, Moonshot, Volcengine, Alibaba: their lists of error codes (402, 429, 403, 400)",
    ),
    Spelling(
        r"exceeded your monthly included credits",
        "Hugging Face, huggingface.co/docs/inference-providers/pricing (402)",
    ),
    Spelling(
        r"credit limit exceeded|reaching the monthly spending limit",
        "Together, docs.together.ai/docs/error-codes (402); Fireworks, docs.fireworks.ai (412)",
    ),
    Spelling(
        r"trial key, which is limited to [\d,]{1,12} api calls / month|\bapi calls / month\b",
        "Cohere, docs.cohere.com/docs/rate-limits (429)",
    ),
    Spelling(
        r"budget has been exceeded|budget_exceeded|exceededbudget",
        "LiteLLM's proxy, docs.litellm.ai/docs/proxy/users (400, 429)",
    ),
    Spelling(
        r"\b(?:daily|weekly|monthly|organi[sz]ation'?s?) "
        r"(?:(?:api|token|tokens|request|usage|spend|spending|credit|budget|quota) ){1,2}"
        r"(?:limit|quota|cap|budget) (?:(?:has|have) been |was |is )?(?:exceeded|reached|used up)"
        r"|(?:exceeded|reached) (?:your|its|their|the) (?:daily|weekly|monthly) "
        r"(?:(?:api|token|tokens|request|usage|spend|spending|credit) ){0,2}"
        r"(?:limit|quota|cap|budget|allowance|credits)\b",
        "the same in the words of proxies: a limit of a day, a week or a month",
    ),
)
"""One row for each way to say it. Bounded repetitions only: linear in the text."""

_AHEAD = "(?!"
_USED_UP = re2.compile(f"(?i){'|'.join(s.pattern for s in SPELLINGS if _AHEAD not in s.pattern)}")
"""Whoever makes errors fail chooses their texts: Python's engine takes 14 ms for the worst of them,
RE2 0.2, and a tenth for an honest one. It knows no look-ahead."""
_LOOKING_AHEAD = re.compile(
    "|".join(s.pattern for s in SPELLINGS if _AHEAD in s.pattern), re.IGNORECASE
)


def is_used_up(text: str, status: int | None) -> bool:
    """Whether an error of a model call says so.

    Args:
        text: the provider's, already cut to a bounded length.
        status: the HTTP status that it names; None where it names none. A 5xx is never a quota.
    """
    if status == PAYMENT_REQUIRED:
        return True
    if status is not None and status >= 500:
        return False
    return _USED_UP.search(text) is not None or _LOOKING_AHEAD.search(text) is not None
