"""What to do next, by what the direct API tests mean.

Placeholders are filled in by `diagnose.placeholders`.
"""

from msgspec.structs import replace

from watchdog.model.action import Action
from watchdog.model.instants import clock
from watchdog.model.probe import Conclusion, Meaning

_AGAIN = Action("test", "Test again: `watchdog probe --model {model}`")
_REPORT = Action(
    "tell", "Escalate with the evidence: `watchdog evidence {eval_set_id} --output evidence.tar.gz`"
)
_ITSELF = Action(
    "wait", "Nothing to restart: Inspect retries these samples by itself as soon as it works again"
)
_SHORTER = Action(
    "mend",
    "Make it shorter: a lower token_limit or message_limit, or compaction, in the eval's "
    "configuration; the sample can't succeed as it is",
)
_END = Action(
    "restart", "If it must end: `hawk delete {eval_set_id}`, then `hawk eval-set <config.yaml>`"
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
        Action(
            "look",
            "Look at the network, from the runner: "
            "`kubectl exec -n <runner-namespace> <runner-pod> -- curl -sv <base-url>`",
        ),
        Action("look", "Check name resolution, network policies and certificates"),
        _AGAIN,
    ),
    Meaning.TOKEN_EXPIRED: (
        Action(
            "mend",
            "Renew the token (`hawk login`, `hawk auth access-token`) and test again: "
            "`watchdog probe --model {model}`",
        ),
        Action(
            "restart",
            "A runner keeps the token it was started with: `hawk delete {eval_set_id}`, then "
            "`hawk eval-set <config.yaml>`",
        ),
    ),
    Meaning.NO_ACCESS: (
        Action("tell", "Ask for access to {model} for whoever started the eval set"),
        _AGAIN,
        _END,
    ),
    Meaning.MODEL_GONE: (
        Action("look", "Check the model's name and whether the provider has retired it"),
        Action("restart", "Start with another model: `hawk eval-set <config.yaml>`"),
    ),
    Meaning.RATE_LIMIT: (
        Action(
            "look", "Look who else uses the key; lower max_connections, or ask for a higher limit"
        ),
        _ITSELF,
    ),
    Meaning.TOKEN_LIMIT: (_SHORTER, _END),
    Meaning.LARGE_REFUSED: (_REPORT, _SHORTER, _END),
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
        _END,
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
        Action("look", "Still stuck after that: `watchdog explain <store>`"),
    ),
    Meaning.CONTENT: (
        Action("look", "Read the sample's conversation: `hawk transcript <sample-uuid>`"),
        Action("look", "Look at the failing request: `watchdog evidence {eval_set_id} --content`"),
        Action("restart", f"It will hardly pass by itself: {_END.text[0].lower()}{_END.text[1:]}"),
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
    """What to do, the first thing first; `{eval_set_id}` and `<places>` are left to be filled."""
    due = conclusion.next_attempt_at
    first = f", the first at {clock(due)}" if due is not None else ""
    return tuple(
        replace(
            action, text=action.text.replace("{model}", conclusion.model).replace("{next}", first)
        )
        for action in STEPS[conclusion.meaning]
    )
