"""Direct API tests against servers that behave as the providers' and Middleman do.

`tests/providers` is shown to be faithful by the official clients.
"""

import asyncio
import logging

import pytest

from tests.doubles.providers import (
    Cut,
    Drip,
    Endless,
    Forbidden,
    Garbage,
    Gone,
    Hang,
    Overloaded,
    Providers,
    RateLimited,
    Redirect,
    Status,
    TooLong,
    Unauthorized,
    direct,
    large,
    refusing,
    tls,
)
from tests.doubles.providers.settings import settings
from watchdog.collect.probes.credentials import Credential, NoCredential, read
from watchdog.collect.probes.reproduce import reproductions
from watchdog.collect.probes.tester import ApiTester, Trial, filler
from watchdog.config.probes import Probes
from watchdog.model.probe import ProbeOutcome as Out

NOW = 1_000_000.0
MODELS = (
    "anthropic/claude-sonnet-4-20250514",
    "openai/gpt-4o",
    "openai/o3",
    "google/gemini-2.5-pro",
)
ROUTES = ("middleman", "direct")


@pytest.fixture
async def world():
    async with Providers() as made:
        yield made


@pytest.fixture
async def tester(world):
    made = ApiTester(settings(world))
    yield made
    await made.aclose()


async def outcome(tester, model="openai/gpt-4o", route="direct", **trial):
    return await tester.test(Trial(model, route, **trial), NOW)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("model", MODELS)
async def test_every_api_answers_on_every_route(tester, model, route):
    found = await outcome(tester, model, route)
    assert (found.outcome, found.status, found.detail) == (Out.OK, 200, "")
    assert found.model == model
    assert found.seconds > 0


@pytest.mark.parametrize("model", MODELS)
async def test_a_large_request_is_as_large_as_it_says(world, tester, model):
    found = await outcome(
        tester, model, "middleman", size="large", messages=filler(20_000), tokens=20_000
    )
    assert found.outcome is Out.OK
    # the servers count a quarter of the characters; real tokenizers a token for each short word
    sent = world.middleman.requests[-1]
    assert 15_000 < sent.tokens < 25_000


async def test_beyond_the_context_window_each_api_says_that_it_is_too_long(world, tester):
    for model in MODELS:
        api = {"anthropic": world.anthropic, "openai": world.openai}.get(
            model.split("/")[0], world.gemini
        )
        api.fault(TooLong())
        for route in ROUTES:
            found = await outcome(tester, model, route)
            assert found.outcome is Out.TOO_LONG, (model, found)
        api.clear()


ANSWERS = [
    (Status(500), Out.SERVER_ERROR, 500),
    (Status(502), Out.SERVER_ERROR, 502),
    (Status(503), Out.SERVER_ERROR, 503),
    (RateLimited(360), Out.RATE_LIMITED, 429),
    (Unauthorized(), Out.UNAUTHENTICATED, None),
    (Forbidden(), Out.FORBIDDEN, 403),
    (Gone(), Out.NOT_FOUND, None),
    (Status(400), Out.REFUSED, 400),
    (Garbage("html"), Out.GARBAGE, 200),
    (Garbage("truncated"), Out.GARBAGE, 200),
    (Garbage("shape"), Out.GARBAGE, 200),
    (Garbage("empty"), Out.GARBAGE, 200),
    (Garbage("fields"), Out.GARBAGE, 200),
    (Garbage("binary"), Out.GARBAGE, 200),
    (Cut("start"), Out.CONNECTION, None),
    (Cut("headers"), Out.CONNECTION, None),
    (Cut("body"), Out.CONNECTION, None),
    (Endless(), Out.GARBAGE, 200),
]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: str(case[0])[:24])
async def test_each_fault_is_told_apart(world, tester, model, case):
    fault, expected, status = case
    for api in world.all:
        api.fault(fault)
    found = await outcome(tester, model)
    assert found.outcome is expected, found
    if status is not None:
        assert found.status == status


