"""Channels and credentials: each by a Secret that is there, mounted as a file that may change."""

import json
from collections.abc import Iterator

import pytest
import yaml
from pydantic import BaseModel

from tests.deploy.chart import (
    ADDRESS,
    CI_VALUES,
    NEEDED,
    merged,
    mount,
    pod,
    secret_files,
    settings,
)
from watchdog.config.keys import groups_in, is_secret
from watchdog.config.settings import Settings

CHANNELS = next(path for path in CI_VALUES if "channels" in path.name)
ELSEWHERE = {
    "WATCHDOG_TOKEN": "what commands show to a service",
    "WATCHDOG_PAGERDUTY_URL": "the same for everybody in a region: a plain setting",
    "WATCHDOG_HEARTBEAT_ALERTMANAGER_URL": "an address in the cluster: a plain setting",
    "WATCHDOG_PROBES_MIDDLEMAN_TOKEN": "a file of its own, read anew for each test",
}


def secret_settings(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """Variables of secrets, and of lists that hold some."""
    for name, field in model.model_fields.items():
        variable, groups = f"{prefix}_{name}".upper(), groups_in(field.annotation)
        listed = any(is_secret(f.annotation) for g in groups for f in g.model_fields.values())
        if is_secret(field.annotation) or (listed and "tuple" in str(field.annotation)):
            yield variable
        elif groups and prefix == "watchdog":
            yield from (found for group in groups for found in secret_settings(group, variable))


@pytest.fixture(scope="module")
def everything(render):
    return render(yaml.safe_load(CHANNELS.read_text()))


def test_every_secret_setting_has_a_value_of_its_own(everything, render):
    known = set(secret_settings(Settings, "watchdog"))
    webhook = secret_files(render({"slack": {"existingSecret": "hook"}}))
    mounted = secret_files(everything) | webhook
    assert set(mounted) == known - set(ELSEWHERE)
    assert mounted["WATCHDOG_WEBHOOK_TOKEN"] == ("watchdog-webhook", "token")
    assert webhook == {"WATCHDOG_SLACK_WEBHOOK_URL": ("hook", "webhook-url")}


def test_a_key_may_be_called_otherwise(render):
    values = {"pagerduty": {"existingSecret": "pd", "existingSecretKey": "integration"}}
    assert secret_files(render(values)) == {"WATCHDOG_PAGERDUTY_ROUTING_KEY": ("pd", "integration")}


def test_the_service_takes_up_what_is_mounted(render, tmp_path):
    """The files are named as `WATCHDOG_SECRETS_DIR` wants them."""
    objects = render({"slack": {"existingSecret": "hook"}, "heartbeat": {"existingSecret": "b"}})
    read = settings(objects, tmp_path, mount(objects, tmp_path))
    assert read.slack.webhook_url.get_secret_value() == ADDRESS
    assert read.heartbeat.is_set_up
    (container,) = pod(objects)["containers"]
    env = {each["name"]: each.get("value") for each in container["env"]}
    (place,) = [m for m in container["volumeMounts"] if m["name"] == "secrets"]
    assert place["mountPath"] == env["WATCHDOG_SECRETS_DIR"]
    assert "subPath" not in place


def test_one_secret_for_all_is_mounted_beside_them(render):
    assert "secrets" not in {volume["name"] for volume in pod(render())["volumes"]}
    both = {"secretFiles": {"existingSecret": "all"}, "slack": {"existingSecret": "hook"}}
    (volume,) = [v for v in pod(render(both))["volumes"] if v["name"] == "secrets"]
    names = [source["secret"]["name"] for source in volume["projected"]["sources"]]
    assert names == ["all", "hook"], "a later one weighs more"


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ({"existingSecret": "mm", "existingSecretKey": "jwt"}, "secret"),
        ({"serviceAccountToken": {"audience": "https://mm.example"}}, "serviceAccountToken"),
    ],
)
def test_middleman_s_token_is_a_file_that_rotates(render, tmp_path, source, kept):
    config = {"probes": {"middleman_url": "https://mm.example"}}
    objects = render({"middleman": source, "config": config})
    (volume,) = [v for v in pod(objects)["volumes"] if v["name"] == "middleman"]
    (found,) = volume["projected"]["sources"]
    mounts = pod(objects)["containers"][0]["volumeMounts"]
    (place,) = [m for m in mounts if m["name"] == "middleman"]
    file = settings(objects, tmp_path).probes.middleman_token_file
    assert str(file) == f"{place['mountPath']}/token"
    assert "token" in json.dumps(found[kept])
    assert list(found) == [kept]


def test_keys_of_providers_are_variables(everything):
    assert {"secretRef": {"name": "watchdog-providers"}} in pod(everything)["containers"][0][
        "envFrom"
    ]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"config": {"slack": {"bot_token": "x"}}},
            "config.slack.bot_token: a secret; set slack.b",
        ),
        ({"config": {"slack": {"app_token": "x"}}}, "config.slack.app_token: a secret"),
        ({"config": {"pagerduty": {"routing_key": "x"}}}, "config.pagerduty.routing_key: a secret"),
        ({"config": {"webhook": {"secret": "x"}}}, "config.webhook.secret: a secret"),
        ({"config": {"probes": {"middleman_token": "x"}}}, "config.probes.middleman_token: a se"),
        ({"config": {"probes": {"providers": {"acme": {"key": "x"}}}}}, "providers.acme.key: a se"),
        ({"config": {"web": {"stand_in_key": "x"}}}, "config.web.stand_in_key: a secret"),
        ({"slack": {"botTokenSecret": "s"}}, "config.slack.channel: say where the bot"),
        ({"slack": {"appTokenSecret": "s"}}, "slack.appTokenSecret: buttons are the bot's"),
        ({"middleman": {"existingSecret": "s"}}, "config.probes.middleman_url: say where"),
        (
            {"middleman": {"existingSecret": "s", "serviceAccountToken": {"audience": "a"}}},
            "middleman: set existingSecret or serviceAccountToken.audience, not both",
        ),
    ],
)
def test_a_secret_in_plain_sight_or_without_its_other_half_is_refused(template, values, said):
    done = template(merged(NEEDED, values))
    assert done.returncode != 0
    assert said in done.stderr


def test_no_secret_is_a_variable_of_the_pod(everything):
    """`kubectl describe` and every child process would see it; AWS's own client wants it so."""
    env = pod(everything)["containers"][0]["env"]
    from_secrets = {each["name"] for each in env if "secretKeyRef" in str(each)}
    assert all(name.startswith("AWS_") for name in from_secrets)
