"""Programs that are told of incidents: JSON to an address of yours, and PagerDuty's Events API v2.

Over httpx, not apprise: apprise makes text messages; it has no resolve by `dedup_key`, no
Retry-After and no structured body, and these two are one POST each.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import httpx
import msgspec
from pydantic import SecretStr

from watchdog.config.settings import Settings
from watchdog.model.causes import cause_words
from watchdog.model.command import TEXT_MAX
from watchdog.model.instants import timestamp
from watchdog.model.texts import clean
from watchdog.notify.channels.channel import NOTHING, UNTRIED, Outcome
from watchdog.notify.channels.links import Templates, links
from watchdog.notify.channels.posting import judged, post
from watchdog.notify.channels.retry_policy import RetryPolicy
from watchdog.notify.channels.slack import templates as from_settings
from watchdog.notify.notice import CALLING, Notice

SIGNATURE = "X-Watchdog-Signature"
SUMMARY_MAX = 1024
"""Characters that PagerDuty takes: https://developer.pagerduty.com/docs/send-alert-event."""
LEFT_OUT = Outcome("sent", NOTHING)

Body = dict[str, Any]


class Program:
    """A channel of one POST of JSON for each notice, or of some; it wants no digests."""

    digests = False

    def __init__(  # noqa: PLR0913
        self,
        name: str,
        url: SecretStr,
        bodies: Callable[[Notice], Sequence[Body]],
        *,
        headers: Callable[[bytes], Mapping[str, str]] = lambda _content: {},
        secrets: tuple[SecretStr | None, ...] = (),
        timeout: float = 10.0,
        retry_policy: RetryPolicy | None = None,
    ) -> None:
        self.name = name
        self._url = httpx.URL(url.get_secret_value())
        self._bodies = bodies
        self._headers = headers
        values = [secret for secret in (url, *secrets) if secret is not None]
        self._secrets = [secret.get_secret_value() for secret in values]
        self._timeout = timeout
        self._retry_policy = retry_policy or RetryPolicy()
        self._client = httpx.AsyncClient(timeout=timeout, follow_redirects=False)

    async def send(self, notice: Notice, thread: str | None = None) -> Outcome:
        """Post it; what may pass is tried again at once, a few times."""
        del thread
        outcome = LEFT_OUT
        for body in self._bodies(notice):
            # a name that no Unicode text can be is escaped
            content = json.dumps(msgspec.to_builtins(body)).encode()
            outcome = await self._retry_policy.run(partial(self._post, content))
            if not outcome.sent:
                break
        return outcome

    async def check(self) -> Outcome:
        """Nobody can be asked without being told something."""
        return UNTRIED

    async def aclose(self) -> None:
        """Release connections."""
        await self._client.aclose()

    async def _post(self, content: bytes) -> Outcome:
        headers = self._headers(content)
        answer = await post(self._client, self._url, content, self._timeout, headers)
        return answer if isinstance(answer, Outcome) else judged(answer, self._secrets)


def webhook_from(settings: Settings) -> tuple[Program, ...]:
    """The JSON webhook, where an address is set."""
    hook = settings.webhook
    if hook.url is None:
        return ()
    return (webhook(hook.url, token=hook.token, secret=hook.secret, timeout=hook.timeout),)


def webhook(
    url: SecretStr,
    *,
    token: SecretStr | None = None,
    secret: SecretStr | None = None,
    timeout: float = 10.0,
    retry_policy: RetryPolicy | None = None,
) -> Program:
    """Every notice as JSON: the kind, the incident as the report has it, and what is new."""

    def headers(content: bytes) -> Mapping[str, str]:
        bearer = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        return {**bearer, SIGNATURE: signature(content, secret)} if secret else bearer

    return Program(
        "webhook",
        url,
        lambda notice: (as_json(notice),),
        headers=headers,
        secrets=(token, secret),
        timeout=timeout,
        retry_policy=retry_policy,
    )


def signature(content: bytes, secret: SecretStr) -> str:
    """HMAC-SHA256 of the body, as GitHub's webhooks have it: `sha256=…`."""
    key = secret.get_secret_value().encode()
    return f"sha256={hmac.new(key, content, hashlib.sha256).hexdigest()}"


