"""What somebody wants done about an incident, whichever way they say it: page, API, Slack."""

from contextlib import suppress

from msgspec import Struct
from starlette.exceptions import HTTPException

from watchdog.model.access import Viewer
from watchdog.model.acts import BY_MAX, LONGEST, USUAL, WHY_MAX, ActKind
from watchdog.model.durations import parse_duration
from watchdog.model.instants import from_timestamp
from watchdog.model.quantities import duration
from watchdog.model.texts import clean
from watchdog.redaction import redact
from watchdog.surfaces.incidents.rows import Seen
from watchdog.surfaces.web.act_body import ActBody
from watchdog.surfaces.web.desk import Desk, DeskError, Wish

OTHERS = "it is also about eval sets that you may not see: ask somebody who may"
NAMELESS = "say who you are"


class Wanted(Struct, frozen=True):
    """What a button means."""

    kind: ActKind
    judged: bool | None = None
    takes_back: bool = False


_BUTTONS = {
    "acknowledge": Wanted("acknowledgement"),
    "silence": Wanted("silence"),
    "true": Wanted("judgement", judged=True),
    "false": Wanted("judgement", judged=False),
    "unacknowledge": Wanted("acknowledgement", takes_back=True),
    "unsilence": Wanted("silence", takes_back=True),
}


def wanted_by(button: str) -> Wanted:
    """What it means. Raises: HTTPException: 400, no button of ours."""
    wanted = _BUTTONS.get(button)
    if wanted is None:
        raise HTTPException(400, "say what is to be done")
    return wanted


async def do(  # noqa: PLR0913, PLR0917 - who wants what of which
    desk: Desk, seen: Seen, viewer: Viewer, wanted: Wanted, body: ActBody, now: float
) -> None:
    """Do it, if they may.

    Args:
        desk: who does it.
        seen: the incident, as they may see it.
        viewer: who they are.
        wanted: what they want.
        body: what they said of it.
        now: seconds since the epoch.

    Raises:
        HTTPException: it wasn't done; the detail says why, for people.
    """
    kind = wanted.kind
    if not seen.whole:
        raise HTTPException(403, OTHERS)
    by = viewer.user or body.by
    if not clean(by, BY_MAX):
        raise HTTPException(400, NAMELESS)
    needs_end = kind != "judgement" and not wanted.takes_back
    if kind == "judgement" and body.judged is None:
        raise HTTPException(400, "judged: say whether it was worth a page: true or false")
    wish = Wish(
        kind=kind,
        incident=seen.kept.incident,
        opening=seen.kept.opening,
        by=redact(clean(by, BY_MAX)),
        verified=bool(viewer.user),
        until=_until(body, now) if needs_end else None,
        why=redact(clean(body.why, WHY_MAX)),
        judged=body.judged if kind == "judgement" else None,
        takes_back=wanted.takes_back,
    )
    try:
        await desk.act(wish)
    except DeskError as flaw:
        again = {"Retry-After": "10"} if flaw.status == 503 else None
        raise HTTPException(flaw.status, str(flaw), again) from None


def _until(body: ActBody, now: float) -> float:
    """Raises: HTTPException: 400, no time to come, or too far away."""
    if body.until is not None and body.lasting is not None:
        raise HTTPException(400, "say `until` or `for`, not both")
    until = now + USUAL
    if body.until is not None:
        until = from_timestamp(body.until) or 0.0
    elif body.lasting is not None:
        until = now + _seconds(body.lasting)
    if until <= now:
        raise HTTPException(400, "until: it has passed")
    if until > now + LONGEST:
        raise HTTPException(400, f"for: at most {duration(LONGEST)}; `overrides` take more")
    return until


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if text.strip()[-1:].isalpha():
            return parse_duration(text)
    raise HTTPException(400, f"for: such as 90m, 8h or 2d, at most {duration(LONGEST)}")
