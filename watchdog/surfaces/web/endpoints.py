"""The table of addresses: routes, the OpenAPI document and tests go by it."""

from collections.abc import Iterable
from typing import Any, Literal

from msgspec import Struct, field
from starlette.convertors import Convertor, register_url_convertor

from watchdog.model.report import Report
from watchdog.model.samples import STANDINGS, RunnerLines, SampleDetail, SampleList
from watchdog.model.verdict import Cause, Verdict
from watchdog.model.weekly import WeeklyReport
from watchdog.pipeline.sample_list import CURSOR as PLACE
from watchdog.pipeline.sample_list import CURSOR_MAX as PLACE_MAX
from watchdog.pipeline.weekly.weeks import DATE, WEEK
from watchdog.surfaces.fleet.filters import LENGTH_MAX, VALUES_MAX
from watchdog.surfaces.fleet.listing import CURSOR, CURSOR_MAX, LIMIT_MAX, PAGES_MAX
from watchdog.surfaces.fleet.records import EvalSetDetail, EvalSetList
from watchdog.surfaces.incidents.asked import CURSOR as INCIDENT_CURSOR
from watchdog.surfaces.incidents.asked import CURSOR_MAX as INCIDENT_CURSOR_MAX
from watchdog.surfaces.incidents.asked import SINCE, STATES
from watchdog.surfaces.incidents.records import IncidentDetail, IncidentList
from watchdog.surfaces.models.records import ModelList
from watchdog.surfaces.web.act_body import ActBody
from watchdog.surfaces.web.answers import JSON, Refusal
from watchdog.surfaces.web.health import Live, Ready


class _Anything(Convertor[str]):
    """The rest of a path, of whatever characters: starlette's `path` takes no line breaks."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("anything", _Anything())

TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
GZIP = "application/gzip"
OPENING_MAX = 1_000_000


class Body(Struct, frozen=True):
    """One kind of answer."""

    meaning: str
    types: tuple[str, ...]
    """Media types, without parameters."""
    record: Any = None
    """What JSON holds: a record; None where it is said in words only."""


class Parameter(Struct, frozen=True):
    """One of the query or of the path."""

    name: str
    meaning: str
    required: bool = False
    place: Literal["query", "path"] = "query"
    schema: dict[str, object] = field(default_factory=lambda: {"type": "string"})
    """A JSON Schema."""


class Endpoint(Struct, frozen=True):
    """An address and what is done with it; most are read only: GET, and HEAD with it."""

    path: str
    name: str
    """Of the method that answers it, and the operation's id."""
    meaning: str
    answers: dict[int, Body]
    parameters: tuple[Parameter, ...] = ()
    method: Literal["GET", "POST", "DELETE"] = "GET"
    body: Any = None
    """What is sent as JSON: a record; None where nothing is, or a form."""
    probed: bool = False
    """Asked by machines under whatever name: also served at `web.probes_listen`."""

    @property
    def route(self) -> str:
        """As starlette takes it: an id in a path may hold slashes."""
        return self.path.replace("}", ":anything}")


def _refused(meaning: str, *, api: bool) -> Body:
    return Body(meaning, (JSON,), Refusal) if api else Body(meaning, ("text/plain",))


def _eval_set(*, required: bool) -> Parameter:
    return Parameter("eval_set_id", "The id of an eval set that is watched.", required)


def _in_path(name: str, meaning: str) -> tuple[Parameter, ...]:
    return (Parameter(name, meaning, required=True, place="path"),)


def _several(name: str, meaning: str, values: Iterable[str] = ()) -> Parameter:
    """One that may be there several times; empty, as a form sends it, it says nothing."""
    text = {"enum": ["", *values]} if values else {"maxLength": LENGTH_MAX}
    items = {"type": "string", **text}
    schema = {"type": "array", "items": items, "maxItems": VALUES_MAX}
    return Parameter(name, meaning, schema=schema)


def _number(name: str, meaning: str, most: int) -> Parameter:
    return Parameter(name, meaning, schema={"type": "integer", "minimum": 1, "maximum": most})


