"""Direct API tests: what was sent where, what came back, and what that means.

Source of the routes and of the table they are read by: the guide, "Direct API Testing".
Instants are seconds since the epoch.
"""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

Route = Literal["middleman", "direct"]
"""Through the authenticating proxy, as samples go, or straight to the provider."""

Size = Literal["small", "large"]
"""`Say hello`, or as long as the request that fails."""


class ProbeOutcome(StrEnum):
    """How one test ended."""

    OK = "ok"
    SERVER_ERROR = "server_error"
    """5xx, 529 overloaded included."""
    RATE_LIMITED = "rate_limited"
    QUOTA = "quota"
    """A quota, a credit or a plan is used up."""
    TOO_LONG = "too_long"
    """400 or 413, and the other side says that the request is too long."""
    REFUSED = "refused"
    """Any other 4xx."""
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    TIMEOUT = "timeout"
    DNS = "dns"
    TLS = "tls"
    CONNECTION = "connection"
    """Refused, reset or cut."""
    GARBAGE = "garbage"
    """A success by its status whose body is no answer of this API."""
    REDIRECTED = "redirected"
    """Not followed: credentials go to the configured host only."""
    NOT_TESTED = "not_tested"
    """No request went out; `detail` says why."""


class ProbeResult(Struct, frozen=True):
    """One test, or why there was none."""

    route: Route
    size: Size
    provider: str
    model: str
    """As Inspect names it, `provider/model`."""
    outcome: ProbeOutcome
    at: float
    """When it began."""
    seconds: float | None = None
    """How long the answer took; None where no request went out."""
    status: int | None = None
    """HTTP status, where there was one."""
    detail: str = ""
    """What the other side said, or why there was no test: one line, redacted, for people."""
    tokens: int = 0
    """Estimated input tokens that were sent."""
    again_at: float | None = None
    """When the other side takes requests again, where it said so."""

    @property
    def tested(self) -> bool:
        """Whether a request went out."""
        return self.outcome is not ProbeOutcome.NOT_TESTED

    @property
    def passed(self) -> bool:
        """Whether the API answered as it should."""
        return self.outcome is ProbeOutcome.OK


class Meaning(StrEnum):
    """What the tests of a model say together."""

    NOT_TESTED = "not_tested"
    MIDDLEMAN = "middleman"
    """Middleman fails, the provider answers."""
    PROVIDER = "provider"
    """The provider's API fails on every route."""
    PROVIDER_OR_MIDDLEMAN = "provider_or_middleman"
    """It fails through Middleman, and the provider could not be asked directly."""
    UNREACHABLE = "unreachable"
    """Neither can be reached from here: name resolution, TLS or the network."""
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    """The credentials are not, or no longer, valid."""
    NO_ACCESS = "no_access"
    """The credentials are valid, and this model is not for them."""
    MODEL_GONE = "model_gone"
    RATE_LIMIT = "rate_limit"
    QUOTA = "quota"
    """The quota or credit behind the key is used up."""
    TOKEN_LIMIT = "token_limit"  # noqa: S105
    """The small request passes; one of the failing request's size is too long."""
    LARGE_REFUSED = "large_refused"
    LARGE_FAILS = "large_fails"
    """The small request passes; a large one gets server errors: the provider's bug."""
    LARGE_TIMES_OUT = "large_times_out"
    REFUSED = "refused"
    """The API refuses even the small request, for its form."""
    FLAKY = "flaky"
    """The same test passes now and fails then."""
    BACK = "back"
    """The API works again; samples in back-off don't know it yet."""
    CONTENT = "content"
    """All tests pass: this request's content, or a bug in Inspect."""
    SMALL_PASSES = "small_passes"
    """The small request passes; the large one was not tested."""
    WORKS = "works"
    """All tests pass, and no incident asked for them."""


Confidence = Literal["low", "medium", "high"]


class Conclusion(Struct, frozen=True):
    """What the tests of one model mean."""

    model: str
    meaning: Meaning
    confidence: Confidence
    sentence: str
    """For the page: `Middleman fails (502), provider direct works (200, 1.2 s): Middleman.`"""
    at: float | None = None
    """When the newest test that it rests on began; None where nothing was tested."""
    results: tuple[ProbeResult, ...] = ()
    """The newest of each route and size."""
    next_attempt_at: float | None = None
    """BACK: when the first sample in back-off tries again."""


class Reproduction(Struct, frozen=True):
    """A command that repeats a test; a placeholder stands where the token belongs."""

    title: str
    command: str


class Subject(Struct, frozen=True):
    """What an incident asks to be tested: a model, and a request on it that fails."""

    model: str
    eval_set_id: str
    log: str
    sample_id: str
    epoch: int
    event_id: str = ""
    """The failing call's event; empty where none is known."""
