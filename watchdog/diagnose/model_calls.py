"""Causes that the provider, or the way to it, answers: failed attempts in a row.

Which failures, by their main cause; how much they prove is weighed in `failing`.
"""

from msgspec.structs import replace

from watchdog.diagnose.context import CauseSpec, Detect, Finding, SampleContext
from watchdog.diagnose.failing import Situation, falls_at, situation, weigh
from watchdog.diagnose.retries import gives_up, next_wait
from watchdog.fold.errors import classify
from watchdog.model import advice
from watchdog.model.action import Action
from watchdog.model.instants import clock
from watchdog.model.state import SampleState, Streak
from watchdog.model.told import At, Length, OftenAs, Text, told
from watchdog.model.verdict import Cause, Evidence
from watchdog.model.weighing import Weighing


def failing(cause: Cause) -> Detect:
    """A rule that finds failed attempts in a row whose main cause is `cause`.

    Agents side by side fail each by itself: the streak that proves most counts.
    """

    def detect(context: SampleContext) -> Finding | None:
        sample = context.sample
        if not sample.streaks:
            return None
        streaks = (one for one in sample.streaks if cause_of(sample, one) is cause)
        findings = [_finding(context, one, situation(context, one, cause)) for one in streaks]
        return max(findings, key=lambda finding: finding.suspicion, default=None)

    return detect


def cause_of(sample: SampleState, streak: Streak) -> Cause:
    """The main cause of a streak; where no row tells the failures, what the runner's log names."""
    is_announced = sample.announced_at is not None and bool(sample.announced_error)
    if not streak.presumed or streak.cause is not Cause.UNEXPLAINED or not is_announced:
        return streak.cause
    is_of_it = streak.first_at is None or (sample.announced_at or 0.0) >= streak.first_at
    if not is_of_it:
        return streak.cause
    # as Inspect logs it: `RateLimitError 429 rate_limit_exceeded`
    error_class, _, rest = sample.announced_error.partition(" ")
    return classify(rest, error_class)


def _finding(context: SampleContext, streak: Streak, situation: Situation | None) -> Finding:
    peers = _peers_evidence(situation)
    evidence = (_streak_evidence(context, streak), *peers, *_end(context, streak))
    if situation is None:
        return Finding(0.0, None, evidence)
    weighing = weigh(context.judging.baselines, situation)
    return Finding(
        weighing.suspicion,
        streak.first_at,
        (*evidence, odds(weighing)),
        _with_change(context, streak, situation, weighing),
        shared=situation.shared,
    )


def _with_change(
    context: SampleContext, streak: Streak, situation: Situation, weighing: Weighing
) -> Weighing:
    """What would change the verdict; only looked for where somebody asks (`explain`)."""
    if not context.judging.explaining:
        return weighing
    change = ["the first success ends it"]
    if weighing.suspicion < 1:
        at = falls_at(
            context.judging.baselines,
            situation,
            streak.call_attempts,
            next_wait(context.sample, streak),
        )
        when = f"at {clock(at)}" if at is not None else "not within the next twelve attempts"
        change.append(f"if all attempts to come fail too, the verdict falls {when}")
    return replace(weighing, change=tuple(change))


def odds(weighing: Weighing) -> Evidence:
    """How likely it is, after all, that it passes: the likeliest harmless explanation."""
    likeliest = max(weighing.explanations, key=lambda explanation: explanation.ratio)
    text = told(
        "likeliest way for it to pass by itself: {}; seen {}, told when rarer than {}",
        likeliest.text,
        OftenAs(likeliest.expected_per_week),
        OftenAs(likeliest.tolerated),
    )
    return Evidence("odds", text)


def _peers_evidence(situation: Situation | None) -> tuple[Evidence, ...]:
    if situation is None or not (situation.peers.ok or situation.peers.failed):
        return ()
    text = told(
        "meanwhile other samples on {}: {} calls succeeded, {} attempts failed",
        situation.model,
        situation.peers.ok,
        situation.peers.failed,
    )
    return (Evidence("peers", text, situation.last_ok),)


def _end(context: SampleContext, streak: Streak) -> tuple[Evidence, ...]:
    """Where the eval limits its retries: when they end by themselves."""
    end = gives_up(context.task, streak, next_wait(context.sample, streak))
    if end is None:
        return ()
    at, why = end
    text = told("Inspect gives up by itself at about {} ({})", At(at), why)
    return (Evidence("gives_up", text, at),)


def _streak_evidence(context: SampleContext, streak: Streak) -> Evidence:
    has_times = streak.first_at is not None and streak.last_at is not None
    span: Text = ""
    if has_times:
        span = told(" over {}", Length(streak.last_at - streak.first_at))  # type: ignore[operator]
    never = "" if context.sample.first_success_at is not None else ", and none ever succeeded"
    text = told(
        "{} attempts on {} failed in a row{}{} ({}): {}",
        streak.count,
        streak.model,
        span,
        never,
        ", ".join(f"{count}x {cause.value}" for cause, count in streak.causes),
        streak.error,
    )
    return Evidence("fail_streak", text, streak.last_at)


