"""The table of addresses: routes, the OpenAPI document and tests go by it."""

from typing import Any

from msgspec import Struct

from watchdog.model.report import Report
from watchdog.surfaces.web.answers import JSON, Refusal
from watchdog.surfaces.web.health import Live, Ready

TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
GZIP = "application/gzip"


class Body(Struct, frozen=True):
    """One kind of answer."""

    meaning: str
    types: tuple[str, ...]
    """Media types, without parameters."""
    record: Any = None
    """What JSON holds: a record; None where it is said in words only."""


class Parameter(Struct, frozen=True):
    """One of the query."""

    name: str
    meaning: str
    required: bool = False


class Endpoint(Struct, frozen=True):
    """An address; all are read only: GET and HEAD."""

    path: str
    name: str
    """Of the method of `Site`, and the operation's id."""
    meaning: str
    answers: dict[int, Body]
    parameters: tuple[Parameter, ...] = ()
    probed: bool = False
    """Asked by machines under whatever name: also served at `web.probes_listen`."""


def _refused(meaning: str, *, api: bool) -> Body:
    return Body(meaning, (JSON,), Refusal) if api else Body(meaning, ("text/plain",))


def _eval_set(*, required: bool) -> Parameter:
    return Parameter("eval_set_id", "The id of an eval set that is watched.", required)


_NOT_YET = "The first poll is running."
_OUR_NAME = "Asked by a name that is not the watchdog's."
_OTHER_PAGE = "Asked by another site's page, or by somebody who may not."
_WHO = "Nobody knows who asks; only where that is asked."
_GATES = {401: _WHO, 403: _OTHER_PAGE, 421: _OUR_NAME}
_TEXTS = {status: _refused(meaning, api=False) for status, meaning in _GATES.items()}
_ERRORS = {status: _refused(meaning, api=True) for status, meaning in _GATES.items()}

ENDPOINTS = (
    Endpoint(
        "/",
        "page",
        "The status page for people.",
        {200: Body("The page.", ("text/html",)), **_TEXTS},
    ),
    Endpoint(
        "/api/v1/report",
        "report",
        "All that is watched, or one eval set of it.",
        {
            200: Body("The report.", (JSON,), Report),
            304: Body("The client has it: its `If-None-Match` names the answer's `ETag`.", ()),
            400: _refused("The eval set's id is given more than once.", api=True),
            404: _refused("No eval set of this id is watched.", api=True),
            503: _refused(_NOT_YET, api=True),
            **_ERRORS,
        },
        (_eval_set(required=False),),
    ),
    Endpoint(
        "/api/v1/openapi.json",
        "openapi",
        "This document.",
        {200: Body("An OpenAPI document.", (JSON,)), **_ERRORS},
    ),
    Endpoint(
        "/evidence",
        "evidence",
        "The evidence bundle of one eval set as an archive; one at a time.",
        {
            200: Body("A tar archive.", (GZIP,)),
            400: _refused("The eval set's id is given more than once.", api=False),
            404: _refused("No eval set of this id is watched.", api=False),
            429: _refused("Another bundle is being written.", api=False),
            503: _refused("It can't be written now; the text says why.", api=False),
            **_TEXTS,
        },
        (_eval_set(required=True),),
    ),
    Endpoint(
        "/metrics",
        "metrics",
        "Prometheus text or OpenMetrics, by Accept.",
        {200: Body("Metrics.", ("text/plain", "application/openmetrics-text"))},
        probed=True,
    ),
    Endpoint(
        "/healthz",
        "healthz",
        "The process lives and its loop turns.",
        {200: Body("It does.", (JSON,), Live), 503: Body("It doesn't.", (JSON,), Live)},
        probed=True,
    ),
    Endpoint(
        "/readyz",
        "readyz",
        "The first complete poll is done, and the sources answer.",
        {200: Body("So it is.", (JSON,), Ready), 503: Body("Not so.", (JSON,), Ready)},
        probed=True,
    ),
)
"""Everything that is served."""
PROBED = frozenset(endpoint.path for endpoint in ENDPOINTS if endpoint.probed)
