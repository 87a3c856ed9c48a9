"""How a page is answered: made once for all who see the same, or nothing where there is nothing."""

from collections.abc import Callable, Hashable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from watchdog.surfaces.web.answers import head
from watchdog.surfaces.web.endpoints import HTML
from watchdog.surfaces.web.kept_pages import answer
from watchdog.surfaces.web.looking import Look, Looking, key_of
from watchdog.surfaces.web.one_page import nothing_page
from watchdog.surfaces.web.templating import PageContext


async def kept_page(  # noqa: PLR0913, PLR0917 - what it is made of, and how it is answered
    looking: Looking,
    request: Request,
    look: Look | None,
    key: Hashable,
    make: Callable[[], str],
    status: int = 200,
) -> Response:
    """A page that is kept for its key until the next snapshot; `look` is None before the first."""
    current, view = (look.current, look.view) if look is not None else (None, None)

    def encoded() -> bytes:
        return make().encode("utf-8", "replace")

    made = await looking.kept.get(current, view, key, encoded)
    return answer(request, made, HTML, status)


async def no_page(
    looking: Looking,
    request: Request,
    look: Look | None,
    frame: PageContext,
    words: tuple[str, str],
) -> Response:
    """404; before the first poll nobody knows what there is, and it says so."""
    status = 404 if look is not None else 503
    if look is None:
        words = "The first poll is running…", "What is watched is known in a moment."
    if request.method == "HEAD":
        return head(status, HTML)
    make = partial(nothing_page, *words, frame)
    return await kept_page(looking, request, look, (words, *key_of(frame)), make, status)
