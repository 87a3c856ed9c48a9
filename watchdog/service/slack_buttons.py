"""The connection over which Slack's buttons answer, for as long as the service watches."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from pydantic import SecretStr

from watchdog.config.settings import Settings
from watchdog.config.slack import Slack
from watchdog.notify.channels.slack_buttons import Press
from watchdog.notify.channels.slack_text import plain
from watchdog.notify.channels.slack_web import SlackWeb
from watchdog.notify.socket_mode.gateway import Gateway
from watchdog.notify.socket_mode.people import People
from watchdog.service.presses import Presses
from watchdog.surfaces.metrics import SelfMetrics

log = structlog.get_logger(__name__)


class SlackButtons:
    """Used from one event loop. Only who tells people answers: the leader of several replicas."""

    def __init__(self, presses: Presses, metrics: SelfMetrics) -> None:
        self._presses = presses
        self._metrics = metrics
        self._slack: Slack | None = None
        self._answering: asyncio.Task[None] | None = None

    async def go_by(self, settings: Settings) -> None:
        """From now on answer so, or not at all; a connection whose settings stay is left alone."""
        slack = settings.slack
        if self._slack is not None and _same(self._slack, slack):
            return
        await self.aclose()
        self._slack = slack
        if slack.app_token is not None and slack.bot_token is not None:
            answering = _Answering(self._presses, self._metrics, slack)
            work = answering.run(slack.app_token, slack.bot_token)
            self._answering = asyncio.create_task(work)

    async def aclose(self) -> None:
        """Close the connection."""
        task, self._answering = self._answering, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            self._metrics.slack_connected(None)


@asynccontextmanager
async def answering(
    presses: Presses, metrics: SelfMetrics, settings: Settings
) -> AsyncIterator[SlackButtons]:
    """While this lasts."""
    buttons = SlackButtons(presses, metrics)
    await buttons.go_by(settings)
    try:
        yield buttons
    finally:
        await buttons.aclose()


class _Answering:
    """One life of the connection."""

    def __init__(self, presses: Presses, metrics: SelfMetrics, slack: Slack) -> None:
        self._presses = presses
        self._metrics = metrics
        self._slack = slack

    async def run(self, app_token: SecretStr, bot_token: SecretStr) -> None:
        """Until it is cancelled."""
        # aiohttp, which nobody needs who has no buttons
        from watchdog.notify.socket_mode.client import SocketMode  # noqa: PLC0415
        from watchdog.notify.socket_mode.connection import Opener  # noqa: PLC0415

        slack = self._slack
        gateway = Gateway(app_token, slack.api_url, slack.timeout)
        web = SlackWeb(bot_token, slack.api_url, slack.timeout)
        people = People(web)

        async def on_press(press: Press) -> None:
            await self._answer(press, people, web)

        client = SocketMode(
            Opener(gateway, slack.timeout),
            on_press,
            on_state=self._metrics.slack_connected,
            on_untaken=self._metrics.slack_press,
        )
        self._metrics.slack_connected(False)
        try:
            await client.run()
        finally:
            await asyncio.gather(gateway.aclose(), web.aclose())

    async def _answer(self, press: Press, people: People, web: SlackWeb) -> None:
        person = await people.who(press)
        done = await self._presses.answer(press, person)
        self._metrics.slack_press("refused" if done.refused else "done")
        if done.refused:
            log.info("press_refused", do=press.do, incident=press.incident, reason=done.private)
            await self._say(web, "chat.postEphemeral", press, done.private, user=press.user)
        elif done.public:
            await self._say(web, "chat.postMessage", press, done.public)

    async def _say(self, web: SlackWeb, method: str, press: Press, text: str, **more: str) -> None:
        where = {"channel": press.channel, "thread_ts": press.ts, "unfurl_links": False}
        if method == "chat.postEphemeral":
            del where["thread_ts"]  # shown below the message, not hidden in its thread
        answer = await web.call(method, {**where, "text": plain(text), **more})
        if not answer.outcome.sent:
            log.warning("press_not_answered", detail=answer.outcome.detail)


def _same(one: Slack, other: Slack) -> bool:
    """Whether a connection of these settings is the same; who people are is asked at each press."""
    names = ("app_token", "bot_token", "api_url", "timeout")
    return all(getattr(one, name) == getattr(other, name) for name in names)
