"""A kubeconfig's secrets are learned, and a broken one never shows its line."""

from base64 import b64encode

import pytest

from watchdog.collect.kubernetes import credentials
from watchdog.config.kubernetes import Kubernetes
from watchdog.errors import ConfigError
from watchdog.redaction import KNOWN, REDACTED, redact

VALUE = "sesame-open-now-and-ever"
CONFIG = """
apiVersion: v1
current-context: c
contexts: [{{name: c, context: {{cluster: k, user: u}}}}]
clusters: [{{name: k, cluster: {{server: "http://127.0.0.1:1"}}}}]
users: [{{name: u, user: {{{user}}}}}]
"""


@pytest.fixture(autouse=True)
def _forgotten():
    before = set(KNOWN)
    yield
    for value in set(KNOWN) - before:
        KNOWN.forget(value)


def test_a_token_is_learned(tmp_path):
    file = tmp_path / "config"
    file.write_text(CONFIG.format(user=f"token: {VALUE}"))
    credentials.load(Kubernetes(kubeconfig=file))
    assert redact(f"is {VALUE}") == f"is {REDACTED}"
    assert redact(b64encode(VALUE.encode()).decode()).startswith(REDACTED)


@pytest.mark.parametrize(
    "user", [f"token: '{VALUE}", f"token: [{VALUE}", f"token: *{VALUE}", f"token: !x {VALUE}"]
)
def test_a_broken_one_shows_no_line(user, tmp_path):
    file = tmp_path / "config"
    file.write_text(CONFIG.format(user=user))
    with pytest.raises(ConfigError) as error:
        credentials.load(Kubernetes(kubeconfig=file))
    assert "sesame" not in str(error.value)
    assert error.value.__cause__ is None
