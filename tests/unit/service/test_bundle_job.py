"""A job over the pipe: settings, secrets included, and the report come out as they went in."""

from tests.builders.snapshots import NOW, realistic
from watchdog.config.load import load
from watchdog.config.secrets import secrets_in
from watchdog.service.bundle_job import Job, decode, encode, set_values

FILE = """
logs: [a, b]
interval: 7
detection: {scale: 2}
slack: {webhook_url: "https://hooks.slack.example.com/services/T/B/sesame1"}
web:
  open: true
  tokens: [{name: robot, token: sesame-sesame-sesame-sesame-3, groups: [g]}]
overrides:
  - {task: swe, tool_call: 2h, until: "2026-12-01T08:00:00Z"}
"""


def test_a_job_comes_out_as_it_went_in(tmp_path, monkeypatch):
    file = tmp_path / "c.yaml"
    file.write_text(FILE)
    settings = load({}, file)
    monkeypatch.setenv("WATCHDOG_INTERVAL", "9")
    job = Job("e", set_values(settings), ("x",), NOW, "/f", realistic().report)
    again = decode(encode(job))
    assert again.settings.model_dump() == settings.model_dump()
    assert tuple(secrets_in(again.settings)) == tuple(secrets_in(settings)) != ()
    assert again.live == job.live