def as_json(notice: Notice) -> Body:
    """A notice for programs. Adding keys is fine; what is there stays."""
    return {
        "schema_version": 1,
        "kind": notice.kind,
        "at": timestamp(notice.at),
        "since": timestamp(notice.since),
        "ended": timestamp(notice.ended),
        "verdict": notice.verdict,
        "gone": notice.gone,
        "resumed": notice.resumed,
        "part_of": notice.part_of,
        "changes": notice.changes,
        "actions": notice.actions,
        "odds": notice.odds,
        "handling": notice.handling,
        "opening": notice.opening,
        "shadow": notice.shadow,
        "incident": notice.incident,
    }


def pagerduty_from(settings: Settings) -> tuple[Program, ...]:
    """PagerDuty, where an integration key is set."""
    duty = settings.pagerduty
    if duty.routing_key is None:
        return ()
    channel = pagerduty(
        duty.routing_key,
        duty.url,
        templates=from_settings(settings),
        warnings=duty.warnings,
        timeout=duty.timeout,
    )
    return (channel,)


def pagerduty(  # noqa: PLR0913
    routing_key: SecretStr,
    url: SecretStr,
    *,
    templates: Templates | None = None,
    warnings: bool = False,
    timeout: float = 10.0,
    retry_policy: RetryPolicy | None = None,
) -> Program:
    """PagerDuty's Events API v2, one alert for each incident."""

    def events(notice: Notice) -> Sequence[Body]:
        return tuple(events_of(notice, routing_key, templates or Templates(), warnings=warnings))

    secrets = (routing_key,)
    return Program(
        "pagerduty", url, events, secrets=secrets, timeout=timeout, retry_policy=retry_policy
    )


def events_of(
    notice: Notice, routing_key: SecretStr, templates: Templates, *, warnings: bool
) -> Iterator[Body]:
    """The events that PagerDuty is to hear, if any: `trigger`, `acknowledge`, `resolve`."""
    incident = notice.incident
    alert = {"routing_key": routing_key.get_secret_value(), "dedup_key": incident.id[:255]}
    if notice.kind == "resolved":
        yield {**alert, "event_action": "resolve"}
        return
    if _triggers(notice, warnings=warnings):
        yield {**alert, **_trigger(notice, templates)}
    if notice.acknowledged:
        yield {**alert, "event_action": "acknowledge"}


def hears(notice: Notice, *, warnings: bool) -> bool:
    """Whether PagerDuty hears of it: whether there is any event."""
    is_told = notice.kind == "resolved" or notice.acknowledged
    return is_told or _triggers(notice, warnings=warnings)


def _triggers(notice: Notice, *, warnings: bool) -> bool:
    """What is open there is not edited."""
    return notice.kind in CALLING and (notice.incident.severity == "page" or warnings)


def _trigger(notice: Notice, templates: Templates) -> Body:
    incident = notice.incident
    names = ", ".join(incident.eval_sets[:3]) or incident.subject
    return {
        "event_action": "trigger",
        "client": "stuck-eval watchdog",
        "payload": {
            "summary": clean(f"{names}: {incident.summary}", SUMMARY_MAX),
            "source": clean(incident.subject or incident.id, 255),
            "severity": "critical" if incident.severity == "page" else "warning",
            "timestamp": timestamp(notice.since),
            "component": clean(incident.subject, 255),
            "group": incident.scope,
            "class": incident.cause,
            "custom_details": _details(notice),
        },
        "links": [
            {"href": to, "text": title} for title, to in links(incident, templates, notice.opening)
        ],
    }


def _details(notice: Notice) -> Body:
    incident = notice.incident
    return {
        "cause": cause_words(incident.cause),
        "eval_sets": [clean(name, 200) for name in incident.eval_sets[:100]],
        "stuck_samples": incident.stuck_samples,
        "peers": clean(incident.peers, 500),
        "direct tests": [clean(item.sentence, 500) for item in incident.conclusions],
        "how sure": clean(notice.odds or "", 500),
        "what to do": [clean(action, TEXT_MAX) for action in notice.actions],
    }
