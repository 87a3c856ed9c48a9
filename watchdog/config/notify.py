"""The group `notify` and its routes."""

import re
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, field_validator, model_validator

from watchdog.config.canary import WITH_ADDRESS, calls_nobody
from watchdog.config.section import PositiveSeconds, SecretWebAddress, Section, Texts
from watchdog.config.slack import ELSEWHERE

_SPAN = r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d"


_SCHEDULE = re.compile(r"(mon|tue|wed|thu|fri|sat|sun) ([01][0-9]|2[0-3]):[0-5][0-9]")


def _schedule(value: str) -> str:
    if not _SCHEDULE.fullmatch(value):
        raise ValueError("should be a day and a time, such as `mon 09:00`")
    return value


def _slack(value: str) -> str:
    if value != "slack" and not (
        value.startswith(ELSEWHERE) and value[len(ELSEWHERE) :].strip("# ")
    ):
        raise ValueError("should be slack or slack:#another-channel")
    return value


class NotifyRoute(Section):
    """Which channels hear of an incident that matches all the patterns that are given.

    Every entry that an incident matches adds its channels; what matches none is told to all, so
    that nothing is told to nobody.
    """

    eval_set: str = "*"
    """Ids of eval sets, as a shell pattern; one of the incident's must match."""
    model: str = "*"
    """Names of models (`provider/model`), as a shell pattern."""
    submitter: str = "*"
    """Who started an eval set, by name or e-mail address, as a shell pattern."""
    team: str = "*"
    """Whose it is, as a shell pattern: the label or annotation `team` of the runner's Job."""
    severity: Literal["page", "warning"] | None = None
    """Only pages, or only warnings."""
    model_access: str = "*"
    """The annotation `model-access` of an eval set, as a shell pattern: `*secret-group*`."""
    exclusive: bool = False
    """What matches goes nowhere else: not by other routes, not to the fall-back channel."""
    channels: Texts = Field(min_length=1)
    """Names of channels that are set up: `slack`, or `slack:#another-channel` (needs the bot), …"""

    @model_validator(mode="after")
    def _hides_all(self) -> Self:
        if self.exclusive and self.severity is not None:
            raise ValueError("exclusive: what nobody else may hear of can't depend on severity")
        return self


class Notify(Section):
    """How often an incident is told of, when, and where. Pages wait for nothing but their tests."""

    update_interval: PositiveSeconds = 300
    """Seconds between two updates of one incident; what changes back meanwhile is never told."""
    remind_after: float = Field(default=86_400, ge=0, le=86_400 * 30, allow_inf_nan=False)
    """Seconds until a page that still stands is told again; 0 for never."""
    reopen_within: PositiveSeconds = 1800
    """What comes back so many seconds after its end is the same incident, in the same thread."""
    flapping: PositiveSeconds = 900
    """Seconds that one which came back must be away to be over; twice as long each time."""
    wait_for_tests: PositiveSeconds = 90
    """Seconds that a page waits for its first direct API tests at most."""
    quiet: str | None = Field(default=None, pattern=f"^{_SPAN}$")
    """Hours in which warnings wait, e.g. `22:00-07:00`; what stands then comes as one digest."""
    time_zone: str = "UTC"
    """The time zone of `quiet`, of days and weeks in reports, e.g. `Europe/Berlin`."""
    quiet_pages: bool = False
    """Pages wait in these hours too."""
    routes: tuple[NotifyRoute, ...] = ()
    fallback: str | None = None
    """The channel that is told what another one refuses; it hears of nothing else by default."""
    storm: int = Field(default=10, ge=1)
    """More incidents than this that open at once, or within 5 minutes, become one message."""
    hold: PositiveSeconds = 600
    """Seconds without progress until an eval set is a page though samples of it are due."""
    name_secret_models: bool = False
    """Whether messages name models that not everybody may see, in place of a stable stand-in.
    Where a route with `exclusive` leads they are always named."""
    degraded_after: float = Field(default=14_400, ge=0, le=86_400 * 30, allow_inf_nan=False)
    """Seconds until an eval set that is degraded all along is a warning; 0 for never."""

    shadow: Annotated[str, AfterValidator(calls_nobody)] | None = None
    """Tells only this quiet channel what would have been told, and no other: `slack`,
    `slack:#another-channel` (needs the bot) or `webhook` (docs/shadow.md)."""
    shadow_url: SecretWebAddress | None = None
    """An address of the quiet channel's own in place of the channel's: Slack's incoming webhook
    with `shadow: slack`, else a program of yours."""
    weekly_report: Annotated[str, AfterValidator(_schedule)] | None = None
    """When Slack is told what the seven days before were like, in `time_zone`: `mon 09:00`."""
    weekly_channel: Annotated[str, AfterValidator(_slack)] | None = None
    """Where: `slack` or `slack:#another-channel` (needs the bot); by default the quiet channel in
    the shadow, else `slack`."""

    @model_validator(mode="after")
    def _can_have_an_address(self) -> Self:
        if self.shadow_url is not None and self.quiet_channel not in WITH_ADDRESS:
            raise ValueError("shadow_url: needs `shadow: slack` or `shadow: webhook`")
        return self

    @property
    def quiet_channel(self) -> str | None:
        """The channel of the shadow; None where there is none. An address alone is a program's."""
        alone = self.shadow is None and self.shadow_url is not None
        return "webhook" if alone else self.shadow

    @property
    def quiet_words(self) -> str:
        """The same for people; empty where there is no shadow."""
        own = ", at an address of its own" if self.shadow_url is not None else ""
        return f"{self.quiet_channel}{own}" if self.quiet_channel else ""

    @field_validator("time_zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("should be a time zone, such as Europe/Berlin") from None
        return value

    @property
    def named(self) -> tuple[str, ...]:
        """Channels that routes and the fall-back name."""
        names = [name for route in self.routes for name in route.channels]
        return tuple(dict.fromkeys([*names, *filter(None, [self.fallback])]))
