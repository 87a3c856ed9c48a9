"""Middleman, whom a fault hits, and what is recorded.

OpenAI's client shows no text where `error` is a string, as Middleman's is: so the response's.
"""

import anthropic
import httpx
import openai
import pytest

from tests.doubles.providers import (
    Forbidden,
    Gone,
    Hang,
    Providers,
    RateLimited,
    Status,
    TooLong,
    Unauthorized,
    at_path,
    direct,
    large,
    of_model,
    small,
    tls,
)
from tests.doubles.providers.asking import DIALECTS, ROUTES, TRUST, ask, gemini, gpt, module, server
from tests.doubles.providers.server import KEPT_BYTES, KEPT_REQUESTS
from tests.doubles.providers.wire import Request

LONG = "a" * 4 * 20_000


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_middleman_takes_the_token_and_gives_the_providers_key(world, dialect):
    await ask(world, dialect, "middleman")

    came, went = world.middleman.requests[0], server(world, dialect).requests[0]
    assert came.bearer == world.middleman.token
    assert world.middleman.token not in str(went.headers)
    assert server(world, dialect).key not in str(went.headers)
    assert went.body == came.body
    assert went.headers["via"] == "1.1 middleman"


async def test_middleman_asks_gemini_with_its_own_key(world):
    await gemini(world, "middleman")

    headers = world.gemini.requests[0].headers
    assert headers["x-goog-api-key"] in world.gemini.keys - {world.gemini.key}
    assert "authorization" not in headers


async def test_middleman_wants_a_token_it_knows(world):
    for token in ("eyJ.a.b", world.openai.key):
        async with gpt(world, "middleman", api_key=token) as client:
            with pytest.raises(openai.AuthenticationError) as failed:
                await client.responses.create(model="gpt-4o", input="Hi")
        assert failed.value.response.json() == {"error": "Invalid access token"}
    missing = await gemini(world, "middleman", headers={"x-api-key": world.middleman.token})

    assert (missing.status_code, missing.json()) == (401, {"error": "Missing access token"})
    assert world.openai.requests == world.gemini.requests == []


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_token_expires_and_is_renewed(world, dialect):
    old = world.middleman.token
    world.middleman.expire()
    with pytest.raises(module(dialect).AuthenticationError) as failed:
        await ask(world, dialect, "middleman")
    assert "Signature has expired" in failed.value.response.text
    world.clear()
    with pytest.raises(module(dialect).AuthenticationError):
        await ask(world, dialect, "middleman")

    assert 'error="invalid_token"' in failed.value.response.headers["www-authenticate"]
    assert world.middleman.renew() != old
    assert await ask(world, dialect, "middleman")


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_model_may_be_denied_by_middleman(world, dialect):
    model = "claude-haiku-4-5" if dialect == "messages" else "gpt-4o"
    world.middleman.deny(model)

    with pytest.raises(module(dialect).PermissionDeniedError) as failed:
        await ask(world, dialect, "middleman")
    assert f"access to model {model}" in failed.value.response.text
    assert await ask(world, dialect, "direct")


async def test_gemini_denied_by_middleman(world):
    world.middleman.deny("gemini-2.0-flash")

    assert (await gemini(world, "middleman")).status_code == 403
    assert (await gemini(world, "direct")).status_code == 200


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_middlemans_own_faults_are_not_the_providers(world, dialect, status):
    world.middleman.fault(Status(status))

    with pytest.raises(module(dialect).InternalServerError) as failed:
        await ask(world, dialect, "middleman")

    assert failed.value.status_code == status
    assert server(world, dialect).requests == []
    assert await ask(world, dialect, "direct")


async def test_middleman_that_hangs(world):
    world.middleman.fault(Hang())

    with pytest.raises(anthropic.APITimeoutError):
        await ask(world, "messages", "middleman", timeout=anthropic.Timeout(5, read=0.2))


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_revoked_key_leaves_middlemans(world, dialect):
    server(world, dialect).revoke()

    with pytest.raises(module(dialect).AuthenticationError):
        await ask(world, dialect, "direct")
    assert await ask(world, dialect, "middleman")


async def test_an_expired_token_by_a_fault_for_one_request(world):
    world.middleman.fault(Unauthorized(), first=1)

    with pytest.raises(openai.AuthenticationError) as failed:
        await ask(world, "chat", "middleman")
    assert "Signature has expired" in failed.value.response.text
    assert await ask(world, "chat", "middleman")


SAID = [
    (Status(500), {"anthropic": 500, "openai": 500, "gemini": 500, "middleman": 500}),
    (Status(502), {"anthropic": 502, "openai": 502, "gemini": 502, "middleman": 502}),
    (Status(503), {"anthropic": 503, "openai": 503, "gemini": 503, "middleman": 503}),
    (RateLimited(60), {"anthropic": 429, "openai": 429, "gemini": 429, "middleman": 429}),
    (Unauthorized(), {"anthropic": 401, "openai": 401, "gemini": 400, "middleman": 401}),
    (Forbidden(), {"anthropic": 403, "openai": 403, "gemini": 403, "middleman": 403}),
    (Gone(), {"anthropic": 404, "openai": 404, "gemini": 404, "middleman": 404}),
    (TooLong(), {"anthropic": 400, "openai": 400, "gemini": 400, "middleman": 400}),
]
PLACES = {
    "anthropic": "/v1/messages",
    "openai": "/v1/chat/completions",
    "gemini": "/v1beta/models/gemini-2.0-flash:generateContent",
    "middleman": "/openai/v1/responses",
}


