"""The group `probes`, its providers and models."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from watchdog.config.section import PositiveSeconds, Section

Api = Literal["anthropic", "openai", "openai-responses", "google"]


class Provider(Section):
    """Providers' APIs, and how they are asked directly, by Inspect's name of the provider.

    What is given here changes what is known of `openai`, `anthropic` and `google`. Keys are read
    for each test: `key`, else `key_command`, `key_file`, `key_env`.
    """

    api: Api = "openai"
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
    """What models are called on each route, where it isn't what follows the provider's name.

    The first whose pattern matches counts.
    """

    model: str
    """Names as Inspect has them (`provider/model`), as a shell pattern."""
    middleman: str | None = None
    """Its name for Middleman."""
    direct: str | None = None
    """Its name for the provider."""
    api: Api | None = None
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
    models: tuple[ModelRoute, ...] = ()
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
