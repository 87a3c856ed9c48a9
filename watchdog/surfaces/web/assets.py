"""The one script that pages load: htmx, its morphing swap, and what is ours; never from elsewhere.

Where they come from, and under which licence: `vendor/README.md`.
"""

from importlib.resources import files

from msgspec import Struct

from watchdog.surfaces.web.kept_pages import Made, packed

JAVASCRIPT = "text/javascript; charset=utf-8"
_PARTS = ("vendor/htmx.min.js", "vendor/idiomorph-ext.min.js", "zones.js", "live.js")


class Asset(Struct, frozen=True):
    """A file whose name says what is in it, so that it can be kept for ever."""

    name: str
    media_type: str
    made: Made


def _script() -> Asset:
    here = files("watchdog.surfaces.web")
    made = packed("\n;\n".join((here / part).read_text("utf-8") for part in _PARTS).encode())
    return Asset(f"live-{made.digest}.js", JAVASCRIPT, made)


SCRIPT = _script()
ASSETS = {asset.name: asset for asset in (SCRIPT,)}
