"""The weekly report: made from the ledger for whoever asks, and told to Slack on its day.

It is told once: the ledger knows which one was. One that was missed is told late, within a day.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import structlog
from apscheduler.triggers.cron import CronTrigger

from watchdog.config.settings import Settings
from watchdog.masking import Key, Mask
from watchdog.model.weekly import Span, WeeklyReport, WeekRecords
from watchdog.notify.channels.channel import Outcome
from watchdog.notify.channels.weekly import weekly_channel
from watchdog.notify.ledger.ledger import Ledger
from watchdog.notify.ledger.weekly import week_records
from watchdog.notify.ledger.weekly_sent import WeeklySent, load, save
from watchdog.notify.ledger.worker import LedgerWorker
from watchdog.pipeline.weekly import sum_up
from watchdog.pipeline.weekly.slack import weekly_text
from watchdog.pipeline.weekly.visible import for_a_channel
from watchdog.pipeline.weekly.weeks import week_before
from watchdog.redaction import redact, without_secrets
from watchdog.surfaces.web.desk import DeskError

LATE_SECONDS = 86_400.0
"""So long after its time one is still told."""
FRESH_SECONDS = 10.0
"""So long what was read of a week is good for whoever asks for the same."""
AGAIN_SECONDS = 600.0
"""After one that Slack did not take."""

Clock = Callable[[], float]
Tell = Callable[[Settings, str], Awaitable[Outcome]]

log = structlog.get_logger(__name__)


def last_due(schedule: str, zone: str, now: float) -> float:
    """When the last one was due, of a schedule such as `mon 09:00`; at most a week ago."""
    day, _, clock = schedule.partition(" ")
    hour, _, minute = clock.partition(":")
    trigger = CronTrigger(day_of_week=day, hour=hour, minute=minute, timezone=ZoneInfo(zone))
    begin = datetime.fromtimestamp(now - 8 * 86_400.0, UTC)
    due = trigger.get_next_fire_time(None, begin)
    while True:
        following = trigger.get_next_fire_time(
            due, datetime.fromtimestamp(due.timestamp() + 1, UTC)
        )
        if following.timestamp() > now:
            return float(due.timestamp())
        due = following


class WeekBook:
    """What a week is summed up from, for the site."""

    def __init__(
        self, ledger: LedgerWorker, settings: Callable[[], Settings], clock: Clock
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._clock = clock
        self._reading = asyncio.Lock()
        self._kept: tuple[Span, float, WeekRecords] | None = None

    @property
    def zone(self) -> str:
        """The time zone in which its days begin."""
        return self._settings().notify.time_zone

    @property
    def shadow(self) -> str:
        """The quiet channel, where no other is told; else empty."""
        return self._settings().notify.quiet_words

    async def records(self, span: Span) -> WeekRecords:
        """What is kept of a week. Raises: DeskError: it can't be read."""
        async with self._reading:  # one at a time, and what many ask for once
            now = self._clock()
            if self._kept is not None:
                known, at, records = self._kept
                if known == span and 0 <= now - at < FRESH_SECONDS:
                    return records
            kept = self._settings().retention.incidents
            read = await self._ledger.beside(lambda ledger: week_records(ledger, span, kept))
            if read is None:
                raise DeskError(503, "the ledger can't be read at present")
            self._kept = span, now, read
            return read


class WeeklyRounds:
    """Knows when the next one is due. Used from one event loop."""

    def __init__(
        self,
        settings: Settings,
        ledger: LedgerWorker,
        clock: Clock,
        key: Key,
        tell: Tell | None = None,
    ) -> None:
        """Tells nothing before its first turn.

        Args:
            settings: when it is told, and where.
            ledger: what it is summed up from.
            clock: seconds since the epoch.
            key: of the stand-ins for names.
            tell: posts a text.
        """
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._key = key
        self._tell = tell or _post
        self._again_at = 0.0
        self._told: float | None = None
        """Which was told and could not be written down: it is not told again by this process."""
        self._at_work = asyncio.Lock()

    def go_by(self, settings: Settings) -> None:
        """From now on these count; one that was not taken is tried at once."""
        self._settings = settings
        self._again_at = 0.0

    async def turn(self) -> None:
        """Tell the one that is due."""
        schedule, now = self._settings.notify.weekly_report, self._clock()
        if schedule is None or self._at_work.locked() or now < self._again_at:
            return
        async with self._at_work:
            kept = await self._ledger.on_database(lambda ledger: load(ledger, now))
            if kept is None:
                return
            due = last_due(schedule, self._settings.notify.time_zone, now)
            if due <= kept.since or (kept.due is not None and due <= kept.due):
                return
            if self._told != due:
                await self._due(due, now)
            if self._told == due:
                await self._save(WeeklySent(kept.since, due))

    async def _due(self, due: float, now: float) -> None:
        if now - due > LATE_SECONDS:
            log.warning("weekly_report_missed", why="it was due over a day ago")
            self._told = due
            return
        report = await self._made(due, now)
        outcome = Outcome("retry", "the ledger can't be read")
        if report is not None:
            page = self._settings.external_url
            outcome = await self._tell(self._settings, weekly_text(report, page))
        if outcome.sent:
            log.info("weekly_report_sent", week=report.week if report is not None else "")
            self._told = due
        else:
            self._again_at = now + AGAIN_SECONDS
            log.warning("weekly_report_failed", detail=redact(outcome.detail))

    async def _made(self, due: float, now: float) -> WeeklyReport | None:
        """The seven days before the day on which it is due, without what a channel may not see."""
        settings = self._settings
        span, kept = week_before(due, settings.notify.time_zone), settings.retention.incidents

        def make(ledger: Ledger) -> WeeklyReport:
            records = week_records(ledger, span, kept)
            report = sum_up(records, span, now, shadow=settings.notify.quiet_words)
            return _for_channel(report, records, self._key, settings)

        return await self._ledger.beside(make)

    async def _save(self, record: WeeklySent) -> None:
        def write(ledger: Ledger) -> bool:
            save(ledger, record)
            return True

        await self._ledger.on_database(write)


def _for_channel(
    report: WeeklyReport, records: WeekRecords, key: Key, settings: Settings
) -> WeeklyReport:
    report, secret = for_a_channel(report, records)
    names = () if settings.notify.name_secret_models else secret
    return without_secrets(Mask(key, names).record(report))


async def _post(settings: Settings, text: str) -> Outcome:
    channel = weekly_channel(settings)
    if channel is None:
        return Outcome("refused", "no channel of Slack's is set up for it")
    try:
        return await channel.say(text)
    finally:
        await channel.aclose()
