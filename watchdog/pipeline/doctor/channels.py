"""Whether each channel would take a message, as far as that is told without one."""

import asyncio
from collections.abc import Sequence

from watchdog.config.settings import Settings
from watchdog.model.texts import clean
from watchdog.notify.channels import build_channels
from watchdog.notify.channels.channel import Channel, Outcome
from watchdog.notify.channels.shadow import in_shadow
from watchdog.notify.socket_mode.check import NAME, check_buttons
from watchdog.pipeline.doctor.finding import Finding, Patient, Status

CHECK = "channels"
_STATUS: dict[str, Status] = {"sent": "ok", "retry": "unknown", "refused": "failed"}
_WORDS = {"sent": "It works", "retry": "It doesn't answer now", "refused": "It refuses"}
_TRY = "Mend its settings (docs/messages.md), then send a test: `watchdog channels --test`"


async def examine(patient: Patient) -> Sequence[Finding]:
    """Ask each, as `watchdog channels` does."""
    settings = patient.settings
    quiet = in_shadow(settings)
    channels = (*build_channels(settings), *([quiet] if quiet is not None else []))
    if not channels:
        sentence = "None is set up: nobody is told by the watchdog itself."
        action = f"Set up {settings.channel_keys} (docs/messages.md)."
        return (Finding(CHECK, "channels", "warning", sentence, action),)
    asked = await asyncio.gather(*(_ask(channel) for channel in channels))
    buttons = await check_buttons(settings.slack)
    answers = [_finding(NAME, buttons)] if buttons is not None else []
    return (*_shadow(settings), *asked, *answers)


def _shadow(settings: Settings) -> Sequence[Finding]:
    """That it is on: forgotten, it pages nobody."""
    name = settings.notify.quiet_words
    if not name:
        return ()
    sentence = f"It is on: only {clean(name, 80)} is told, and nobody is paged."
    action = "When its weeks are over, take `notify.shadow` away (docs/shadow.md)."
    return (Finding(CHECK, "shadow of messages", "warning", sentence, action),)


async def _ask(channel: Channel) -> Finding:
    try:
        return _finding(channel.name, await channel.check())
    finally:
        await channel.aclose()


def _finding(name: str, outcome: Outcome) -> Finding:
    sentence = f"{_WORDS[outcome.result]} ({clean(outcome.detail, 300)})."
    action = "" if outcome.sent else _TRY
    return Finding(CHECK, name, _STATUS[outcome.result], sentence, action)
