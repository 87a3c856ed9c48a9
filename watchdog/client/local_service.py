"""Whether a watchdog serves on this machine."""

import httpx
import msgspec

from watchdog.config.settings import Settings
from watchdog.surfaces.web.health import Live

_SECONDS = 1.0
_ANSWER_MAX = 4096


def address_of(settings: Settings) -> str:
    """Where `watchdog run` with these settings listens, as this machine reaches it."""
    host, port = settings.address
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - no bind
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serves(address: str) -> bool:
    """Whether what listens there is a watchdog. Nothing is shown to it that it could keep."""
    try:
        async with (
            httpx.AsyncClient(timeout=_SECONDS, trust_env=False, follow_redirects=False) as client,
            client.stream("GET", f"{address}/healthz") as response,
        ):
            body = await anext(response.aiter_bytes(_ANSWER_MAX), b"")
    except (httpx.HTTPError, OSError):
        return False
    try:
        msgspec.json.decode(body, type=Live)
    except msgspec.DecodeError:
        return False
    return response.status_code in {200, 503}