_REPRODUCE = Action(
    "test",
    "Send the same request through Middleman and straight to the provider, to see whose fault it "
    "is: `watchdog probe --model <model> --size large`",
)
_BUFFER = Action(
    "look",
    "Or get the sample's buffer, where every attempt stands: "
    "`aws s3 sync <store>/.buffer/ /tmp/buffer/`",
)
_SOONER = Action(
    "mend",
    "It can't succeed as it is. For the samples to come: a lower token_limit or message_limit, or "
    "compaction, in the eval's configuration",
)

SPECS: tuple[CauseSpec, ...] = (
    CauseSpec(
        Cause.PROVIDER_QUOTA,
        "is refused because a quota or credit is used up",
        (
            Action(
                "look",
                "Read in the evidence which quota it is: one of a day or a month resets at a known "
                "time; a credit lasts until somebody pays",
            ),
            Action("wait", "Inspect goes on by itself then, with what still runs", ("running",)),
            Action("tell", "Tell whoever pays for the key, or raises its limit"),
            Action(
                "test",
                "See whether it is back, with one small request: `watchdog probe --model <model>`",
            ),
            advice.ERRED_ANEW,
            advice.STOP_SAMPLE,
        ),
        failing(Cause.PROVIDER_QUOTA),
    ),
    CauseSpec(
        Cause.API_SERVER_ERROR,
        "gets only server errors (5xx) from the provider",
        (
            _REPRODUCE,
            advice.PROBE_LOCALLY,
            advice.REQUEST,
            Action("look", "Check the provider's status page; a 500 is no token limit"),
            advice.WAIT_FOR_PROVIDER,
            advice.STOP_SAMPLE,
            advice.STOP_SAMPLE_ERROR,
            *advice.ENDED_LOCALLY,
        ),
        failing(Cause.API_SERVER_ERROR),
    ),
    CauseSpec(
        Cause.RATE_LIMITED,
        "is refused for its rate (429) at every attempt",
        (
            Action(
                "look",
                "Check the key's quota and who else uses it; lower max_connections, or raise the "
                "limit",
            ),
            Action("look", "Look at the runner: `hawk status {eval_set_id}`"),
            advice.FEWER_CONNECTIONS,
            advice.WAIT_FOR_PROVIDER,
        ),
        failing(Cause.RATE_LIMITED),
    ),
    CauseSpec(
        Cause.CONTEXT_LENGTH,
        "sends a request that is too long for the model (400)",
        (
            Action("look", "Compare message count and token_limit with the model's context window"),
            advice.REQUEST,
            _BUFFER,
            _SOONER,
            advice.STOP_SAMPLE,
            *advice.ENDED_LOCALLY,
        ),
        failing(Cause.CONTEXT_LENGTH),
    ),
    CauseSpec(
        Cause.BAD_REQUEST,
        "sends a request that the provider refuses (4xx)",
        (
            Action("mend", "Read the provider's message in the evidence and mend the request"),
            advice.REQUEST,
            advice.STOP_SAMPLE,
            advice.STOP_SAMPLE_ERROR,
            *advice.ENDED_LOCALLY,
        ),
        failing(Cause.BAD_REQUEST),
    ),
    CauseSpec(
        Cause.AUTH,
        "is refused for its credentials (401 or 403)",
        (
            Action(
                "mend",
                "Renew the token or key, and check its access to the model; where the runner "
                "renews it by itself, samples that still run go on at their next attempt",
            ),
            Action("mend", "Renew your own first, to test with: `hawk login`"),
            advice.ERRED_ANEW,
            *advice.NEW_RUNNER,
            *advice.ANEW_LOCALLY,
        ),
        failing(Cause.AUTH),
    ),
    CauseSpec(
        Cause.CLIENT_TIMEOUT,
        "gives up waiting for every answer (the client's own time-out)",
        (
            advice.RUNNER_USE,
            Action("mend", "Where it is starved: fewer max_connections, or more CPU"),
            advice.FEWER_CONNECTIONS,
            advice.PROCESS_STACK,
            _REPRODUCE,
            advice.PROBE_LOCALLY,
            advice.WAIT_FOR_PROVIDER,
        ),
        failing(Cause.CLIENT_TIMEOUT),
    ),
    CauseSpec(
        Cause.CONNECTION,
        "gets no connection (DNS, refused, reset or TLS)",
        (
            advice.REACH_API,
            Action("look", "Check network policies and Middleman's pods"),
            Action(
                "look",
                "Check this machine's way out: DNS, VPN, HTTPS_PROXY; calls go on by themselves at "
                "their next attempt",
                ("local",),
            ),
            advice.WAIT_FOR_PROVIDER,
        ),
        failing(Cause.CONNECTION),
    ),
)

UNCLASSIFIED = failing(Cause.UNEXPLAINED)
"""Failed attempts whose errors tell no cause."""
