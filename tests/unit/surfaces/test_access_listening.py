"""Only loopback may be listened at while nothing says who may ask."""

import pytest

from watchdog.config.web import Web, WebToken
from watchdog.surfaces.web.access.listening import is_loopback, objection

LONG = "0123456789" * 2
EVERYWHERE = ".".join("0000")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1", "localhost", "127.1"]
)
def test_loopback(host):
    assert is_loopback(host)
    assert objection(host, Web()) is None


@pytest.mark.parametrize(
    "host", [EVERYWHERE, "", "0", "::", "::ffff:0.0.0.0", "10.1.2.3", "fe80::1", "no such host"]
)
def test_elsewhere_somebody_must_have_decided(host):
    text = objection(host, Web())
    assert text is not None
    assert "\n" not in text
    for key in ("web.proxy_addresses", "web.oidc_issuer", "web.tokens", "web.open"):
        assert key in text


@pytest.mark.parametrize(
    "web",
    [
        Web(open=True),
        Web(proxy_addresses=("10.0.0.1",)),
        Web(tokens=(WebToken(name="a", token=LONG),)),
    ],
)
def test_with_a_decision_it_may(web):
    assert objection(EVERYWHERE, web) is None
