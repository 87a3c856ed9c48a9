"""What the process that writes a bundle for the page is told, and what it says in the end.

It goes over a pipe of our own as MessagePack, the settings with their secrets.
"""

from pathlib import Path
from typing import Any

import msgspec
from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from watchdog.config.settings import Settings
from watchdog.model.lazy_samples import LazySamples
from watchdog.model.report import Report


class Job(msgspec.Struct, frozen=True):
    """What the process is told."""

    eval_set_id: str
    set_values: dict[str, Any]
    """Of the settings, those that aren't defaults."""
    secrets: tuple[str, ...]
    now: float
    folder: str
    live: Report | None

    @property
    def settings(self) -> Settings:
        """As the service has them, whatever this process' environment says."""
        return _Given(**self.set_values)


class Outcome(msgspec.Struct, frozen=True):
    """What it says in the end."""

    path: str = ""
    error: str = ""


class _Given(Settings):
    """Settings of nothing but what they are given."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only the arguments."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def set_values(settings: Settings) -> dict[str, Any]:
    """What of the settings isn't a default."""
    return settings.model_dump(exclude_defaults=True)


def encode(job: Job) -> bytes:
    """For the pipe."""
    return msgspec.msgpack.encode(job, enc_hook=_plain)


def decode(data: bytes) -> Job:
    """From the pipe.

    Raises:
        msgspec.MsgspecError: it is no job.
    """
    return msgspec.msgpack.decode(data, type=Job)


def _plain(value: object) -> object:
    if isinstance(value, LazySamples):
        return list(value)
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(type(value).__name__)