async def test_anthropic_s_529_is_a_server_error(world, tester):
    world.anthropic.fault(Overloaded())
    for route in ROUTES:
        found = await outcome(tester, MODELS[0], route)
        assert (found.outcome, found.status) == (Out.SERVER_ERROR, 529)
        assert "overloaded" in found.detail.lower()


@pytest.mark.parametrize("model", MODELS)
async def test_a_rate_limit_says_when_it_ends(world, tester, model):
    for api in world.all:
        api.fault(RateLimited(360))
    found = await outcome(tester, model)
    assert found.again_at is not None
    assert 0 < found.again_at - NOW <= 7 * 86_400 or found.again_at > NOW


@pytest.mark.parametrize("fault", [Hang(), Drip()], ids=["hang", "drip"])
async def test_what_never_ends_is_ended(world, fault):
    world.openai.fault(fault)
    made = ApiTester(settings(world, timeout=0.5))
    found = await outcome(made)
    assert (found.outcome, found.status) == (Out.TIMEOUT, None)
    await made.aclose()


async def test_a_test_can_be_cancelled(world, tester):
    world.openai.fault(Hang())
    running = asyncio.create_task(outcome(tester))
    while not world.openai.requests:  # noqa: ASYNC110 - the server has no event for it
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("kind", ["self_signed", "expired", "wrong_host"])
async def test_a_certificate_that_nobody_trusts_gets_no_credentials(kind):
    from tests.doubles.providers.openai_api import OpenAiApi  # noqa: PLC0415

    api = OpenAiApi("sk-proj-secret-secret-secret", tls=tls(kind).server)
    async with api:
        made = ApiTester(Probes(providers={"openai": {"url": api.url, "key": "sk-proj-x"}}))
        found = await outcome(made)
        assert found.outcome is Out.TLS, found
        assert not api.requests
        await made.aclose()


async def test_no_listener_and_no_name():
    with refusing() as url:
        made = ApiTester(Probes(providers={"openai": {"url": url, "key": "sk-proj-x"}}))
        assert (await outcome(made)).outcome is Out.CONNECTION
        await made.aclose()


async def test_a_redirect_is_not_followed(world, tester):
    world.openai.fault(Redirect(world.anthropic.url))
    found = await outcome(tester)
    assert (found.outcome, found.status) == (Out.REDIRECTED, 302)
    assert not world.anthropic.requests


async def test_credentials_go_to_their_own_host_only(world, tester):
    for model in MODELS:
        for route in ROUTES:
            await outcome(tester, model, route)
    for api in world.all:
        own = set(api.keys) | ({world.middleman.token} if api is world.middleman else set())
        foreign = [secret for secret in world.secrets if secret not in own]
        for request in api.requests:
            if api is not world.middleman and not direct(request):
                continue  # what Middleman itself sent on, with the provider's key
            shown = f"{request.path} {request.query} {request.headers} {request.body}"
            assert not [secret for secret in foreign if secret in shown]


async def test_what_is_said_of_a_key_is_redacted_and_nothing_is_logged(world, tester, caplog):
    caplog.set_level(logging.DEBUG)
    world.openai.fault(Status(401, f"Incorrect API key provided: {world.openai.key}."))
    found = await outcome(tester)
    assert found.outcome is Out.UNAUTHENTICATED
    assert world.openai.key not in found.detail
    assert "[redacted]" in found.detail
    assert not [secret for secret in world.secrets if secret in caplog.text]


async def test_a_rotated_file_is_read_anew(world, tmp_path):
    token = tmp_path / "token"
    token.write_text("expired-token-expired-token\n")
    made = ApiTester(
        Probes(
            middleman_url=world.middleman.url,
            middleman_token_file=token,
        )
    )
    assert (await outcome(made, route="middleman")).outcome is Out.UNAUTHENTICATED
    token.write_text(f"{world.middleman.token}\n")
    assert (await outcome(made, route="middleman")).outcome is Out.OK
    await made.aclose()


