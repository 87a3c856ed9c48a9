"""Settings: frozen, all checked at start, each error naming its key.

Sources by weight: command line, environment (`WATCHDOG_…`, a group's key after one more underscore:
`WATCHDOG_SLACK_WEBHOOK_URL` is `slack.webhook_url`), configuration file (YAML), defaults.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import yaml
from platformdirs import user_state_path
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from watchdog.errors import ConfigError
from watchdog.model.allowances import Allowance, Override
from watchdog.model.durations import parse_duration
from watchdog.model.thresholds import Thresholds

PositiveSeconds = Annotated[float, Field(gt=0, le=86_400 * 30, allow_inf_nan=False)]


def _seconds(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


Duration = Annotated[PositiveSeconds, BeforeValidator(_seconds)]


def _split(value: object) -> object:
    """In the environment, the parts of a list are separated by commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Texts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Section(BaseModel):
    """A group of keys; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def _detection() -> type[Section]:
    """The group `detection`, made from the record of thresholds: one place for defaults."""
    fields: dict[str, Any] = {}
    for info in msgspec.inspect.type_info(Thresholds).fields:  # type: ignore[attr-defined]
        described = info.type  # always an Annotated with a description
        bounds = {
            bound: value
            for bound in ("ge", "gt", "le")
            if (value := getattr(described.type, bound, None)) is not None
        }
        kind = int if isinstance(described.type, msgspec.inspect.IntType) else float
        text = described.extra_json_schema["description"]
        fields[info.name] = (kind, Field(default=info.default, description=text, **bounds))
    return create_model("Detection", __base__=Section, **fields)


Detection = _detection()


def _web_address(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("https://", "http://")):
        raise ValueError("should be an http(s) address")
    return value


class S3(Section):
    """How S3 is reached; what is not set is taken from boto3's usual sources."""

    endpoint_url: str | None = None
    """Address of an S3-compatible server."""
    region: str | None = None
    """The bucket's region."""
    profile: str | None = None
    """A profile of the AWS configuration files."""
    timeout: PositiveSeconds = 30
    """Seconds for one request."""
    connect_timeout: PositiveSeconds = 5
    """Seconds to connect."""
    retries: int = Field(default=3, ge=0, le=20)
    """Tries after a failed request, with jittered back-off."""


class Slack(Section):
    """Slack, by bot token (threads, messages that are edited) or by incoming webhook."""

    bot_token: SecretStr | None = None
    """A bot's token with the scope `chat:write`: a secret. Weighs more than a webhook."""
    channel: str | None = None
    """Where the bot posts: the channel's id, or its name."""
    webhook_url: SecretStr | None = None
    """The incoming webhook's address: a secret."""
    api_url: str | None = None
    """Replaces Slack's base address."""
    timeout: PositiveSeconds = 10
    """Seconds for one request."""
    mention_owner: bool = False
    """Mention who started an eval set; the bot needs the scope `users:read.email`."""

    @field_validator("webhook_url")
    @classmethod
    def _is_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("https://", "http://")):
            raise ValueError("should be an http(s) address")
        return value

    @field_validator("api_url")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("should be an http(s) address")
        return value

    @field_validator("bot_token")
    @classmethod
    def _is_token(cls, value: SecretStr | None) -> SecretStr | None:
        """A file's last line end is no part of it; what no header can hold is no token."""
        if value is None:
            return None
        token = value.get_secret_value().strip()
        if not (token and token.isascii() and token.isprintable()) or " " in token:
            raise ValueError("should be a bot's token, such as xoxb-…")
        return SecretStr(token)

    @model_validator(mode="after")
    def _has_both(self) -> Self:
        if (self.bot_token is None) != (self.channel is None):
            raise ValueError("bot_token and channel: one needs the other")
        return self


