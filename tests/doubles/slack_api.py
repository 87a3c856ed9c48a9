"""Slack's Web API on loopback, as far as the watchdog uses it. Held to slack-sdk by a test.

Sources: https://api.slack.com/methods/chat.postMessage, chat.postEphemeral, chat.update, auth.test,
users.info, apps.connections.open; limits of https://api.slack.com/reference/block-kit/blocks,
…/block-elements and of https://api.slack.com/docs/rate-limits.
Not documented: 13,000 characters for all blocks (slackapi/bolt-js issue 2509), and 4,000 bytes for
the text of an edit.
"""

import json
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse

TOKEN = "xoxb-0000-watchdog-token"  # noqa: S105
APP_TOKEN = "xapp-1-0000-watchdog-token"  # noqa: S105
TEAM = "T0HEIM"
SCOPES = "chat:write,users:read,users:read.email"
CHANNEL = "C0GEHEIM"
BLOCKS = {"header", "section", "context", "divider", "actions"}
BLOCKS_CHARACTERS = 13_000
EDIT_BYTES = 4000
BURST = 4
"""Messages at once; Slack promises none, and takes a few."""
MARKUP = re.compile(r"<(?:https?://[^|>\s]+(?:\|[^>]*)?|[@#!][^>]+)>|&(?:amp|lt|gt);")


@dataclass
class Post:
    """A message, as it is now."""

    ts: str
    channel: str
    text: str
    blocks: list = field(default_factory=list)
    thread_ts: str | None = None
    broadcast: bool = False
    edits: int = 0

    @property
    def shown(self):
        """All that people see of it."""
        return self.text + "\n" + json.dumps(self.blocks, ensure_ascii=False)


