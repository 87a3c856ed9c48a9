"""Each fault, as the providers' own clients see it."""

import asyncio
import re

import anthropic
import httpx
import openai
import pytest

from tests.doubles.providers import (
    Cut,
    Drip,
    Endless,
    Forbidden,
    Garbage,
    Gone,
    Hang,
    Hold,
    Overloaded,
    RateLimited,
    Redirect,
    Status,
    TooLong,
    Unauthorized,
    refusing,
    tls,
)
from tests.doubles.providers.anthropic_api import AnthropicApi
from tests.doubles.providers.asking import (
    CLAUDE,
    DIALECTS,
    ROUTES,
    TRUST,
    ask,
    claude_at,
    gemini,
    gpt,
    module,
    server,
    user,
)

IMPATIENT = openai.Timeout(5, read=0.2)
"""A client's time-out, for answers that never come."""

STATUSES = [
    (Status(500), 500, "InternalServerError", "nternal server error|server had an error"),
    (Status(502), 502, "InternalServerError", "<center>nginx</center>"),
    (Status(503), 503, "InternalServerError", "overloaded|upstream connect error"),
    (Status(504), 504, "InternalServerError", "504 Gateway Time-out"),
    (Status(400, "Bad thing"), 400, "BadRequestError", "Bad thing"),
    (RateLimited(360), 429, "RateLimitError", "rate limit|Please try again in 6m0s"),
    (
        Unauthorized(),
        401,
        "AuthenticationError",
        "Invalid bearer token|invalid x-api-key|Incorrect API key",
    ),
    (Forbidden(), 403, "PermissionDeniedError", "permission to use|does not have access to model"),
    (TooLong(), 400, "BadRequestError", "prompt is too long|maximum context|context window"),
]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("case", STATUSES, ids=lambda case: type(case[0]).__name__ + str(case[1]))
async def test_statuses(world, dialect, route, case):
    fault, status, error, text = case
    server(world, dialect).fault(fault)

    with pytest.raises(getattr(module(dialect), error)) as failed:
        await ask(world, dialect, route)
    world.clear()

    assert failed.value.status_code == status
    assert re.search(text, failed.value.response.text)
    assert await ask(world, dialect, route)


async def test_overloaded_is_anthropics_alone(world):
    world.anthropic.fault(Overloaded())

    with pytest.raises(anthropic.OverloadedError) as failed:
        await ask(world, "messages")
    for api in (world.openai, world.gemini, world.middleman):
        with pytest.raises(ValueError, match="never answers 529"):
            api.fault(Overloaded())

    assert (failed.value.type, failed.value.api_message) == ("overloaded_error", "Overloaded")
    assert failed.value.request_id == failed.value.body["request_id"]