class Links(Section):
    """Where messages lead: addresses in which `{eval_set_id}` and `{cause}` are filled in."""

    grafana: str | None = None
    """A dashboard, e.g. `https://grafana/d/x?var-eval_set_id={eval_set_id}`."""
    alertmanager: str | None = None
    """Alertmanager's base address; the link is to a silence for the eval set, filled in."""
    runbook: str | None = None
    """The runbook, e.g. `https://wiki/runbook/{cause}`."""
    log_viewer: str | None = None
    """Inspect's log viewer, e.g. `https://viewer/?log_dir={eval_set_id}`."""

    @field_validator("grafana", "alertmanager", "runbook", "log_viewer")
    @classmethod
    def _is_url(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("should be an http(s) address")
        return value


class Kubernetes(Section):
    """How the cluster is reached, and how its eval sets are told from everything else."""

    enabled: Literal["auto", "yes", "no"] = "auto"
    """`auto`: where no `logs` are given."""
    kubeconfig: Path | None = None
    """A kubeconfig file; without it the service account in a pod, else KUBECONFIG or ~/.kube."""
    context: str | None = None
    """A context of the kubeconfig; by default its current one."""
    store: str | None = None
    """Where an eval set's logs are, e.g. `s3://bucket/evals/{eval_set_id}`."""
    namespaces: Texts = ()
    """Only these namespaces; empty for the whole cluster."""
    namespace_prefix: str = "inspect-"
    """Namespace of a runner: this and the job id."""
    sandbox_namespace_suffix: str = "-s"
    """Namespace of its sandboxes: the runner's and this."""
    app_names: Texts = ("inspect-ai", "hawk")
    """Values of `app.kubernetes.io/name` on runner Jobs and pods."""
    sandbox_app_names: Texts = ("agent-env",)
    """Values of `app.kubernetes.io/name` on sandbox pods."""
    label_prefix: str = "inspect-ai.metr.org/"
    """Prefix of Hawk's own label and annotation keys (job-id, job-type, eval-set-id, …)."""
    job_types: Texts = ("eval-set",)
    """Values of the label job-type that are watched; add `scan` for scans."""
    container: str = "inspect-eval-set"
    """The runner's container."""
    timeout: PositiveSeconds = 30
    """Seconds for one request."""
    page_size: int = Field(default=200, ge=10, le=10_000)
    """Objects in one page of a listing."""
    watch_timeout: PositiveSeconds = 240
    """Seconds after which the API server ends a watch; 30 s later it is taken for dead."""
    relist_interval: PositiveSeconds = 900
    """Seconds between two full listings that correct what a watch missed."""
    log_bytes: int = Field(default=1_048_576, ge=4096, le=67_108_864)
    """Bytes read of one runner's log in one poll; more is sampled."""


class Provider(Section):
    """A model provider's API, and how it is asked directly."""

    api: Literal["anthropic", "openai", "openai-responses", "google"] = "openai"
    """What it speaks: Anthropic messages, OpenAI chat completions or responses, Gemini."""
    url: str | None = None
    """Base address of the API, up to and with its version: `https://api.openai.com/v1`."""
    middleman_path: str | None = None
    """The same below `middleman_url`: `/openai/v1`."""
    key: SecretStr | None = None
    """The key itself."""
    key_file: Path | None = None
    """A file that holds the key; read anew for each test, so it may be rotated."""
    key_env: str | None = None
    """An environment variable that holds the key."""
    key_command: str | None = None
    """A command that prints the key; run without a shell."""


class ModelRoute(Section):
    """What models are called on each route, where it isn't what follows the provider's name."""

    model: str
    """Names as Inspect has them (`provider/model`), as a shell pattern."""
    middleman: str | None = None
    """Its name for Middleman."""
    direct: str | None = None
    """Its name for the provider."""
    api: Literal["anthropic", "openai", "openai-responses", "google"] | None = None
    """What is spoken with it, where it isn't what its provider speaks."""


class Probes(Section):
    """Direct API tests while an incident lasts: whose fault it is."""

    enabled: bool = True
    """Whether requests are sent at all; a route without address or key is never tested."""
    middleman_url: str | None = None
    """Base address of Middleman, the authenticating proxy."""
    middleman_token: SecretStr | None = None
    """Its bearer token."""
    middleman_token_file: Path | None = None
    """A file that holds the token; read anew for each test, so it may be rotated."""
    middleman_token_command: str | None = None
    """A command that prints the token, such as `hawk auth access-token`; run without a shell."""
    providers: dict[str, Provider] = Field(default_factory=dict)
    """Providers by Inspect's name; `openai`, `anthropic` and `google` are known."""
    models: tuple[ModelRoute, ...] = ()
    """Models with another name on a route; the first that matches counts."""
    timeout: PositiveSeconds = 300
    """Seconds for one test, as the guide has it."""
    concurrency: int = Field(default=4, ge=1, le=64)
    """Models that are tested at once."""
    first_interval: PositiveSeconds = 120
    """Seconds from a model's first tests to the next; doubled each time."""
    longest_interval: PositiveSeconds = 3600
    """Seconds that this grows to."""
    requests_per_hour: int = Field(default=120, ge=0)
    """Requests in any hour, over all models."""
    requests_per_hour_per_model: int = Field(default=24, ge=0)
    """Requests in any hour for one model."""
    tokens_per_hour: int = Field(default=2_000_000, ge=0)
    """Estimated input tokens in any hour, over all models."""
    tokens_per_hour_per_model: int = Field(default=500_000, ge=0)
    """Estimated input tokens in any hour for one model."""
    max_output_tokens: int = Field(default=100, ge=16, le=4096)
    """Output tokens that a test asks for at most."""
    replay: bool = False
    """Send the texts of the failing request itself, which may be sensitive, instead of filler."""


class NotifyRoute(Section):
    """Which channels hear of an incident; it must match all the patterns that are given."""

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
    """`slack`, `slack:#another-channel` (needs the bot), `webhook`, `pagerduty`."""

    @model_validator(mode="after")
    def _hides_all(self) -> Self:
        if self.exclusive and self.severity is not None:
            raise ValueError("exclusive: what nobody else may hear of can't depend on severity")
        return self


_SPAN = r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d"


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
    """The time zone of `quiet`, e.g. `Europe/Berlin`."""
    quiet_pages: bool = False
    """Pages wait in these hours too."""
    routes: tuple[NotifyRoute, ...] = ()
    """Who hears of what: every one that matches adds its channels; without a match, all hear."""
    fallback: str | None = None
    """The channel that is told what another one refuses; it hears of nothing else by default."""
    storm: int = Field(default=10, ge=1)
    """More incidents than this that open at once, or within 5 minutes, become one message."""
    hold: PositiveSeconds = 600
    """Seconds without progress until an eval set is a page though samples of it are due."""
    degraded_after: float = Field(default=14_400, ge=0, le=86_400 * 30, allow_inf_nan=False)
    """Seconds until an eval set that is degraded all along is a warning; 0 for never."""

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


class Webhook(Section):
    """A program of yours that is told of every incident, as JSON."""

    url: SecretStr | None = None
    """Where it is posted; an address may be a secret."""
    token: SecretStr | None = None
    """A bearer token that is sent along."""
    secret: SecretStr | None = None
    """Signs the body: `X-Watchdog-Signature: sha256=…`, HMAC in hexadecimal."""
    timeout: PositiveSeconds = 10
    """Seconds for one request."""

    @field_validator("url")
    @classmethod
    def _is_url(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else _web_address(value)


class PagerDuty(Section):
    """PagerDuty, by an integration key of its Events API v2."""

    routing_key: SecretStr | None = None
    """The integration key: a secret."""
    url: SecretStr = SecretStr("https://events.pagerduty.com/v2/enqueue")
    """Where events are posted; another one in the EU, `https://events.eu.pagerduty.com/…`."""
    warnings: bool = False
    """Whether it hears of warnings too."""
    timeout: PositiveSeconds = 10
    """Seconds for one request."""

    @field_validator("url")
    @classmethod
    def _is_url(cls, value: SecretStr) -> SecretStr:
        return _web_address(value)


class StatusFeed(Section):
    """One status feed of a provider, asked while an incident touches that provider."""

    provider: str
    """Inspect's name of the provider, as in `openai/gpt-4o`."""
    url: str = Field(pattern="^https?://")
    """Where the feed is; no credentials are ever sent."""
    format: Literal["statuspage", "json", "rss"] = "statuspage"
    """Statuspage's `summary.json`, JSON of any shape, or RSS 2.0 and Atom."""
    items: str = ""
    """json: dotted path of the list of items; empty where the document is the list."""
    title: str = ""
    """json: path of an item's title."""
    status: str = ""
    """json: path of an item's status."""
    link: str = ""
    """json: path of an item's address."""
    since: str = ""
    """json: path of an item's beginning."""
    end: str = ""
    """json: path of an item's end."""
    parts: Texts = ()
    """json: paths of the names of what an item touches."""
    over: Texts = ("resolved", "completed", "postmortem", "closed")
    """Statuses that mean that it is over."""
    component: Texts = ()
    """Only what touches a part whose name contains one of these; empty for everything."""


class OverrideSettings(Section):
    """What people know better, of all that matches."""

    eval_set: str = "*"
    """Ids of eval sets, as a shell pattern."""
    task: str = "*"
    """Names of tasks, as a shell pattern."""
    model: str = "*"
    """Names of models (`provider/model`), as a shell pattern."""
    model_call: Duration | None = None
    """How long a model call may take, such as `90m`, or a number of seconds."""
    tool_call: Duration | None = None
    """How long a tool call may take."""
    setup: Duration | None = None
    """How long a sample's set-up may take."""
    scoring: Duration | None = None
    """How long a scorer may take."""
    step: Duration | None = None
    """How long a solver may be silent between two calls."""
    waiting: str | None = Field(default=None, max_length=200)
    """It waits on purpose, and why: `human baseline`. Nothing of it is called stuck."""
    mute_until: AwareDatetime | None = None
    """Until then its incidents are shown and not told, e.g. `2026-12-01T08:00:00Z`."""
    mute_reason: str = Field(default="", max_length=200)
    """Why it is muted."""

    @property
    def override(self) -> Override:
        """As the rules' record."""
        patterns = {"eval_set", "task", "model"}
        said = self.model_dump(exclude=patterns | {"mute_until"})
        until = self.mute_until.timestamp() if self.mute_until else None
        allowance = Allowance(**said, mute_until=until)
        return Override(allowance, **self.model_dump(include=patterns))


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix="WATCHDOG_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
    )

    logs: Texts = ()
    """What to watch: Inspect log directories, `s3://bucket/prefix`."""
    listen: str = "127.0.0.1:9464"
    """HOST:PORT of page, report and metrics; 0.0.0.0:9464 for all interfaces."""
    interval: PositiveSeconds = 30
    """Seconds between two polls."""
    listing_interval: PositiveSeconds = 120
    """Seconds between two listings that look for new logs."""
    concurrency: int = Field(default=16, ge=1, le=256)
    """Requests under way at once, for each target."""
    max_member_bytes: int = Field(default=512 * 1024 * 1024, ge=1024)
    """A zip member that is larger is not read."""
    state: str | None = None
    """The ledger: an SQLAlchemy URL or a file; by default one in the user's state directory."""
    log_format: Literal["auto", "json", "console"] = "auto"
    """`auto` is readable on a terminal, JSON elsewhere."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""
    evidence_store: bool = False
    """Whether bundles from the page hold the logs, all conversations; the page has no login."""
    external_url: str | None = None
    """The page's address as people reach it, for links in messages."""
    detection: Section = Detection()
    """When something counts as stuck; docs/detection.md says why so."""
    overrides: tuple[OverrideSettings, ...] = ()
    """What people know better, by eval set, task and model; the last that matches weighs most."""
    s3: S3 = S3()
    """How S3 is reached."""
    kubernetes: Kubernetes = Kubernetes()
    """The cluster."""
    slack: Slack = Slack()
    """Slack, by bot token or by incoming webhook."""
    links: Links = Links()
    """Where messages lead."""
    notify: Notify = Notify()
    """How often an incident is told of, when, and where."""
    webhook: Webhook = Webhook()
    """A program of yours that is told of every incident."""
    pagerduty: PagerDuty = PagerDuty()
    """PagerDuty."""
    status_feeds: tuple[StatusFeed, ...] | None = None
    """Providers' status feeds; by default those of OpenAI, Anthropic and Google; `[]` for none."""
    probes: Probes = Probes()
    """Direct API tests while an incident lasts."""

    @field_validator("detection", mode="before")
    @classmethod
    def _thresholds(cls, value: object) -> object:
        return Detection.model_validate(value) if isinstance(value, Mapping) else value

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
            known = ", ".join(self.channels) or "none"
            raise ValueError(f"notify: channel `{strangers[0]}` is not set up; set up: {known}")
        return self

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels that are set up; the bot reaches others of Slack's too."""
        slack = self.slack.webhook_url or self.slack.bot_token
        elsewhere = [each for each in self.notify.named if each.startswith("slack:")]
        parts = {
            "slack": slack is not None,
            **dict.fromkeys(elsewhere, self.slack.bot_token is not None),
            "webhook": self.webhook.url is not None,
            "pagerduty": self.pagerduty.routing_key is not None,
        }
        return tuple(name for name, there in parts.items() if there)

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
        return tuple(each.override for each in self.overrides)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What the configuration itself holds of secrets."""
        keys = [provider.key for provider in self.probes.providers.values()]
        slack = (self.slack.webhook_url, self.slack.bot_token)
        hook = (self.webhook.url, self.webhook.token, self.webhook.secret)
        known = (*slack, *hook, self.pagerduty.routing_key, self.probes.middleman_token, *keys)
        return tuple(secret.get_secret_value() for secret in known if secret is not None)

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


def load(overrides: Mapping[str, Any], file: Path | None = None) -> Settings:
    """Settings of all sources.

    Raises:
        ConfigError: a line for each key that is wrong, with what is allowed.
    """
    read = _read_file(file) if file is not None else {}

    class Loaded(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del dotenv_settings, file_secret_settings
            return (init_settings, env_settings, _FileSource(settings_cls, read))

    try:
        return Loaded(**{key: value for key, value in overrides.items() if value is not None})
    except ValidationError as error:
        raise ConfigError("\n".join(_line(item, file) for item in error.errors())) from error
    except SettingsError as error:
        raise ConfigError(f"environment: {error}") from error


class _FileSource(PydanticBaseSettingsSource):
    """What the configuration file says."""

    def __init__(self, settings_cls: type[BaseSettings], read: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._read = read

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ANN401
        del field
        return self._read.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._read


def _read_file(file: Path) -> dict[str, Any]:
    try:
        read = yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: no YAML: {' '.join(str(error).split())}") from error
    if read is None:
        return {}
    if not isinstance(read, dict) or not all(isinstance(key, str) for key in read):
        raise ConfigError(f"{file}: should hold keys and values, such as `interval: 30`")
    return read


def _line(item: Any, file: Path | None) -> str:  # noqa: ANN401
    """`slack.timeout: should be greater than 0 (got -1)`; a secret's value isn't shown."""
    key = ".".join(str(part) for part in item["loc"]) or "configuration"
    if item["type"] == "extra_forbidden":
        known = ", ".join(_known_keys(item["loc"]))
        return f"{key}: unknown key{f' in {file}' if file else ''}; known: {known}"
    message = item["msg"].removeprefix("Value error, ").removeprefix("Input ")
    shown = item["input"] if isinstance(item["input"], str | int | float) else None
    secret = any(word in key for word in ("url", "token", "key"))
    return f"{key}: {message}" + (f" (got {shown!r})" if shown is not None and not secret else "")


def _known_keys(loc: tuple[Any, ...]) -> list[str]:
    groups: dict[str, type[BaseModel]] = {
        "detection": Detection,
        "s3": S3,
        "kubernetes": Kubernetes,
        "slack": Slack,
        "links": Links,
        "overrides": OverrideSettings,
        "notify": Notify,
        "webhook": Webhook,
        "pagerduty": PagerDuty,
        "probes": Probes,
        "status_feeds": StatusFeed,
    }
    model = groups.get(str(loc[0])) if len(loc) > 1 else Settings
    return sorted(model.model_fields) if model else []