class WebApi:
    """Answers `/api/<method>`."""

    def __init__(self):
        self.posts: list[Post] = []
        self.complaints: list[str] = []
        self.errors: list[str] = []
        """Errors to answer the next calls with."""
        self.users: dict[str, str] = {}
        """Ids by e-mail address."""
        self.lookups: list[str] = []
        self.profiles: dict[str, dict] = {}
        """What `users.info` says, by id; who has none is not found."""
        self.ephemerals: list[tuple[str, str, str]] = []
        """Channel, user and text of what only one of them sees."""
        self.scopes = SCOPES
        self.socket = None
        """Where connections are opened (`slack_socket`); None where Socket Mode is off."""
        self.refused_for_the_rate = 0
        self.clock = None
        """Where a test gives one, a channel takes one message a second, more only in a burst."""
        self._room = float(BURST)
        self._seen_at = 0.0
        self._count = 0

    @property
    def heads(self):
        """The messages in the channel."""
        return [post for post in self.posts if post.thread_ts is None]

    @property
    def told(self):
        """Each message with the rest of it, and what was said in threads."""
        rests = {
            post.thread_ts: post.shown for post in self.posts if post.thread_ts and post.blocks
        }
        own = [post for post in self.posts if not (post.thread_ts and post.blocks)]
        return [f"{post.shown}\n{rests.get(post.ts, '')}" for post in own]

    def replies(self, ts):
        """What was said in a message's thread, but for the rest of the message itself."""
        return [post for post in self.posts if post.thread_ts == ts and not post.blocks]

    def details(self, ts):
        """The rest of a message: what its thread begins with."""
        (post,) = (post for post in self.posts if post.thread_ts == ts and post.blocks)
        return post

    async def answer(self, request: Request, method: str):
        body = await self._body(request)
        token = APP_TOKEN if method == "apps.connections.open" else TOKEN
        if request.headers.get("authorization") != f"Bearer {token}":
            return self._error(
                "invalid_auth" if "authorization" in request.headers else "not_authed"
            )
        if self.errors:
            error = self.errors.pop(0)
            if error == "429":
                return self._limited()
            return PlainTextResponse("", 503) if error == "503" else self._error(error)
        known = {
            "apps.connections.open": self._open,
            "auth.test": self._who,
            "chat.postEphemeral": self._whisper,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "users.info": self._info,
            "users.lookupByEmail": self._user,
        }
        if request.method == "GET":
            body = dict(request.query_params)
        return known[method](body) if method in known else self._error("unknown_method")

    @staticmethod
    async def _body(request):
        if request.headers.get("content-type", "").startswith("application/json"):
            return json.loads(await request.body() or b"{}")
        found = dict(parse_qsl((await request.body()).decode()))
        for name in ("blocks",):
            if isinstance(found.get(name), str):
                found[name] = json.loads(found[name])
        return found

    @staticmethod
    def _limited():
        return JSONResponse({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "1"})

    def _has_room(self):
        """https://api.slack.com/docs/rate-limits: one message a second, with short bursts."""
        if self.clock is None:
            return True
        now = self.clock()
        self._room = min(float(BURST), self._room + now - self._seen_at)
        self._seen_at = now
        if self._room < 1:
            return False
        self._room -= 1
        return True

    @staticmethod
    def _error(error):
        return JSONResponse({"ok": False, "error": error})

    def _who(self, _body):
        who = {"ok": True, "team": "T", "user": "watchdog", "user_id": "U1"}
        return JSONResponse(who, headers={"x-oauth-scopes": self.scopes})

    def _open(self, _body):
        if self.socket is None:
            return self._error("forbidden")
        return JSONResponse({"ok": True, "url": self.socket.ticket()})

    def _info(self, body):
        """Only by form or query: it takes no JSON."""
        profile = self.profiles.get(body.get("user"))
        if profile is None:
            return self._error("user_not_found")
        return JSONResponse({"ok": True, "user": {"id": body["user"], "team_id": TEAM, **profile}})

    def _whisper(self, body):
        if body.get("channel") != CHANNEL:
            return self._error("channel_not_found")
        wrong = self._wrong(body)
        if wrong is not None:
            return self._error(wrong)
        self.ephemerals.append((body["channel"], body["user"], body["text"]))
        return JSONResponse({"ok": True, "message_ts": "1700000000.9"})

    def _user(self, body):
        """Only by form or query: it takes no JSON."""
        self.lookups.append(body.get("email"))
        user = self.users.get(body.get("email"))
        if user is None:
            return self._error("users_not_found")
        return JSONResponse({"ok": True, "user": {"id": user, "name": "x"}})

    def _post(self, body):
        if body.get("channel") not in {CHANNEL, "#alerts"}:
            return self._error("channel_not_found")
        wrong = self._wrong(body)
        if wrong is not None:
            return self._error(wrong)
        if not self._has_room():
            self.refused_for_the_rate += 1
            return self._limited()
        thread = body.get("thread_ts")
        if thread is not None and thread not in {post.ts for post in self.heads}:
            return self._error("thread_not_found")
        self._count += 1
        made = Post(
            f"1700000000.{self._count:06}",
            CHANNEL,
            body.get("text", ""),
            body.get("blocks") or [],
            thread,
            str(body.get("reply_broadcast", "")).lower() in {"true", "1"},
        )
        self.posts.append(made)
        return self._made(made)

    def _update(self, body):
        found = next((post for post in self.posts if post.ts == body.get("ts")), None)
        if body.get("channel") != CHANNEL:
            return self._error("channel_not_found")
        if found is None:
            return self._error("message_not_found")
        if len(body.get("text", "").encode()) > EDIT_BYTES:
            return self._error("msg_too_long")
        wrong = self._wrong(body)
        if wrong is not None:
            return self._error(wrong)
        found.text, found.blocks = body.get("text", ""), body.get("blocks") or []
        found.edits += 1
        return self._made(found)

    @staticmethod
    def _made(post):
        message = {"text": post.text, "blocks": post.blocks, "ts": post.ts}
        return JSONResponse(
            {"ok": True, "channel": post.channel, "ts": post.ts, "message": message}
        )

    def _wrong(self, body):
        text, blocks = body.get("text", ""), body.get("blocks") or []
        if not text and not blocks:
            return "no_text"
        if len(text) > 40_000:
            return "msg_too_long"
        self._complain(text)
        if not self._valid(blocks):
            return "invalid_blocks"
        whole = len(json.dumps(blocks, ensure_ascii=False))
        return "msg_blocks_too_long" if whole > BLOCKS_CHARACTERS else None

    def _valid(self, blocks):
        if not isinstance(blocks, list) or len(blocks) > 50:
            return False
        try:
            ids = [block["block_id"] for block in blocks if "block_id" in block]
            return len(set(ids)) == len(ids) and all(self._block(block) for block in blocks)
        except (KeyError, TypeError, AttributeError):
            return False

    def _block(self, block):
        kind = block.get("type")
        if kind == "header":
            text = block["text"]
            return text["type"] == "plain_text" and 0 < len(text["text"]) <= 150
        if kind == "section":
            texts = [block["text"]] if "text" in block else []
            fields = block.get("fields", [])
            fits = len(fields) <= 10 and all(0 < len(each["text"]) <= 2000 for each in fields)
            return bool(texts or fields) and fits and self._texts([*texts, *fields], 3000)
        if kind == "context":
            return 0 < len(block["elements"]) <= 10 and self._texts(block["elements"], 3000)
        if kind == "actions":
            return self._actions(block)
        return kind in BLOCKS

    @staticmethod
    def _actions(block):
        elements = block["elements"]
        ids = [element["action_id"] for element in elements]
        options = [option for element in elements for option in element.get("options", [])]
        titles = [each["text"] for each in (*elements, *options) if "text" in each]
        return (
            0 < len(elements) <= 25
            and 0 < len(block["block_id"]) <= 255
            and len(set(ids)) == len(ids)
            and all(0 < len(each) <= 255 for each in ids)
            and all(len(element.get("value", "")) <= 2000 for element in elements)
            and all(
                element.get("style", "primary") in {"primary", "danger"} for element in elements
            )
            and all(len(element.get("options", [None])) <= 5 for element in elements)
            and all(0 < len(option["value"]) <= 150 for option in options)
            and all(each["type"] == "plain_text" and len(each["text"]) <= 75 for each in titles)
            and {element["type"] for element in elements} <= {"button", "overflow"}
        )

    def _texts(self, texts, limit):
        for each in texts:
            if each["type"] == "mrkdwn":
                self._complain(each["text"])
        known = {each["type"] for each in texts} <= {"mrkdwn", "plain_text"}
        return known and all(0 < len(each["text"]) <= limit for each in texts)

    def _complain(self, text):
        """Slack's rule: `&`, `<` and `>` that are no markup are escaped."""
        if re.search(r"[<>]|&(?!amp;|lt;|gt;)", MARKUP.sub("", text)):
            self.complaints.append(text)
