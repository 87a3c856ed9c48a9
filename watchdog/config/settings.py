"""The top level of the settings, and what follows from them."""

import hashlib
from pathlib import Path
from typing import Literal, Self

import msgspec
from platformdirs import user_state_path
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from watchdog.config.canary import Canary
from watchdog.config.channel import ChannelSection
from watchdog.config.detection import Detection
from watchdog.config.election import Election
from watchdog.config.heartbeat import Heartbeat
from watchdog.config.kubernetes import Kubernetes
from watchdog.config.limits import Limits
from watchdog.config.links import Links
from watchdog.config.notify import Notify
from watchdog.config.overrides import OverrideSettings
from watchdog.config.pagerduty import PagerDuty
from watchdog.config.probes import Probes
from watchdog.config.retention import Retention
from watchdog.config.s3 import S3
from watchdog.config.secrets import secrets_in
from watchdog.config.section import PositiveSeconds, Texts, WebAddress
from watchdog.config.slack import ELSEWHERE, Slack
from watchdog.config.status_feeds import StatusFeed
from watchdog.config.web import Web
from watchdog.config.webhook import Webhook
from watchdog.model.allowances import Override
from watchdog.model.thresholds import Thresholds


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix="WATCHDOG_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        hide_input_in_errors=True,  # of a traceback
    )

    logs: Texts = ()
    """What to watch: Inspect log directories, `s3://bucket/prefix`."""
    listen: str = "127.0.0.1:9464"
    """HOST:PORT of page, report and metrics; 0.0.0.0:9464 for all interfaces, which needs `web`."""
    interval: PositiveSeconds = 30
    """Seconds between two polls."""
    listing_interval: PositiveSeconds = 120
    """Seconds between two listings that look for new logs."""
    quiet_factor: float = Field(default=8, ge=1, le=20)
    """A task in a bucket that writes nothing is read less often, at most so many `interval`s apart;
    1 reads every task at each poll."""
    concurrency: int = Field(default=16, ge=1, le=256)
    """Requests under way at once, for each target; fewer while the store asks to slow down."""
    max_member_bytes: int = Field(default=128 * 1024 * 1024, ge=1024)
    """A zip member that is larger is not read."""
    state: str | None = None
    """The ledger: a file, or a database's address (`postgresql://user@host/database`); by default a
    file in the user's state directory."""
    log_format: Literal["auto", "json", "console"] = "auto"
    """`auto` is readable on a terminal, JSON elsewhere."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""
    evidence_store: bool = False
    """Whether bundles from the page hold the logs, all conversations of what a viewer may see."""
    groups: Texts = ()
    """Yours, for what commands print: names of other models are replaced. `*` for all."""
    server: WebAddress | None = None
    """The service that `status`, `watch`, `samples`, `transcript`, `logs` and `incidents` ask, such
    as `https://watchdog.example.org`; without it one on this machine, else they look themselves."""
    token: SecretStr | None = None
    """What they show `server`: one of its `web.tokens`, or one that its OIDC provider signed."""
    external_url: str | None = None
    """The address of the first page as people reach it; links in messages lead on from it."""
    # a group's own docstring says what it is for
    detection: Detection = Detection()
    overrides: tuple[OverrideSettings, ...] = ()
    limits: Limits = Limits()
    retention: Retention = Retention()
    s3: S3 = S3()
    kubernetes: Kubernetes = Kubernetes()
    slack: Slack = Slack()
    links: Links = Links()
    notify: Notify = Notify()
    webhook: Webhook = Webhook()
    pagerduty: PagerDuty = PagerDuty()
    heartbeat: Heartbeat = Heartbeat()
    canary: Canary = Canary()
    election: Election = Election()
    status_feeds: tuple[StatusFeed, ...] | None = None
    probes: Probes = Probes()
    web: Web = Web()

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65_535:
            raise ValueError("should be HOST:PORT, such as 127.0.0.1:9464 or 0.0.0.0:9464")
        return value

    @model_validator(mode="after")
    def _knows_its_channels(self) -> Self:
        """What routes name must be set up, or nobody would hear."""
        strangers = [name for name in self.notify.named if name not in self.channels]
        if strangers:
            names = ", ".join(self.channels) or "none"
            raise ValueError(f"notify: channel `{strangers[0]}` is not set up; set up: {names}")
        return self

    @model_validator(mode="after")
    def _shares_its_ledger(self) -> Self:
        """Replicas with a ledger each would tell everything as often as there are of them."""
        if self.election.enabled and not self.state_url.startswith(("postgresql", "postgres:")):
            raise ValueError("election.enabled: needs `state` in PostgreSQL, which replicas share")
        return self

    @model_validator(mode="after")
    def _keeps_what_may_reopen(self) -> Self:
        """What comes back is the same incident only as long as that one is remembered."""
        if self.retention.incidents < self.notify.reopen_within:
            raise ValueError("retention.incidents: should not be less than notify.reopen_within")
        return self

    @model_validator(mode="after")
    def _knows_the_canary_s_channel(self) -> Self:
        if not self.canary_is_heard:
            names = ", ".join(self.channels) or "none"
            channel = self.canary.channel
            raise ValueError(f"canary: channel `{channel}` is not set up; set up: {names}")
        return self

    @model_validator(mode="after")
    def _knows_its_quiet_channels(self) -> Self:
        notify, names = self.notify, ", ".join(self.channels) or "none"
        if notify.shadow_url is None and not self._is_there(notify.quiet_channel):
            channel = f"channel `{notify.quiet_channel}` is not set up"
            raise ValueError(f"notify.shadow: {channel}; set up: {names}; or give `shadow_url`")
        if notify.weekly_report is not None and self.weekly_told_by is None:
            raise ValueError(f"notify.weekly_report: needs Slack; {self._why_no_weekly}")
        return self

    @property
    def weekly_told_by(self) -> str | None:
        """Where weekly reports are told: `weekly_channel`, the quiet channel, else Slack.

        None where there is no such channel.
        """
        notify = self.notify
        name = notify.weekly_channel or notify.quiet_channel or "slack"
        if name == notify.quiet_channel and notify.shadow_url is not None:
            return name if name == "slack" else None
        return name if name != "webhook" and self._is_there(name) else None

    @property
    def _why_no_weekly(self) -> str:
        notify, has_slack = self.notify, self._is_there("slack")
        how = "" if has_slack else "set Slack up, and "
        if notify.weekly_channel is None and notify.quiet_channel is not None:
            shadow = "notify.shadow" if notify.shadow is not None else "notify.shadow_url"
            return (
                f"while the shadow lasts ({shadow}) it is told in the quiet channel, "
                f"{notify.quiet_channel}, which is not Slack's: {how}`weekly_channel: slack`"
            )
        return "`weekly_channel` says where, and must be set up"

    def _is_there(self, channel: str | None) -> bool:
        """Whether a channel is set up, or can be reached by the bot; one that isn't named is."""
        if channel is None or channel in self.channels:
            return True
        return channel.startswith(ELSEWHERE) and self.slack.bot_token is not None

    @property
    def canary_is_heard(self) -> bool:
        """Whether the canary's channel is set up; one that is off needs none."""
        return self.canary.url is not None or self._is_there(self.canary.channel)

    @property
    def channel_groups(self) -> dict[str, ChannelSection]:
        """The groups that set up channels, by key, whether they do or not."""
        groups = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: group for name, group in groups.items() if isinstance(group, ChannelSection)}

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels that are set up."""
        names = self.notify.named
        groups = self.channel_groups.items()
        return tuple(name for key, group in groups for name in group.channels(key, names))

    @property
    def channel_keys(self) -> str:
        """What to set for a channel: `slack.webhook_url, webhook.url or …`."""
        *most, last = (
            " and ".join(f"{name}.{key}" for key in way)
            for name, group in self.channel_groups.items()
            for way in group.ways
        )
        return f"{', '.join(most)} or {last}"

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen at."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def thresholds(self) -> Thresholds:
        """The group `detection` as the rules' record."""
        return msgspec.convert(self.detection.model_dump(), Thresholds)

    @property
    def allowances(self) -> tuple[Override, ...]:
        """`overrides` as the rules' records."""
        return tuple(entry.override for entry in self.overrides)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What the configuration itself holds of secrets."""
        return tuple(secrets_in(self))

    @property
    def state_url(self) -> str:
        """The ledger as SQLAlchemy URL."""
        state = self.state or str(user_state_path("stuck-eval-watchdog") / "state.sqlite3")
        return state if "://" in state else f"sqlite:///{Path(state).expanduser().absolute()}"

    @property
    def watch(self) -> str:
        """Names what is watched: services with other targets may share a ledger.

        A restart with the same targets goes on where it was, and no service ends another's
        incidents.
        """
        targets = (t if "://" in t else str(Path(t).expanduser().absolute()) for t in self.logs)
        return hashlib.sha256("\0".join(sorted(targets)).encode()).hexdigest()[:16]
