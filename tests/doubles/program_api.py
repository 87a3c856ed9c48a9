"""Programs that are told of incidents: a JSON webhook that checks who speaks, and PagerDuty.

PagerDuty's rules: https://developer.pagerduty.com/docs/send-alert-event, and the schema in
PagerDuty/api-schema, reference/events-v2. Held to PagerDuty's own client by a test.
"""

import hashlib
import hmac
import json
from datetime import datetime
from uuid import uuid4

HOOK = "/hooks/geheim-B0GEHEIM"
ENQUEUE = "/v2/enqueue"
HOOK_TOKEN = "xoxb-hook-geheim-token"  # noqa: S105
HOOK_SECRET = "xoxb-hook-geheim-secret"  # noqa: S105
ROUTING_KEY = "R0GEHEIM" * 4
EVENT_MAX = 512_000
"""512 KB, as Alertmanager reads it."""
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
NO_EVENT = {"status": "Unrecognized object", "message": "Event object format is unrecognized"}
INVALID = {"status": "invalid event", "message": "Event object is invalid"}


class Programs:
    """Judges what is posted, and keeps what it took."""

    def __init__(self):
        self.notices = []
        self.events = []

    @property
    def told(self):
        return [json.dumps(each) for each in (*self.notices, *self.events)]

    @property
    def alerts(self):
        """Open alerts of PagerDuty's by key, each with its last payload."""
        found = {}
        for event in self.events:
            if event["event_action"] == "trigger":
                found[event["dedup_key"]] = event["payload"]
            elif event["event_action"] == "resolve":
                found.pop(event["dedup_key"], None)
        return found

    def judge(self, path, headers, body):
        if headers.get("content-type") != "application/json":
            return 415, "no JSON"
        return self._hook(headers, body) if path == HOOK else self._event(body)

    def _hook(self, headers, body):
        if headers.get("authorization") != f"Bearer {HOOK_TOKEN}":
            return 401, "who are you?"
        digest = hmac.new(HOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        if headers.get("x-watchdog-signature") != f"sha256={digest}":
            return 403, "wrong signature"
        self.notices.append(json.loads(body))
        return 200, "ok"

    def _event(self, body):
        if len(body) > EVENT_MAX:
            return 413, "too large"
        event = _parsed(body)
        if not isinstance(event, dict):
            return 400, json.dumps({**NO_EVENT, "errors": ["JSON parse error"]})
        wrong = list(_wrong(event))
        if wrong:
            return 400, json.dumps({**INVALID, "errors": wrong})
        self.events.append({"dedup_key": uuid4().hex, **event})
        said = {"status": "success", "message": "Event processed"}
        return 202, json.dumps({**said, "dedup_key": self.events[-1]["dedup_key"]})


def _parsed(body):
    try:
        return json.loads(body)
    except ValueError:
        return None


def _wrong(event):
    yield from _wrong_routing(event.get("routing_key"))
    action = event.get("event_action")
    if action not in ACTIONS:
        yield "'event_action' is invalid"
    made = "one that PagerDuty makes" if action == "trigger" else None
    if not _is_text(event.get("dedup_key", made), 255):
        yield "'dedup_key' is missing or too long"
    if action == "trigger":
        yield from _wrong_payload(event.get("payload") or {})
        yield from _wrong_addresses(event)


def _wrong_routing(key):
    if not isinstance(key, str) or len(key) != 32:
        yield "Length of 'routing_key' is incorrect (should be 32 characters)"
    elif key != ROUTING_KEY:
        yield "Invalid routing key"


def _wrong_payload(payload):
    if not _is_text(payload.get("summary"), 1024):
        yield "'summary' is missing, blank or too long"
    if not _is_text(payload.get("source")):
        yield "'source' is missing or blank"
    if payload.get("severity") not in SEVERITIES:
        yield "'severity' is invalid"
    if not _is_time(payload.get("timestamp")):
        yield "'timestamp' is invalid"
    for key in ("component", "group", "class"):
        if not isinstance(payload.get(key, ""), str):
            yield f"'{key}' is no text"
    if not isinstance(payload.get("custom_details", {}), dict):
        yield "'custom_details' is no object"


def _wrong_addresses(event):
    for link in event.get("links", []):
        if not str(link.get("href")).startswith(("http://", "https://")):
            yield "'href' is no address"
    for image in event.get("images", []):
        if not str(image.get("src")).startswith("https://"):
            yield "'src' is no https address"


def _is_text(value, longest=EVENT_MAX):
    return isinstance(value, str) and bool(value.strip()) and len(value) <= longest


def _is_time(value):
    if value is None:
        return True
    try:
        return bool(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False
