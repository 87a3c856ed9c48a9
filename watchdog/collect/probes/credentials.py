"""Keys and tokens: read when they are needed, never kept, shown to the configured host only."""

import asyncio
import os
import shlex
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from pydantic import SecretStr

from watchdog.model.command import variable
from watchdog.redaction import learn_credential

COMMAND_SECONDS = 30.0
SIZE_MAX = 65_536
"""Bytes of a token; a file or a command that gives more gives something else."""


class Credential(Struct, frozen=True):
    """Where a key or token comes from; the first that is set counts."""

    value: SecretStr | None = None
    command: str | None = None
    file: Path | None = None
    variable: str | None = None
    setting: str = ""
    """The setting to name where there is none."""

    @property
    def placeholder(self) -> str:
        """What stands for it in a command that people copy: `$OPENAI_API_KEY`."""
        return variable(self.variable or "TOKEN")


class NoCredential(Exception):  # noqa: N818 - no error: the route is reported as not tested
    """There is none; the text says why and never holds it."""


def missing(credential: Credential, environment: Mapping[str, str] = os.environ) -> str | None:
    """Why there certainly is none, as far as that can be said at once."""
    if credential.value or credential.command or credential.file:
        return None
    if credential.variable is None:
        return f"no key: set {credential.setting}"
    unset = not environment.get(credential.variable, "").strip()
    return f"no key: {credential.variable} is not set" if unset else None


async def read(credential: Credential, environment: Mapping[str, str] = os.environ) -> str:
    """The key or token as it is now.

    Raises:
        NoCredential: none is configured, or its source fails.
    """
    reason = missing(credential, environment)
    if reason is not None:
        raise NoCredential(reason)
    if credential.value is not None:
        return _checked(credential.value.get_secret_value(), "the configured value")
    if credential.command is not None:
        return _checked(await _run(credential.command), "its command")
    if credential.file is not None:
        return _checked(await asyncio.to_thread(_file, credential.file), str(credential.file))
    return _checked(environment[credential.variable or ""], str(credential.variable))


def _checked(value: str, where: str) -> str:
    """A value that can stand in a header."""
    value = value.strip()
    if not value:
        raise NoCredential(f"no key: {where} is empty")
    if not value.isascii() or not value.isprintable() or " " in value or len(value) > SIZE_MAX:
        raise NoCredential(f"no key: {where} gives no token")
    learn_credential(value)
    return value


def _file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(SIZE_MAX + 1).decode("utf-8", "replace")
    except OSError as error:
        raise NoCredential(f"no key: {path}: {error.strerror}") from error


async def _run(command: str) -> str:
    """The command's output. What it says beside that isn't shown: it may hold the token."""
    try:
        words = shlex.split(command)
        process = await asyncio.create_subprocess_exec(
            *words, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
        )
    except (OSError, ValueError, IndexError) as error:
        why = error.strerror if isinstance(error, OSError) else "no command"
        raise NoCredential(f"no key: its command can't be run ({why})") from error
    try:
        output, _ = await asyncio.wait_for(process.communicate(), COMMAND_SECONDS)
    except TimeoutError:
        raise NoCredential(f"no key: its command took over {COMMAND_SECONDS:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise NoCredential(f"no key: its command ended with status {process.returncode}")
    return output.decode("utf-8", "replace")
