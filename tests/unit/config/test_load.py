"""Settings: sources, weights, and errors that name the key."""

import pytest

from watchdog.config.load import load
from watchdog.errors import ConfigError
from watchdog.model.allowances import Allowance, Override
from watchdog.model.thresholds import Thresholds


@pytest.fixture
def file(tmp_path):
    def write(text: str):
        path = tmp_path / "watchdog.yaml"
        path.write_text(text)
        return path

    return write


def test_the_defaults_are_the_rules_own():
    assert load({}).thresholds == Thresholds()


def test_flags_weigh_more_than_the_environment_and_that_more_than_the_file(file, monkeypatch):
    path = file("interval: 1\nconcurrency: 2\nlog_level: debug\ndetection: {batch_call: 9}")
    monkeypatch.setenv("WATCHDOG_INTERVAL", "10")
    monkeypatch.setenv("WATCHDOG_CONCURRENCY", "20")
    settings = load({"interval": 100.0}, path)
    assert (settings.interval, settings.concurrency, settings.log_level) == (100, 20, "debug")
    assert settings.thresholds.batch_call == 9


def test_overrides_become_records(file):
    path = file(
        """overrides:
- {task: "swe*", tool_call: 4h, model_call: 5400}
- {eval_set: "x-?", waiting: people, mute_until: 2026-12-01T08:00:00Z, mute_reason: known}
"""
    )
    first, second = load({}, path).allowances
    assert first == Override(Allowance(tool_call=14_400, model_call=5400), task="swe*")
    allowance = Allowance(waiting="people", mute_until=1_796_112_000, mute_reason="known")
    assert second == Override(allowance, eval_set="x-?")


def test_overrides_say_what_owners_may_say(file):
    path = file(
        """overrides:
- {expected_silence: 6h, patience: 3, page: false, until: 2026-12-01T08:00:00Z, reason: builds}
"""
    )
    (override,) = load({}, path).allowances
    assert override.allowance == Allowance(
        expected_silence=21_600, patience=3, page=False, until=1_796_112_000, reason="builds"
    )


def test_overrides_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("WATCHDOG_OVERRIDES", '[{"model": "a/*", "step": "2h"}]')
    assert load({}).allowances == (Override(Allowance(step=7200), model="a/*"),)


def test_the_contract_s_variables_are_read(monkeypatch):
    monkeypatch.setenv("WATCHDOG_SLACK_WEBHOOK_URL", "https://hooks.example/a")
    monkeypatch.setenv("WATCHDOG_SLACK_API_URL", "http://127.0.0.1:1/")
    monkeypatch.setenv("WATCHDOG_LOGS", "./a, s3://b/c")
    monkeypatch.setenv("WATCHDOG_KUBERNETES_NAMESPACES", "a, b")
    settings = load({})
    assert settings.slack.webhook_url.get_secret_value() == "https://hooks.example/a"
    assert settings.slack.api_url == "http://127.0.0.1:1/"
    assert settings.logs == ("./a", "s3://b/c")
    assert settings.kubernetes.namespaces == ("a", "b")
    assert "hooks.example" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("interval: -1", "interval: should be greater than 0 (got -1)"),
        ("interval: .nan", "interval"),
        ("listen: nowhere", "listen: should be HOST:PORT"),
        ("intervall: 3", "intervall: unknown key"),
        (
            "detection: {false_pages_per_week: 0}",
            "detection.false_pages_per_week: should be greater than",
        ),
        ("detection: {batch_cal: 3}", "detection.batch_cal: unknown key"),
        ("overrides: [{tool_call: soon}]", "overrides.0.tool_call: should be a duration such as"),
        ("overrides: [{toolcall: 4h}]", "overrides.0.toolcall: unknown key"),
        ("overrides: [{mute_until: 2026-12-01T08:00:00}]", "overrides.0.mute_until: should have"),
        ("overrides: [{patience: 11}]", "overrides.0.patience: should be less than or equal to 10"),
        ("overrides: [{patience: 0.5}]", "overrides.0.patience: should be greater than or equal"),
        ("overrides: [{page: never}]", "overrides.0.page: should be a valid boolean"),
        ("overrides: [{until: soon}]", "overrides.0.until: should"),
        ("overrides: {task: x}", "overrides: should be a valid tuple"),
        ("detection: 3", "detection"),
        ("slack: {webhook_url: sesame}", "slack.webhook_url: should be an http(s) address"),
        ("- a", "should hold keys and values"),
        ("a: [", "no YAML"),
        ("[" * 100_000, "no YAML: nested too deeply"),
        ("log_format: xml", "log_format"),
    ],
)
def test_an_error_names_the_key_and_what_is_allowed(file, text, says):
    with pytest.raises(ConfigError) as error:
        load({}, file(text))
    assert says in str(error.value)
    assert "sesame" not in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_services_with_other_targets_keep_apart_in_the_ledger():
    assert load({"logs": ("a",)}).watch == load({"logs": ("./a",)}).watch
    assert load({"logs": ("a",)}).watch != load({"logs": ("b",)}).watch


def test_the_ledger_is_a_file_or_an_address():
    assert load({"state": "x.db"}).state_url.startswith("sqlite:////")
    assert load({"state": "sqlite:///y.db"}).state_url == "sqlite:///y.db"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("WATCHDOG_INTERVAL", "\udcff", "environment: WATCHDOG_INTERVAL: no UTF-8"),
        ("WATCHDOG_LOGS", "a\udcff", "environment: WATCHDOG_LOGS: no UTF-8"),
        (
            "WATCHDOG_DETECTION",
            '{"a":' * 100_000,
            "environment: WATCHDOG_DETECTION: nested too deeply",
        ),
    ],
)
def test_a_hostile_variable_is_one_line(monkeypatch, name, value, says):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as error:
        load({})
    assert str(error.value) == says
