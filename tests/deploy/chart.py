"""What tests of the chart share: its place, values that it needs, and parts of what it renders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.paths import ROOT
from watchdog.config.load import load
from watchdog.config.settings import Settings

CHART = ROOT / "helm" / "stuck-eval-watchdog"
STORE = "s3://bucket/evals/{eval_set_id}"
CI_VALUES = sorted((CHART / "ci").glob("*-values.yaml"))

ADDRESS = "https://hooks.example/services/T/B/secret"
TEXTS = {
    "WATCHDOG_SLACK_BOT_TOKEN": "xoxb-1-2-3",
    "WATCHDOG_SLACK_APP_TOKEN": "xapp-1-2-3",
    "WATCHDOG_WEB_TOKENS": '[{"name": "prometheus", "token": "a-token-of-20-letters"}]',
    "WATCHDOG_WEB_STAND_IN_KEY": "a-key-of-twenty-letters",
    "WATCHDOG_STATE": "postgresql://w:pw@db/w",
}
"""What may stand in a Secret for a setting; else an address will do."""

Values = Mapping[str, Any]
Objects = dict[tuple[str, str], dict[str, Any]]
"""By kind, and by namespace where it isn't the release's own."""

NEEDED: Values = {"image": {"repository": "r/w"}, "config": {"kubernetes": {"store": STORE}}}
"""The two values without which nothing is rendered."""


def merged(under: Values, over: Values) -> dict[str, Any]:
    """Values over values, as Helm lays them."""
    both = {k: merged(under[k], v) for k, v in over.items() if isinstance(under.get(k), dict)}
    return {**under, **over, **both}


def rules(*roles: dict[str, Any]) -> dict[tuple[str, str], tuple[str, ...]]:
    """What roles allow, rule by rule."""
    return {
        (group, resource): tuple(rule["verbs"])
        for role in roles
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


def pod(objects: Objects) -> dict[str, Any]:
    """The spec of the service's pod."""
    spec: dict[str, Any] = objects["Deployment", ""]["spec"]["template"]["spec"]
    return spec


def settings(objects: Objects, folder: Path, secrets: Path | None = None) -> Settings:
    """The settings that the service reads from the ConfigMap, and from mounted secrets."""
    file = folder / "config.yaml"
    file.write_text(objects["ConfigMap", ""]["data"]["config.yaml"])
    return load({}, file, secrets)


def mount(objects: Objects, folder: Path) -> Path:
    """The directory of secrets as the kubelet would fill it."""
    made = folder / "secrets"
    made.mkdir()
    for name in secret_files(objects):
        (made / name).write_text(TEXTS.get(name, ADDRESS))
    return made


def secret_files(objects: Objects) -> dict[str, tuple[str, str]]:
    """The Secret and key of each file that is mounted for the service."""
    volumes = [volume for volume in pod(objects)["volumes"] if volume["name"] == "secrets"]
    return {
        item["path"]: (source["secret"]["name"], item["key"])
        for volume in volumes
        for source in volume["projected"]["sources"]
        for item in source["secret"].get("items", ())
    }
