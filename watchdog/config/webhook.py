"""The group `webhook`."""

from pydantic import SecretStr

from watchdog.config.channel import ChannelSection
from watchdog.config.section import PositiveSeconds, SecretWebAddress


class Webhook(ChannelSection):
    """A program of yours that is told of every incident, as JSON."""

    ways = (("url",),)

    url: SecretWebAddress | None = None
    """Where it is posted."""
    token: SecretStr | None = None
    """A bearer token that is sent along."""
    secret: SecretStr | None = None
    """Signs the body: `X-Watchdog-Signature: sha256=…`, HMAC in hexadecimal."""
    timeout: PositiveSeconds = 10
    """Seconds for one request."""