async def test_rate_limits_say_when_they_end(world):
    for api in (world.anthropic, world.openai, world.gemini):
        api.fault(RateLimited(360))

    with pytest.raises(anthropic.RateLimitError) as claude_says:
        await ask(world, "messages")
    with pytest.raises(openai.RateLimitError) as gpt_says:
        await ask(world, "chat")
    google = (await gemini(world)).json()["error"]

    headers = claude_says.value.response.headers
    assert headers["retry-after"] == "360"
    assert headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert headers["anthropic-ratelimit-requests-reset"].endswith("Z")
    assert gpt_says.value.response.headers["x-ratelimit-reset-requests"] == "6m0s"
    assert gpt_says.value.response.headers["retry-after"] == "360"
    assert (gpt_says.value.code, gpt_says.value.type) == ("rate_limit_exceeded", "requests")
    assert (google["code"], google["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert google["details"][-1]["@type"] == "type.googleapis.com/google.rpc.RetryInfo"
    assert google["details"][-1]["retryDelay"] == "360s"


async def test_a_client_that_retries_waits_as_it_was_told(world, monkeypatch):
    waits = []

    async def note(seconds):
        waits.append(seconds)

    monkeypatch.setattr("openai._base_client.anyio.sleep", note)
    world.openai.fault(RateLimited(7), first=1)

    said = await ask(world, "chat", max_retries=1)

    assert said.choices[0].message.content
    assert waits == [7]
    assert [r.headers["x-stainless-retry-count"] for r in world.openai.requests] == ["0", "1"]


async def test_a_model_that_is_gone(world):
    world.anthropic.fault(Gone())
    world.openai.fault(Gone())
    world.gemini.fault(Gone())

    with pytest.raises(anthropic.NotFoundError, match=f"model: {CLAUDE}"):
        await ask(world, "messages")
    with pytest.raises(openai.NotFoundError, match="does not exist or you do not have access"):
        await ask(world, "chat")
    with pytest.raises(openai.BadRequestError, match="The requested model 'gpt-4o' does not exist"):
        await ask(world, "responses")
    assert (await gemini(world)).status_code == 404


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_no_answer_at_all(world, dialect, route):
    server(world, dialect).fault(Hang())

    with pytest.raises(module(dialect).APITimeoutError):
        await ask(world, dialect, route, timeout=IMPATIENT)
    world.clear()

    assert await ask(world, dialect, route)


CUTS = [("start", "direct"), ("headers", "direct"), ("body", "direct"), ("body", "middleman")]


@pytest.mark.parametrize(("where", "route"), CUTS)
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_cut_connection(world, dialect, where, route):
    server(world, dialect).fault(Cut(where))

    with pytest.raises(module(dialect).APIConnectionError) as failed:
        await ask(world, dialect, route)
    world.clear()

    assert not isinstance(failed.value, module(dialect).APITimeoutError)
    assert await ask(world, dialect, route)


@pytest.mark.parametrize(
    ("where", "last"),
    [("start", b""), ("headers", b"content-type: applic"), ("body", b'{"id": "')],
)
async def test_where_a_connection_is_cut(world, where, last):
    """On the socket: to a client the first two look alike."""
    world.openai.fault(Cut(where))
    reader, writer = await asyncio.open_connection("127.0.0.1", world.openai.http.port)
    writer.write(b"GET / HTTP/1.1\r\nhost: tests\r\n\r\n")

    sent = await reader.read()
    writer.close()
    await writer.wait_closed()

    assert sent.splitlines()[-1:] == ([last] if last else [])


@pytest.mark.parametrize("where", ["start", "headers"])
async def test_middleman_makes_a_502_of_a_provider_that_hangs_up(world, where):
    world.openai.fault(Cut(where))

    with pytest.raises(openai.InternalServerError) as failed:
        await ask(world, "chat", "middleman")

    assert (failed.value.status_code, "nginx" in failed.value.response.text) == (502, True)


@pytest.mark.parametrize("kind", ["html", "shape", "fields"])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_garbage_with_status_200(world, dialect, kind):
    server(world, dialect).fault(Garbage(kind))

    with pytest.raises(module(dialect).APIResponseValidationError) as failed:
        await ask(world, dialect)

    assert failed.value.status_code == 200


@pytest.mark.parametrize("kind", ["truncated", "empty", "binary"])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_what_calls_itself_json_and_is_none(world, dialect, kind):
    """Which the clients don't catch: it comes out as json's own error."""
    server(world, dialect).fault(Garbage(kind))

    with pytest.raises(ValueError, match=r"Unterminated string|Expecting value"):
        await ask(world, dialect)


@pytest.mark.parametrize("fault", [Drip(seconds=0.001), Endless()])
@pytest.mark.parametrize("route", ROUTES)
async def test_bodies_without_end(world, fault, route):
    """By httpx: the providers' clients would read on for ever."""
    world.gemini.fault(fault)
    base, headers = world.gemini.url, {"x-goog-api-key": world.gemini.key}
    if route == "middleman":
        base, headers = f"{world.middleman.url}/gemini", _bearer(world)
    url = f"{base}/v1beta/models/gemini-2.0-flash:generateContent"
    least = 8 if isinstance(fault, Drip) else 8 * 2**20

    async with (
        httpx.AsyncClient(trust_env=False, verify=TRUST) as client,
        client.stream("POST", url, headers=headers, json={}) as response,
    ):
        read = 0
        async for chunk in response.aiter_raw():
            read += len(chunk)
            if read >= least:
                break

    assert (response.status_code, read >= least) == (200, True)


async def test_a_held_answer_comes_once_it_is_released(world):
    hold = Hold()
    world.openai.fault(hold)

    with pytest.raises(openai.APITimeoutError):
        await ask(world, "chat", timeout=IMPATIENT)
    hold.release()

    assert await ask(world, "chat")


async def test_a_redirect_to_another_host(world):
    """A client that follows it gives the key away; one that doesn't sees a 302."""
    async with AnthropicApi("sk-ant-elsewhere") as elsewhere:
        world.anthropic.fault(Redirect(elsewhere.url, status=307))
        headers = {"x-api-key": world.anthropic.key, "anthropic-version": "2023-06-01"}
        url = f"{world.anthropic.url}/v1/messages"
        async with httpx.AsyncClient(trust_env=False, verify=TRUST) as client:
            seen = await client.post(url, headers=headers, json={})
            assert elsewhere.requests == []
            followed = await client.post(url, headers=headers, json={}, follow_redirects=True)

        assert (seen.status_code, seen.headers["location"]) == (307, f"{elsewhere.url}/v1/messages")
        assert followed.status_code == 401
        assert elsewhere.requests[0].headers["x-api-key"] == world.anthropic.key


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("self_signed", "self-signed certificate"),
        ("expired", "certificate has expired"),
        ("wrong_host", "IP address mismatch"),
    ],
)
async def test_certificates_that_nobody_should_trust(kind, text):
    made = tls(kind)
    async with AnthropicApi("sk-ant-tls", tls=made.server) as api:
        options = {"base_url": api.http.url, "api_key": api.key, "trust": made.client()}
        async with claude_at(**options) as client:
            with pytest.raises(anthropic.APIConnectionError) as failed:
                await client.messages.create(model=CLAUDE, max_tokens=99, messages=user("Hi"))

        assert text in str(failed.value.__cause__)
        assert api.requests == []


async def test_a_certificate_that_may_be_trusted():
    made = tls("valid")
    async with AnthropicApi("sk-ant-tls", tls=made.server) as api:
        options = {"base_url": api.url, "api_key": api.key, "trust": made.client()}
        async with claude_at(**options) as client:
            said = await client.messages.create(model=CLAUDE, max_tokens=99, messages=user("Hi"))

    assert said.content[0].text.startswith("Hello")


async def test_a_port_where_nobody_listens(world):
    with refusing() as url:
        async with gpt(world, base_url=url) as client:
            with pytest.raises(openai.APIConnectionError) as failed:
                await client.responses.create(model="gpt-4o", input="Hi")

    assert "ConnectError" in type(failed.value.__cause__).__name__


async def test_a_bug_in_a_fake_is_no_fault(world):
    async with httpx.AsyncClient(trust_env=False, verify=TRUST) as client:
        with pytest.raises(NotImplementedError):
            await _break(world, client)


async def _break(world, client):
    async with AnthropicApi("sk-ant-broken") as api:
        api.answer = super(AnthropicApi, api).answer
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(api.url, headers=_bearer(world))


def _bearer(world):
    return {"authorization": f"Bearer {world.middleman.token}"}
