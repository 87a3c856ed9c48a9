"""docs/configuration.md, generated from the settings."""

from collections.abc import Iterator

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from watchdog.config.settings import (
    S3,
    Detection,
    Kubernetes,
    Links,
    ModelRoute,
    Notify,
    NotifyRoute,
    OverrideSettings,
    PagerDuty,
    Probes,
    Provider,
    Settings,
    Slack,
    StatusFeed,
    Webhook,
)

GROUPS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("detection", Detection),
    ("s3", S3),
    ("kubernetes", Kubernetes),
    ("slack", Slack),
    ("links", Links),
    ("notify", Notify),
    ("webhook", Webhook),
    ("pagerduty", PagerDuty),
    ("probes", Probes),
)

_INTRO = """# Configuration

Generated from `watchdog/config/settings.py` by `make docs`.

Every setting is a key of the YAML file given with `--config FILE` (or `WATCHDOG_CONFIG`), and an
environment variable.
A command-line flag weighs more than the environment, the environment more than the file. An
unknown key, or a value that is not allowed, ends the start with one line that names the key, and
exit status 3.

```yaml
logs: [./logs, "s3://bucket/evals"]
interval: 30
slack:
  webhook_url: https://hooks.slack.com/services/…   # better: WATCHDOG_SLACK_WEBHOOK_URL
detection:
  false_pages_per_week: 0.5
overrides:
  - {task: "swe*", tool_call: 4h}
  - {eval_set: human-baseline-*, waiting: people work on it}
  - {model: acme/*, mute_until: 2026-12-01T08:00:00Z, mute_reason: known outage}
```
"""

_OVERRIDES = """
A list. Each entry holds for the tasks that all its patterns match (`*` for any, `?` for one
character); where several say something, the last one does. The same can be said of one eval set in
annotations of its runner's Job, which weigh less: `stuck-eval-watchdog/tool-call: 4h`,
`stuck-eval-watchdog/mute-until: 2026-12-01T08:00:00Z`, and so on, with `-` for `_`. What can't be
used of an annotation is ignored and shown with the eval set.

In the environment: `WATCHDOG_OVERRIDES`, as JSON.

| key | meaning |
| --- | --- |"""


_LISTS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    (
        "`notify.routes`",
        (
            "A list. Every entry that an incident matches adds its channels; what matches none is\n"
            "told to all, so that nothing is told to nobody. In the environment:\n"
            "`WATCHDOG_NOTIFY_ROUTES`, as JSON."
        ),
        NotifyRoute,
    ),
    (
        "`probes.providers`",
        (
            "By Inspect's name of the provider. What is given here changes what is known of\n"
            "`openai`, `anthropic` and `google`. Keys are read for each test: `key`, else\n"
            "`key_command`, `key_file`, `key_env`. In the environment:\n"
            "`WATCHDOG_PROBES_PROVIDERS`, as JSON."
        ),
        Provider,
    ),
    (
        "`probes.models`",
        (
            "A list; the first whose pattern matches counts. In the environment:\n"
            "`WATCHDOG_PROBES_MODELS`, as JSON."
        ),
        ModelRoute,
    ),
    (
        "`status_feeds`",
        (
            "A list. It takes the place of the feeds that are known. In the environment:\n"
            "`WATCHDOG_STATUS_FEEDS`, as JSON."
        ),
        StatusFeed,
    ),
)


def markdown() -> str:
    """The whole page."""
    apart = {"overrides", "status_feeds", *dict(GROUPS)}
    top = {name: f for name, f in Settings.model_fields.items() if name not in apart}
    parts = [_INTRO, "## Service\n", *_table("", top)]
    for name, group in GROUPS:
        parts += [f"\n## `{name}`\n", _sentence(Settings.model_fields[name]) + "\n"]
        parts += _table(name, group.model_fields)
    parts += ["\n## `overrides`\n", _sentence(Settings.model_fields["overrides"]), _OVERRIDES]
    keys = OverrideSettings.model_fields.items()
    parts += [f"| `{name}` | {_sentence(field)} |" for name, field in keys]
    for title, text, model in _LISTS:
        parts += [f"\n## {title}\n", text, "\n| key | meaning |\n| --- | --- |"]
        parts += [f"| `{n}` | {_sentence(field)} |" for n, field in model.model_fields.items()]
    return "\n".join(parts) + "\n"


def _table(group: str, fields: dict[str, FieldInfo]) -> Iterator[str]:
    yield "| key | variable | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, field in fields.items():
        key = f"{group}.{name}" if group else name
        variable = f"WATCHDOG_{key.replace('.', '_').upper()}"
        yield f"| `{key}` | `{variable}` | {_default(field)} | {_sentence(field)} |"


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is None or value == () or isinstance(value, SecretStr):
        return ""
    if isinstance(value, tuple):
        return f"`{','.join(value)}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _sentence(field: FieldInfo) -> str:
    text = " ".join((field.description or "").split())
    return text[:1].upper() + text[1:]