_FILTERS = (
    _several("verdict", "Only these verdicts.", tuple(Verdict)),
    _several("model", "Only with one of these models: `openai/gpt-4o`, or `gpt-4o`."),
    _several("owner", "Only of these people, by name or address, or of these teams."),
    _several("cause", "Only these causes.", tuple(Cause)),
    _several("q", "Only where ids, tasks, models, owners or causes hold all these words."),
)
_LISTED = (
    *_FILTERS,
    Parameter(
        "cursor",
        "`next` of the answer before.",
        schema={"type": "string", "pattern": CURSOR, "maxLength": CURSOR_MAX},
    ),
    _number("limit", "How many.", LIMIT_MAX),
)
_PAGED = (*_FILTERS, _number("page", "From 1 on.", PAGES_MAX))
_OF_MODELS = (
    _several("provider", "Only of these providers: `openai`."),
    Parameter(
        "failing",
        "`1`: only models of which something fails, or did within the last hour.",
        schema={"type": "string", "enum": ["", "0", "1"]},
    ),
    _several("q", "Only models whose names hold all these words."),
)
_INCIDENTS = (
    Parameter("state", "Only these.", schema={"type": "string", "enum": ["", *STATES]}),
    Parameter(
        "since",
        "Of past ones only those that ended since: `7d`, `2026-11-23T08:00:00Z`.",
        schema={"type": "string", "pattern": SINCE},
    ),
    Parameter("cause", "Only this cause.", schema={"type": "string", "enum": ["", *Cause]}),
    Parameter(
        "q",
        "Only where id, subject, eval sets, models or cause hold all these words.",
        schema={"type": "string", "maxLength": LENGTH_MAX},
    ),
    Parameter(
        "cursor",
        "`next` of the answer before.",
        schema={"type": "string", "pattern": INCIDENT_CURSOR, "maxLength": INCIDENT_CURSOR_MAX},
    ),
)
_INCIDENT = (
    *_in_path("incident_id", "The id of an incident, open or past."),
    Parameter(
        "opening",
        "Which time it was open, from 1; the last where it isn't said.",
        schema={"type": "integer", "minimum": 1, "maximum": OPENING_MAX},
    ),
)
_NO_INCIDENT = "No incident of this id is known."
_UNREAD = "The first poll is running, or the ledger can't be read."
_ID = "The id of an eval set that is watched; a slash in it as `%2F`."
_HAS_IT = Body("The client has it: its `If-None-Match` names the answer's `ETag`.", ())
_NO_FILTER = "A filter that is none, or too many of them."
_OTHERS_READ = "Others are looking into samples or logs: one at a time."
_NOT_YET = "The first poll is running."
_OUR_NAME = "Asked by a name that is not the watchdog's."
_OTHER_PAGE = "Asked by another site's page, or by somebody who may not."
_WHO = "Nobody knows who asks; only where that is asked."
_GATES = {401: _WHO, 403: _OTHER_PAGE, 421: _OUR_NAME}
_TEXTS = {status: _refused(meaning, api=False) for status, meaning in _GATES.items()}
_ERRORS = {status: _refused(meaning, api=True) for status, meaning in _GATES.items()}
_NO_OPENING = "No number of an opening."


def _acting(path: str, name: str, meaning: str, method: Literal["POST", "DELETE"]) -> Endpoint:
    """One with which programs change something."""
    return Endpoint(
        path,
        name,
        meaning,
        {
            200: Body("The incident as it is now.", (JSON,), IncidentDetail),
            400: _refused("The body, or something in it, is none.", api=True),
            404: _refused(_NO_INCIDENT, api=True),
            409: _refused(
                "It is over, nobody was told of it, or nothing is to be undone.", api=True
            ),
            413: _refused("The body is too large.", api=True),
            415: _refused("The body is no JSON.", api=True),
            503: _refused("The first poll is running, or the ledger can't be written.", api=True),
            **_ERRORS,
        },
        _INCIDENT,
        method=method,
        body=ActBody,
    )


