"""The group `pagerduty`."""

from pydantic import SecretStr

from watchdog.config.channel import ChannelSection
from watchdog.config.section import PositiveSeconds, SecretWebAddress


class PagerDuty(ChannelSection):
    """PagerDuty, by an integration key of its Events API v2."""

    ways = (("routing_key",),)

    routing_key: SecretStr | None = None
    """The integration key."""
    url: SecretWebAddress = SecretStr("https://events.pagerduty.com/v2/enqueue")
    """Where events are posted; another one in the EU, `https://events.eu.pagerduty.com/…`."""
    warnings: bool = False
    """Whether it hears of warnings too."""
    timeout: PositiveSeconds = 10
    """Seconds for one request."""