SOURCES = [
    (Credential(), "set"),
    (Credential(variable="NOT_SET"), "NOT_SET is not set"),
    (Credential(command="false"), "status 1"),
    (Credential(command="no-such-program-here"), "can't be run"),
    (Credential(command="printf ''"), "is empty"),
    (Credential(command="echo two words"), "gives no token"),
    (Credential(command="'"), "can't be run"),
]


@pytest.mark.parametrize(("credential", "why"), SOURCES)
async def test_a_source_without_a_key_says_why(credential, why):
    with pytest.raises(NoCredential, match=why):
        await read(credential, {})


async def test_a_key_comes_from_each_source(tmp_path):
    file = tmp_path / "key"
    file.write_text(" from-file \n")
    assert await read(Credential(file=file), {}) == "from-file"
    assert await read(Credential(command="echo from-command"), {}) == "from-command"
    assert await read(Credential(variable="KEY"), {"KEY": "from-env"}) == "from-env"
    with pytest.raises(NoCredential, match="No such file"):
        await read(Credential(file=tmp_path / "none"), {})


async def test_a_route_without_address_or_key_is_not_tested():
    made = ApiTester(Probes(providers={"openai": {"key_env": "NOT_SET_ANYWHERE"}}))
    found = [await outcome(made, route=route) for route in ROUTES]
    assert {each.outcome for each in found} == {Out.NOT_TESTED}
    assert found[0].detail == "no address: probes.middleman_url is not set"
    assert found[1].detail == "no key: NOT_SET_ANYWHERE is not set"
    for model in ("openai/azure/gpt-4o", "mockllm/model", "gpt-4o", "openai/"):
        assert (await outcome(made, model)).outcome is Out.NOT_TESTED
    await made.aclose()


async def test_models_may_have_other_names_and_providers_are_configured(world):
    made = ApiTester(
        Probes(
            middleman_url=world.middleman.url,
            middleman_token=world.middleman.token,
            providers={
                "scripted": {
                    "api": "anthropic",
                    "url": f"{world.anthropic.url}/v1",
                    "middleman_path": "/anthropic/v1",
                    "key": world.anthropic.key,
                }
            },
            models=[
                {"model": "scripted/*", "direct": MODELS[0].split("/")[1], "middleman": "gone"}
            ],
        )
    )
    assert (await outcome(made, "scripted/x")).outcome is Out.OK
    assert (await outcome(made, "scripted/x", "middleman")).outcome is Out.NOT_FOUND
    await made.aclose()


async def test_only_large_requests_fail(world, tester):
    world.openai.fault(Status(500), when=large(10_000))
    assert (await outcome(tester)).outcome is Out.OK
    found = await outcome(tester, size="large", messages=filler(20_000), tokens=20_000)
    assert found.outcome is Out.SERVER_ERROR


@pytest.mark.parametrize("model", MODELS)
async def test_the_commands_for_people_do_the_same(world, model):
    """What curl is told is run by curl, with the key in the variable that it names."""
    given = settings(world, timeout=20)
    for each in reproductions(model, given, tokens=2_000):
        key = world.middleman.token if "Middleman" in each.title else _key(world, model)
        command = each.command.replace("$TOKEN", "$K").replace("$OPENAI_API_KEY", "$K")
        command = command.replace("$ANTHROPIC_API_KEY", "$K").replace("$GOOGLE_API_KEY", "$K")
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            command,
            env={"K": key, "PATH": "/usr/bin:/bin", "no_proxy": "*"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, complaint = await process.communicate()
        assert process.returncode == 0, complaint
        assert b'"error"' not in said.replace(b'"error":null', b"").replace(b'"error": null', b"")
        assert key not in each.command


def _key(world, model):
    apis = {"anthropic": world.anthropic, "openai": world.openai, "google": world.gemini}
    return apis[model.split("/")[0]].key
