"""Who asks, by address and headers: named refusals, and nothing smuggled."""

from functools import partial

import pytest

from watchdog.config.web import Web, WebToken
from watchdog.model import access as model_access
from watchdog.surfaces.web.access.decision import Bearer, Refusal, decide, rules_of

Viewer = partial(model_access.Viewer, sees_unlabelled=True)
"""As whom somebody is known by default."""

PROXY = Web(proxy_addresses=("10.4.0.0/16", "127.0.0.1"))
USER = (b"x-auth-request-user", b"ann")
GROUPS = (b"x-auth-request-groups", b"model-access-a, b-models,c,*")
LONG = "0123456789" * 2


def by(web, *headers, peer="10.4.0.9"):
    return decide(peer, headers, rules_of(web))


def reason(result):
    assert isinstance(result, Refusal)
    return result.reason


def test_with_nothing_set_up_loopback_sees_all_of_it():
    assert by(Web(), peer="127.0.0.1").sees_all


def test_a_proxy_names_user_and_groups():
    assert by(PROXY, USER, GROUPS) == Viewer("ann", frozenset("abc"))
    assert by(PROXY, USER) == Viewer("ann")
    assert by(PROXY, USER, GROUPS, peer="::ffff:10.4.0.9").groups == frozenset("abc")


def test_plain_names_of_groups_can_be_refused():
    strict = PROXY.model_copy(update={"bare_groups": False})
    assert by(strict, USER, GROUPS).groups == frozenset("ab")


@pytest.mark.parametrize("peer", ["10.5.0.1", "::1", "fe80::1%eth0", None, "", "10.4.0.9.evil"])
def test_its_headers_from_elsewhere_are_refused(peer):
    forwarded = (b"x-forwarded-for", b"10.4.0.9")
    assert reason(by(PROXY, USER, forwarded, peer=peer)) == "foreign_headers"
    groups_alone = by(PROXY, GROUPS, peer=peer)
    assert reason(groups_alone) == "foreign_headers"


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ((), "no_identity"),
        (((b"x-auth-request-user", b" "),), "no_identity"),
        ((GROUPS,), "no_identity"),
        (((b"x_auth_request_user", b"ann"),), "no_identity"),
        ((USER, USER), "double_header"),
        ((USER, GROUPS, (b"X-Auth-Request-Groups", b"admins")), "double_header"),
        (((b"x-auth-request-user", b"a\x1b[2Jb"),), "bad_header"),
        (((b"x-auth-request-user", b"\xff\xfe"),), "bad_header"),
        (((b"x-auth-request-user", b"a" * 321),), "long_header"),
        ((USER, (b"x-auth-request-groups", b"g" * 40_000)), "long_header"),
        ((USER, (b"x-auth-request-groups", b"g," * 1001)), "many_groups"),
    ],
)
def test_what_names_nobody_is_refused_with_its_reason(headers, why):
    assert reason(by(PROXY, *headers)) == why


def test_a_header_with_underscores_adds_no_group():
    viewer = by(PROXY, USER, (b"x_auth_request_groups", b"secret"))
    assert viewer == Viewer("ann")


def test_only_some_groups_may_ask_and_admins_see_everything():
    web = PROXY.model_copy(update={"groups": ("evals",), "admins": ("root",)})
    assert reason(by(web, USER, (b"x-auth-request-groups", b"other"))) == "no_group"
    assert not by(web, USER, (b"x-auth-request-groups", b"evals")).sees_all
    assert by(web, USER, (b"x-auth-request-groups", b"root")).sees_all


def test_a_token_of_the_configuration():
    web = Web(tokens=(WebToken(name="prometheus", token=LONG, groups=("a",)),))
    bearer = (b"authorization", b"bearer  " + LONG.encode())
    assert by(web, bearer) == Viewer("prometheus", frozenset("a"))
    assert reason(by(web, (b"authorization", b"Bearer " + LONG[:-1].encode()))) == "bad_token"
    assert reason(by(web, (b"authorization", b"Bearer " + b"x" * 20_000))) == "bad_token"
    assert reason(by(web, bearer, bearer)) == "double_header"
    assert reason(by(web, (b"authorization", b"Basic YTpi"))) == "no_identity"
    everything = Web(tokens=(WebToken(name="admin", token=LONG, groups=("*",)),))
    assert by(everything, bearer).sees_all


def test_a_signed_token_is_left_to_the_keys():
    keys = "https://idp.example/keys"
    web = Web(oidc_issuer="i", oidc_jwks_url=keys, oidc_audience="w")
    assert by(web, (b"authorization", b"Bearer a.b.c")) == Bearer("a.b.c")
    assert reason(by(web)) == "no_identity"


def test_open_lets_everybody_in_with_the_groups_that_it_says():
    assert by(Web(open=True)) == Viewer("")
    everything = Web(open=True, anonymous_groups=("*",))
    assert by(everything).sees_all
    token = Web(open=True, tokens=(WebToken(name="p", token=LONG),))
    assert reason(by(token, (b"authorization", b"Bearer wrong"))) == "bad_token"
    assert by(token) == Viewer("")