_ONE_SAMPLE = (
    *_in_path("eval_set_id", _ID),
    *_in_path("task_id", "`task_id` of a task: Inspect's id of it."),
    Parameter("id", "The sample's id.", required=True),
    Parameter(
        "epoch",
        "Its epoch; the first where none is given.",
        schema={"type": "integer", "minimum": 0},
    ),
)
_SAMPLES = (
    *_in_path("eval_set_id", _ID),
    _several("state", "Only these states.", STANDINGS),
    Parameter(
        "cursor",
        "`next` of the answer before.",
        schema={"type": "string", "pattern": PLACE, "maxLength": PLACE_MAX},
    ),
    _number("limit", "How many.", LIMIT_MAX),
)
_LINES = (
    *_in_path("eval_set_id", _ID),
    Parameter("since", "Only lines that were written later (ISO 8601)."),
)
_WEEK = (
    Parameter(
        "week",
        "An ISO week: `2026-W48`. Without it, and without `since`, the seven days until now.",
        schema={"type": "string", "pattern": WEEK},
    ),
    Parameter(
        "since",
        "The seven days from this one on, in the service's time zone: `2026-11-23`.",
        schema={"type": "string", "pattern": DATE},
    ),
)

ENDPOINTS = (
    Endpoint(
        "/",
        "page",
        "The fleet, for people: what is stuck, for how long, why, what now.",
        {
            200: Body("The page.", ("text/html",)),
            304: _HAS_IT,
            400: _refused(_NO_FILTER, api=False),
            **_TEXTS,
        },
        _PAGED,
    ),
    Endpoint(
        "/eval-sets/{eval_set_id}/samples/{task_id}",
        "sample_page",
        "One sample with its last events, for people.",
        {
            200: Body("The page.", ("text/html",)),
            304: _HAS_IT,
            400: _refused("The sample's id or epoch is missing, or none.", api=False),
            404: Body("No such eval set is watched, or it has no such sample.", ("text/html",)),
            429: _refused(_OTHERS_READ, api=False),
            503: Body(_NOT_YET, ("text/html",)),
            **_TEXTS,
        },
        _ONE_SAMPLE,
    ),
    Endpoint(
        "/eval-sets/{eval_set_id}/samples",
        "samples_page",
        "All samples of an eval set, for people.",
        {
            200: Body("The page.", ("text/html",)),
            304: _HAS_IT,
            400: _refused("No such state, no cursor, or no number.", api=False),
            404: Body("No eval set of this id is watched.", ("text/html",)),
            503: Body(_NOT_YET, ("text/html",)),
            **_TEXTS,
        },
        _SAMPLES,
    ),
    Endpoint(
        "/eval-sets/{eval_set_id}/log",
        "log_page",
        "The runner's lines that matter, for people.",
        {
            200: Body("The page.", ("text/html",)),
            304: _HAS_IT,
            400: _refused("`since` is no instant.", api=False),
            404: Body("No eval set of this id is watched.", ("text/html",)),
            429: _refused(_OTHERS_READ, api=False),
            503: Body(_NOT_YET, ("text/html",)),
            **_TEXTS,
        },
        _LINES,
    ),
    Endpoint(
        "/eval-sets/{eval_set_id}",
        "eval_set_page",
        "One eval set, for people.",
        {
            200: Body("The page.", ("text/html",)),
            304: _HAS_IT,
            404: Body("No eval set of this id is watched.", ("text/html",)),
            503: Body(_NOT_YET, ("text/html",)),
            **_TEXTS,
        },
        _in_path("eval_set_id", _ID),
    ),
    Endpoint(
        "/incidents",
        "incidents_page",
        "Open and past incidents, for people.",
        {
            200: Body("The page.", ("text/html",)),
            304: _HAS_IT,
            400: _refused(_NO_FILTER, api=False),
            503: Body(_NOT_YET, ("text/html",)),
            **_TEXTS,
        },
        _INCIDENTS,
    ),
    Endpoint(
        "/incidents/{incident_id}/actions",
        "actions_page",
        "The forms with which people acknowledge, silence and judge an incident.",
        {
            200: Body("The page.", ("text/html",)),
            400: _refused(_NO_OPENING, api=False),
            404: _refused(_NO_INCIDENT, api=False),
            503: _refused(_UNREAD, api=False),
            **_TEXTS,
        },
        _INCIDENT,
    ),
    Endpoint(
        "/incidents/{incident_id}/actions",
        "submit",
        "What one of these forms says; then the incident's page. For browsers alone.",
        {
            303: Body("It was done: to the incident's page.", ()),
            400: Body("It isn't said what, or by whom.", ("text/html", "text/plain")),
            404: _refused(_NO_INCIDENT, api=False),
            409: Body("It can't be done any more.", ("text/html",)),
            413: _refused("The form is too large.", api=False),
            415: _refused("It is no form.", api=False),
            503: Body("The ledger can't be written.", ("text/html", "text/plain")),
            **_TEXTS,
            403: Body(
                "It comes from another page, or from an old one.", ("text/plain", "text/html")
            ),
        },
        _INCIDENT,
        method="POST",
    ),
    Endpoint(
        "/incidents/{incident_id}",
        "incident_page",
        "One incident, open or past, for people: what became of it, who was told, who did what.",
        {
            200: Body("The page.", ("text/html",)),
            304: _HAS_IT,
            400: _refused(_NO_OPENING, api=False),
            404: Body(_NO_INCIDENT, ("text/html",)),
            503: Body(_UNREAD, ("text/html", "text/plain")),
            **_TEXTS,
        },
        _INCIDENT,
    ),
    Endpoint(
        "/models",
        "models_page",
        "Health by provider and model, for people.",
        {
            200: Body("The page.", ("text/html",)),
            304: _HAS_IT,
            400: _refused(_NO_FILTER, api=False),
            **_TEXTS,
        },
        _OF_MODELS,
    ),
    Endpoint(
        "/assets/{name}",
        "asset",
        "A file that the pages load.",
        {
            200: Body("The file.", ("text/javascript",)),
            304: _HAS_IT,
            404: _refused("There is no such file.", api=False),
            **_TEXTS,
        },
        _in_path("name", "As the page names it."),
    ),
    Endpoint(
        "/api/v1/eval-sets",
        "eval_sets",
        "The fleet, the worst first: what `/` shows.",
        {
            200: Body("Some of its eval sets.", (JSON,), EvalSetList),
            304: _HAS_IT,
            400: _refused(_NO_FILTER, api=True),
            503: _refused(_NOT_YET, api=True),
            **_ERRORS,
        },
        _LISTED,
    ),
    Endpoint(
        "/api/v1/eval-sets/{eval_set_id}/samples/{task_id}",
        "sample",
        "One sample with its last events, read when it is asked for; metadata only.",
        {
            200: Body("The sample.", (JSON,), SampleDetail),
            304: _HAS_IT,
            400: _refused("The sample's id or epoch is missing, or none.", api=True),
            404: _refused("No such eval set is watched, or it has no such sample.", api=True),
            429: _refused(_OTHERS_READ, api=True),
            503: _refused(_NOT_YET, api=True),
            **_ERRORS,
        },
        _ONE_SAMPLE,
    ),
    Endpoint(
        "/api/v1/eval-sets/{eval_set_id}/samples",
        "samples",
        "All samples of an eval set, by state: the stuck ones first, those that ended last.",
        {
            200: Body("Some of its samples.", (JSON,), SampleList),
            304: _HAS_IT,
            400: _refused("No such state, no cursor, or no number.", api=True),
            404: _refused("No eval set of this id is watched.", api=True),
            503: _refused(_NOT_YET, api=True),
            **_ERRORS,
        },
        _SAMPLES,
    ),
    Endpoint(
        "/api/v1/eval-sets/{eval_set_id}/log",
        "log",
        "The runner's lines that matter, repeats folded, read when they are asked for.",
        {
            200: Body("The lines, or why there are none.", (JSON,), RunnerLines),
            304: _HAS_IT,
            400: _refused("`since` is no instant.", api=True),
            404: _refused("No eval set of this id is watched.", api=True),
            429: _refused(_OTHERS_READ, api=True),
            503: _refused(_NOT_YET, api=True),
            **_ERRORS,
        },
        _LINES,
    ),
    Endpoint(
        "/api/v1/eval-sets/{eval_set_id}",
        "eval_set",
        "One eval set: what `/eval-sets/{eval_set_id}` shows.",
        {
            200: Body("The eval set.", (JSON,), EvalSetDetail),
            304: _HAS_IT,
            404: _refused("No eval set of this id is watched.", api=True),
            503: _refused(_NOT_YET, api=True),
            **_ERRORS,
        },
        _in_path("eval_set_id", _ID),
    ),
    Endpoint(
        "/api/v1/incidents",
        "incidents",
        "Open and past incidents: what `/incidents` shows.",
        {
            200: Body("Some of them.", (JSON,), IncidentList),
            304: _HAS_IT,
            400: _refused(_NO_FILTER, api=True),
            503: _refused(_NOT_YET, api=True),
            **_ERRORS,
        },
        (*_INCIDENTS, _number("limit", "How many.", LIMIT_MAX)),
    ),
    _acting(
        "/api/v1/incidents/{incident_id}/acknowledgement",
        "acknowledge",
        "Acknowledge it: no reminders until then, or until it gets worse. Usually for 8 h.",
        "POST",
    ),
    _acting(
        "/api/v1/incidents/{incident_id}/acknowledgement",
        "unacknowledge",
        "Take the acknowledgement back.",
        "DELETE",
    ),
    _acting(
        "/api/v1/incidents/{incident_id}/silence",
        "silence",
        "Silence its eval sets until then. Usually for 8 h.",
        "POST",
    ),
    _acting(
        "/api/v1/incidents/{incident_id}/silence",
        "unsilence",
        "Take the silence back.",
        "DELETE",
    ),
    _acting(
        "/api/v1/incidents/{incident_id}/judgement",
        "judge",
        "Say whether it was worth a page.",
        "POST",
    ),
    Endpoint(
        "/api/v1/incidents/{incident_id}",
        "incident",
        "One incident, open or past: what `/incidents/{incident_id}` shows.",
        {
            200: Body("The incident.", (JSON,), IncidentDetail),
            304: _HAS_IT,
            400: _refused(_NO_OPENING, api=True),
            404: _refused(_NO_INCIDENT, api=True),
            503: _refused(_UNREAD, api=True),
            **_ERRORS,
        },
        _INCIDENT,
    ),
    Endpoint(
        "/api/v1/models",
        "models",
        "Health by provider and model: what `/models` shows.",
        {
            200: Body("The models.", (JSON,), ModelList),
            304: _HAS_IT,
            400: _refused(_NO_FILTER, api=True),
            503: _refused(_NOT_YET, api=True),
            **_ERRORS,
        },
        _OF_MODELS,
    ),
    Endpoint(
        "/api/v1/report",
        "report",
        "All that is watched, or one eval set of it.",
        {
            200: Body("The report.", (JSON,), Report),
            304: _HAS_IT,
            400: _refused("The eval set's id is given more than once.", api=True),
            404: _refused("No eval set of this id is watched.", api=True),
            503: _refused(_NOT_YET, api=True),
            **_ERRORS,
        },
        (_eval_set(required=False),),
    ),
    Endpoint(
        "/api/v1/report/weekly",
        "weekly",
        "A week, summed up: incidents, what they were worth, delays, time and resources lost.",
        {
            200: Body("The week, as far as who asks may see it.", (JSON,), WeeklyReport),
            304: _HAS_IT,
            400: _refused("No week, or two of them.", api=True),
            404: _refused("A week that has not begun.", api=True),
            503: _refused(_UNREAD, api=True),
            **_ERRORS,
        },
        _WEEK,
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