@pytest.mark.parametrize("case", SAID, ids=lambda case: type(case[0]).__name__)
async def test_every_server_says_every_fault_in_its_own_way(world, case):
    fault, expected = case
    seen = {}
    for name, path in PLACES.items():
        api = getattr(world, name)
        api.fault(fault)
        async with httpx.AsyncClient(trust_env=False, verify=TRUST) as client:
            headers = {"x-goog-api-key": "wrong", "authorization": "Bearer wrong"}
            seen[name] = await client.post(api.url + path, json={}, headers=headers)

    assert {name: response.status_code for name, response in seen.items()} == expected
    bodies = {response.text for response in seen.values()}
    assert len(bodies) == (1 if fault == Status(502) else 4)


async def test_middlemans_rate_limit(world):
    world.middleman.fault(RateLimited(60))

    response = await gemini(world, "middleman")

    assert (response.status_code, response.headers["retry-after"]) == (429, "60")
    assert response.json() == {"error": "Too many requests"}


async def test_middleman_with_a_bad_certificate():
    made = tls("expired")
    async with Providers(middleman_tls=made.server) as world:
        async with httpx.AsyncClient(trust_env=False, verify=made.client()) as client:
            with pytest.raises(httpx.ConnectError, match="certificate has expired"):
                await client.post(f"{world.middleman.url}/openai/v1/responses", json={})
        assert await ask(world, "chat", "direct")
        assert world.middleman.requests == []


async def test_connections_are_kept(world):
    async with gpt(world) as client:
        for _ in range(3):
            await client.responses.create(model="gpt-4o", input="Hi")

    assert (len(world.openai.requests), world.openai.http.connections) == (3, 1)


async def test_geminis_key_may_stand_in_the_address(world):
    url = f"{world.gemini.url}{PLACES['gemini']}"
    body = {"contents": [{"parts": [{"text": "Hi"}]}]}
    async with httpx.AsyncClient(trust_env=False, verify=TRUST) as client:
        right = await client.post(url, params={"key": world.gemini.key}, json=body)
        wrong = await client.post(url, params={"key": "AIza-wrong"}, json=body)

    assert (right.status_code, wrong.status_code) == (200, 400)


@pytest.mark.parametrize("route", ROUTES)
async def test_only_large_requests(world, route):
    world.openai.fault(Status(500), when=large(10_000))

    with pytest.raises(openai.InternalServerError):
        await ask(world, "chat", route, text=LONG)
    assert await ask(world, "chat", route)


async def test_only_small_ones(world):
    world.openai.fault(Status(500), when=small(10_000))

    with pytest.raises(openai.InternalServerError):
        await ask(world, "chat")
    assert await ask(world, "chat", text=LONG)


async def test_only_one_path(world):
    world.openai.fault(Status(500), when=at_path("/responses"))

    with pytest.raises(openai.InternalServerError):
        await ask(world, "responses")
    assert await ask(world, "chat")


async def test_only_one_model(world):
    world.openai.fault(Status(500), when=of_model("gpt-4o-mini"))
    world.gemini.fault(Status(500), when=of_model("gemini-2.0-flash"))

    with pytest.raises(openai.InternalServerError):
        await ask(world, "chat", model="gpt-4o-mini")
    assert await ask(world, "chat", model="gpt-4o")
    assert (await gemini(world)).status_code == 500
    assert (await gemini(world, model="gemini-2.5-flash")).status_code == 200


async def test_only_the_direct_route(world):
    world.openai.fault(Status(500), when=direct)

    with pytest.raises(openai.InternalServerError):
        await ask(world, "chat", "direct")
    assert await ask(world, "chat", "middleman")


async def test_only_the_first_and_the_newest_fault_first(world):
    world.openai.fault(Status(500))
    world.openai.fault(Status(503), first=2)

    seen = []
    for _ in range(3):
        with pytest.raises(openai.InternalServerError) as failed:
            await ask(world, "chat")
        seen.append(failed.value.status_code)

    assert seen == [503, 503, 500]


async def test_what_is_recorded(world):
    await ask(world, "chat", text=LONG)

    (one,) = world.openai.requests
    assert (one.method, one.path, one.tokens) == ("POST", "/v1/chat/completions", 20_000)
    assert one.body["messages"][0]["content"] == LONG
    assert one.size == len(one.content) > 80_000
    assert one.bearer == world.openai.key in world.secrets
    assert one.at > 1_600_000_000


async def test_the_record_is_bounded(world):
    for size in [0] * (KEPT_REQUESTS + 9):
        world.openai._record(Request("POST", "/", {}, {}, b"", size, 0.0))
    assert len(world.openai.requests) == KEPT_REQUESTS

    for size in (KEPT_BYTES // 2, KEPT_BYTES // 2, 1):
        world.openai._record(Request("POST", "/", {}, {}, b"", size, 0.0))
    assert [one.size for one in world.openai.requests] == [KEPT_BYTES // 2, 1]
