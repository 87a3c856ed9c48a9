"""What to do next, by what the direct API tests mean.

Placeholders are filled in by `diagnose.placeholders`.
"""

from msgspec.structs import replace

from watchdog.model import advice
from watchdog.model.action import Action
from watchdog.model.instants import clock
from watchdog.model.probe import Conclusion, Meaning

_AGAIN = Action("test", "Test again: `watchdog probe --model {model}`")
_REPORT = Action(
    "tell", "Escalate with the evidence: `watchdog evidence <target> --output evidence.tar.gz`"
)
_ITSELF = Action(
    "wait", "Nothing to restart: Inspect retries these samples by itself as soon as it works again"
)
_SHORTER = Action(
    "mend",
    "Make it shorter: a lower token_limit or message_limit, or compaction, in the eval's "
    "configuration; the sample can't succeed as it is",
)

STEPS: dict[Meaning, tuple[Action, ...]] = {
    Meaning.NOT_TESTED: (),
    Meaning.MIDDLEMAN: (
        Action("tell", "Tell the people who run Middleman"),
        _REPORT,
        _AGAIN,
        _ITSELF,
    ),
    Meaning.PROVIDER: (
        Action(
            "look", "Look at the provider's status page, and tell the provider if it says nothing"
        ),
        _REPORT,
        _AGAIN,
        _ITSELF,
    ),
    Meaning.PROVIDER_OR_MIDDLEMAN: (
        Action(
            "test",
            "Find out which: set a key for the provider, then `watchdog probe --model {model}`",
        ),
        _REPORT,
        _ITSELF,
    ),
    Meaning.UNREACHABLE: (
        advice.REACH_API,
        Action("look", "Check name resolution, network policies and certificates"),
        _AGAIN,
    ),
    Meaning.TOKEN_EXPIRED: (
        Action("mend", "Renew the token: `hawk login`"),
        _AGAIN,
        Action(
            "look",
            "If the test passes and the samples still fail, the runner keeps the token it was "
            "started with; only a new runner gets another",
        ),
        *advice.NEW_RUNNER,
    ),
    Meaning.NO_ACCESS: (
        Action("tell", "Ask for access to {model} for whoever started the eval set"),
        _AGAIN,
        advice.STOP,
    ),
    Meaning.MODEL_GONE: (
        Action("look", "Check the model's name and whether the provider has retired it"),
        advice.STOP,
        Action(
            "restart",
            "Start with another model; that is a new eval set with an id and a folder of its own, "
            "which takes nothing over: `hawk eval-set <config.yaml>`",
        ),
    ),
    Meaning.RATE_LIMIT: (
        Action(
            "look", "Look who else uses the key; lower max_connections, or ask for a higher limit"
        ),
        _ITSELF,
    ),
    Meaning.QUOTA: (
        Action(
            "look",
            "Read above which quota it is: one of a day or a month resets at a known time, a "
            "credit lasts until somebody pays",
        ),
        Action("tell", "Tell whoever pays for the key, or raises its limit"),
        _ITSELF,
    ),
    Meaning.TOKEN_LIMIT: (_SHORTER, advice.STOP_SAMPLE),
    Meaning.LARGE_REFUSED: (_REPORT, _SHORTER, advice.STOP_SAMPLE),
    Meaning.LARGE_FAILS: (
        Action("tell", "Tell the provider: requests of this size fail, small ones don't"),
        _REPORT,
        _SHORTER,
    ),
    Meaning.LARGE_TIMES_OUT: (
        Action(
            "mend", "Allow calls more time (timeout, attempt_timeout) in the eval's configuration"
        ),
        _SHORTER,
    ),
    Meaning.REFUSED: (
        Action("look", "Read what the API says and mend the request's form"),
        _REPORT,
        advice.STOP_SAMPLE,
    ),
    Meaning.FLAKY: (
        Action(
            "wait",
            "Nothing to do yet: Inspect retries these samples by itself, and some attempts will "
            "pass",
        ),
        _AGAIN,
    ),
    Meaning.BACK: (
        Action("wait", "Nothing to do: Inspect retries these samples by itself{next}"),
        Action("look", "Still stuck after that: `watchdog explain <target>`"),
    ),
    Meaning.CONTENT: (
        advice.TRANSCRIPT,
        advice.REQUEST,
        Action("look", "It will hardly pass by itself: decide whether to go on without it"),
        advice.STOP_SAMPLE,
        advice.STOP_SAMPLE_ERROR,
    ),
    Meaning.WORKS: (),
    Meaning.SMALL_PASSES: (
        Action(
            "test", "Test with a request of its size: `watchdog probe --model {model} --size large`"
        ),
        _REPORT,
    ),
}
"""By meaning; a completeness test holds every one of them."""


def steps(conclusion: Conclusion) -> tuple[Action, ...]:
    """What to do, the first thing first; all places but the model's are left to be filled."""
    due = conclusion.next_attempt_at
    first = f", the first at {clock(due)}" if due is not None else ""
    return tuple(
        replace(
            action,
            text=action.text.replace("{next}", first),
            values=(("{model}", conclusion.model),),
        )
        for action in STEPS[conclusion.meaning]
    )
