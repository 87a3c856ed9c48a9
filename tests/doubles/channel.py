"""Channels that answer as a test tells them, and the clock of a delivery."""

from tests.builders.snapshots import NOW
from watchdog.notify.channels.channel import Outcome

SENT = Outcome("sent", "200 ok")
RETRY = Outcome("retry", "503 down")
REFUSED = Outcome("refused", "404 no_service")


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


class Recorder:
    """A channel that answers as told and keeps what it was given."""

    digests = True

    def __init__(self, *outcomes, name="slack"):
        self.name = name
        self.outcomes = list(outcomes)
        self.attempts = []
        self.threads = []
        self.notices = []
        self.checks = []

    async def check(self):
        return self.checks.pop(0) if self.checks else SENT

    async def send(self, notice, thread=None):
        outcome = self.outcomes.pop(0) if self.outcomes else SENT
        if isinstance(outcome, Exception):
            raise outcome
        self.attempts.append((notice.kind, outcome.result))
        self.threads.append(thread)
        self.notices.append(notice)
        return outcome

    async def aclose(self):
        pass

    @property
    def kinds(self):
        return [kind for kind, result in self.attempts if result == "sent"]


class Listener(Recorder):
    """Keeps whole notices."""

    def __init__(self, *outcomes, name="slack", digests=True):
        super().__init__(*outcomes, name=name)
        self.digests = digests
        self.messages = []

    async def send(self, notice, thread=None):
        outcome = await super().send(notice, thread)
        if outcome.sent:
            self.messages.append((notice.kind, notice.incident.id))
        return outcome


async def turn(deliverer, view, listed=True):
    decisions = await deliverer.handle(view, listed)
    await deliverer.flush()
    return [decision.reason for decision in decisions]
