"""Addresses that let in whoever knows them, and keys of several lines."""

from watchdog.redaction.formats.format import GITLEAKS, HEX, A, B, Format

_SLACK = "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/"


def _hook(name: str, keeps: str, pattern: str, source: str, example: str, near: str) -> Format:  # noqa: PLR0913, PLR0917 - a row of the table
    return Format(name, "address", pattern, source, example, near, keeps)


ADDRESSES = (
    _hook(
        "Slack's incoming webhooks",
        "/services/",
        r"[\w-]+/[\w-]+(?:/[\w-]+)?",
        _SLACK,
        f"https://hooks.slack.com/services/T0/B0/{A}{B}",
        "https://x.example/services/",
    ),
    _hook(
        "Slack's workflow triggers",
        "/(?:workflows|triggers)/",
        r"[\w/-]+",
        _SLACK,
        f"https://hooks.slack.com/triggers/T0/1/{A}",
        "https://x.example/workflows",
    ),
    _hook(
        "Discord's webhooks",
        "/api/(?:v[0-9]{1,2}/)?webhooks/",
        r"[0-9]+/[\w-]+",
        "https://discord.com/developers/docs/resources/webhook",
        f"https://discord.com/api/webhooks/123/{A}{B}",
        "https://discord.com/api/webhooks",
    ),
    _hook(
        "Teams' and Office's webhooks, Power Automate's",
        "/webhookb2/|office\\.com/webhook/|/(?:IncomingWebhook|directapi)/",
        r"[\w@/.-]+",
        GITLEAKS,
        f"https://x.webhook.office.com/webhookb2/{HEX}@{HEX}/IncomingWebhook/{A}/{B}",
        "https://x.webhook.office.com/",
    ),
    _hook(
        "Zapier, IFTTT, Make, Pipedream and n8n",
        "/hooks/catch/|/with/key/|/webhook/|\\.m\\.pipedream\\.net/|hook\\.[a-z0-9.]{1,20}make\\.com/",
        r"[\w/-]{6,}",
        "https://help.zapier.com/hc/en-us/articles/8496288690317",
        f"https://hooks.zapier.com/hooks/catch/123/{A}/",
        "https://x.example/webhook/a",
    ),
    _hook(
        "healthchecks' pings",
        "hc-ping\\.com/|/ping/|cronitor\\.link/p/",
        r"[\w/-]{16,}",
        "https://healthchecks.io/docs/http_api/",
        "https://hc-ping.com/0a1b2c3d-4e5f-6789-0a1b-2c3d4e5f6789",
        "https://hc-ping.com/",
    ),
    _hook(
        "Telegram's API",
        "api\\.telegram\\.org/(?:file/)?bot",
        r"[0-9]+:[\w-]+",
        "https://core.telegram.org/bots/api",
        f"https://api.telegram.org/bot1:{A}/sendMessage",
        "https://api.telegram.org/botfather",
    ),
    _hook(
        "Opsgenie, VictorOps and Google Chat",
        "/integrations/generic/[0-9]+/alert/|/v1/spaces/[\\w-]{1,40}/messages\\?key=",
        r"[\w&=%/-]{6,}",
        "https://developers.google.com/workspace/chat/quickstart/webhooks",
        f"https://chat.googleapis.com/v1/spaces/AA/messages?key={A}&token={B}",
        "https://chat.googleapis.com/v1/spaces/AA/messages",
    ),
    _hook(
        "user and password in an address of any scheme",
        r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/@:\"`<>\\]{0,200}:",
        r"[^\s/\"`<>\\]+@",
        "https://datatracker.ietf.org/doc/html/rfc3986#section-3.2.1",
        "postgresql+psycopg://watchdog:s3cret@db.example/x",
        f"docker-pullable://python:3.11@sha256:{HEX}",
    ),
    _hook(
        "a token in place of the user",
        r"(?i:https?|wss?|git|grpcs?|rediss?|amqps?)://",
        r"[^\s/@:\"`<>\\]{8,}@",
        "https://docs.sentry.io/concepts/key-terms/dsn-explainer/",
        f"https://{HEX}{HEX}@o1.ingest.sentry.io/2",
        "https://git@github.com/x/y",
    ),
)

_BODY = r"(?:[A-Za-z0-9+/=\s\\:,.]|-[A-Za-z0-9+/=\s\\:,.])*"
_LINES = (
    r"(?:(?:\s|\\+[nr]){1,40}(?:[A-Za-z0-9+/=]{16,}|"
    r"(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset): [^\\\"'\r\n]{0,200}))*"
)

BLOCKS = (
    Format(
        "private keys in PEM, OpenSSH, PGP, SSH2: whole, on one line, cut off",
        "block",
        r"-----?\s?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?\s?-----?(?:"
        rf"{_BODY}-----?\s?END [A-Z0-9 ]{{0,40}}PRIVATE KEY(?: BLOCK)?\s?-----?|{_LINES})",
        "https://datatracker.ietf.org/doc/html/rfc7468",
        f"-----BEGIN RSA PRIVATE KEY-----\nMIIE{A}{B}\nab==\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
    ),
)
