"""What the fakes refuse, in the providers' words: bodies, models, keys, and what is too long."""

import anthropic
import openai
import pytest

from tests.doubles.providers import Model
from tests.doubles.providers.asking import (
    CLAUDE,
    DIALECTS,
    GPT,
    ROUTES,
    ask,
    claude_at,
    gemini,
    gpt,
    module,
    post,
    server,
    user,
)
from tests.doubles.providers.openai_api import duration, masked

HI = user("Hi")
WRONG = [
    ("messages", {"model": CLAUDE, "messages": HI}, "max_tokens: Field required"),
    ("messages", {"model": CLAUDE, "max_tokens": 9}, "messages: Field required"),
    ("messages", {"max_tokens": 9, "messages": HI}, "model: Field required"),
    ("messages", {"model": CLAUDE, "max_tokens": 9, "messages": []}, "at least one message"),
    (
        "messages",
        {"model": CLAUDE, "max_tokens": 9, "messages": [{"role": "robot", "content": "Hi"}]},
        "messages.0.role: Input should be 'user' or 'assistant'",
    ),
    (
        "messages",
        {"model": CLAUDE, "max_tokens": 9, "messages": [{"role": "system", "content": "Hi"}]},
        "top-level `system` parameter",
    ),
    (
        "messages",
        {"model": CLAUDE, "max_tokens": 9, "messages": HI, "n": 1},
        "n: Extra inputs are not permitted",
    ),
    ("messages", {"model": CLAUDE, "max_tokens": 70_000, "messages": HI}, "70000 > 64000"),
    ("chat", {"model": GPT}, "Missing required parameter: 'messages'"),
    ("chat", {"messages": HI}, "you must provide a model parameter"),
    ("chat", {"model": GPT, "messages": []}, "empty array"),
    (
        "chat",
        {"model": GPT, "messages": [{"role": "robot", "content": "Hi"}]},
        "Invalid value: 'robot'",
    ),
    ("chat", {"model": GPT, "messages": HI, "input": "Hi"}, "Unknown parameter: 'input'"),
    (
        "chat",
        {"model": "o3", "messages": HI, "max_tokens": 9},
        "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    ),
    ("chat", {"model": "o3", "messages": HI, "temperature": 0}, "does not support 0"),
    ("chat", {"model": GPT, "messages": HI, "max_tokens": 20_000}, "at most 16384 completion"),
    ("responses", {"model": GPT, "messages": HI}, "this parameter has moved to 'input'"),
    ("responses", {"model": GPT}, "Missing required parameter: 'input'"),
    ("responses", {"model": GPT, "input": "Hi", "max_tokens": 9}, "to 'max_output_tokens'"),
    ("responses", {"model": GPT, "input": "Hi", "max_output_tokens": 1}, "value >= 16, but got 1"),
    ("responses", {"model": "gpt-0", "input": "Hi"}, "The requested model 'gpt-0' does not exist"),
]


@pytest.mark.parametrize(("dialect", "body", "text"), WRONG)
async def test_a_wrong_body_is_refused_as_by_the_provider(world, dialect, body, text):
    with pytest.raises(module(dialect).BadRequestError) as refused:
        await post(world, dialect, body)

    assert text in refused.value.message
    assert "invalid_request_error" in str(refused.value.body)


async def test_models_that_think_take_the_other_limit(world):
    """The same body that the test before this shows to be refused, with the right name."""
    said = await post(world, "chat", {"model": "o3", "messages": HI, "max_completion_tokens": 99})

    assert said["usage"]["completion_tokens_details"]["reasoning_tokens"] == 64


async def test_unknown_models(world):
    with pytest.raises(anthropic.NotFoundError, match="model: claude-0") as claude_says:
        await ask(world, "messages", model="claude-0")
    with pytest.raises(openai.NotFoundError, match="The model `gpt-0` does not exist") as gpt_says:
        await ask(world, "chat", model="gpt-0")
    with pytest.raises(openai.NotFoundError, match="only supported in v1/responses"):
        await ask(world, "chat", model="o3-pro")
    google = await gemini(world, model="gemini-0")

    assert claude_says.value.type == "not_found_error"
    assert gpt_says.value.code == "model_not_found"
    assert (google.status_code, google.json()["error"]["status"]) == (404, "NOT_FOUND")
    assert "models/gemini-0 is not found" in google.json()["error"]["message"]


async def test_keys_and_versions(world):
    url = world.anthropic.url
    async with claude_at(base_url=url, api_key="sk-ant-wrong") as client:
        with pytest.raises(anthropic.AuthenticationError, match="Invalid bearer token"):
            await client.messages.create(model=CLAUDE, max_tokens=9, messages=HI)
        with pytest.raises(anthropic.AuthenticationError, match="invalid x-api-key"):
            await client.messages.create(
                model=CLAUDE,
                max_tokens=9,
                messages=HI,
                extra_headers={"x-api-key": "sk-ant-wrong", "authorization": anthropic.omit},
            )
    async with claude_at(base_url=url, api_key=world.anthropic.key) as client:
        with pytest.raises(
            anthropic.BadRequestError, match="anthropic-version: header is required"
        ):
            await client.messages.create(
                model=CLAUDE,
                max_tokens=9,
                messages=HI,
                extra_headers={"anthropic-version": anthropic.omit},
            )
    async with gpt(world, api_key="sk-proj-wrong-wrong-wrong") as client:
        with pytest.raises(openai.AuthenticationError, match="Incorrect API key provided") as wrong:
            await client.chat.completions.create(model=GPT, messages=HI)

    assert wrong.value.code == "invalid_api_key"
    assert "sk-proj-wrong-wrong-wrong" not in wrong.value.message


async def test_anthropics_key_in_its_own_header(world):
    headers = {"x-api-key": world.anthropic.key, "authorization": anthropic.omit}
    async with claude_at(base_url=world.anthropic.url, api_key="another") as client:
        said = await client.messages.create(
            model=CLAUDE, max_tokens=99, messages=HI, extra_headers=headers
        )

    assert said.stop_reason == "end_turn"
    assert "authorization" not in world.anthropic.requests[-1].headers


async def test_gemini_says_400_to_a_wrong_key_and_403_to_none(world):
    wrong = await gemini(world, headers={"x-goog-api-key": "AIza-wrong"})
    none = await gemini(world, headers={})

    assert (wrong.status_code, none.status_code) == (400, 403)
    assert wrong.json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    assert none.json()["error"]["status"] == "PERMISSION_DENIED"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"generationConfig": {}}, "contents is not specified"),
        ({"contents": [{"role": "robot", "parts": [{"text": "Hi"}]}]}, "Please use a valid role"),
        ({"messages": HI}, 'Unknown name "messages"'),
    ],
)
async def test_gemini_refuses_a_wrong_body(world, body, text):
    refused = await gemini(world, body=body)

    assert (refused.status_code, refused.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert text in refused.json()["error"]["message"]


TOO_LONG = {
    "messages": "prompt is too long: 215000 tokens > 200000 maximum",
    "chat": (
        "This model's maximum context length is 128000 tokens. However, your messages resulted in"
        " 215000 tokens. Please reduce the length of the messages."
    ),
    "responses": "Your input exceeds the context window of this model.",
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_beyond_the_context_window(world, dialect, route):
    with pytest.raises(module(dialect).BadRequestError) as refused:
        await ask(world, dialect, route, text="a" * 860_000)

    assert TOO_LONG[dialect] in refused.value.message
    assert server(world, dialect).requests[-1].tokens == 215_000
    if dialect != "messages":
        assert refused.value.code == "context_length_exceeded"


async def test_beyond_it_together_with_the_answer(world):
    with pytest.raises(anthropic.BadRequestError, match=r"199950 \+ 100 > 200000, decrease"):
        await ask(world, "messages", text="a" * 4 * 199_950)
    with pytest.raises(openai.BadRequestError, match="127950 in the messages, 100 in the compl"):
        await ask(world, "chat", text="a" * 4 * 127_950)
    with pytest.raises(openai.BadRequestError, match="Input tokens exceed the configured limit"):
        await ask(world, "chat", model="gpt-5", text="a" * 4 * 272_001)


async def test_beyond_geminis(world):
    world.gemini.models["gemini-2.0-flash"] = Model(context=1_000, output=100)
    asked = {"contents": [{"parts": [{"text": "a" * 4_400}]}]}

    refused = await gemini(world, body=asked)

    assert refused.status_code == 400
    assert refused.json()["error"]["message"] == (
        "The input token count (1100) exceeds the maximum number of tokens allowed (1000)."
    )


async def test_beyond_32_mb_and_beyond_a_strings_length(world):
    with pytest.raises(anthropic.APIStatusError) as large:
        await ask(world, "messages", text="a" * (33 * 2**20))
    with pytest.raises(openai.BadRequestError, match="string too long"):
        await ask(world, "responses", text="a" * 10_485_761)

    assert (large.value.status_code, large.value.type) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("seconds", "text"), [(360, "6m0s"), (1.2, "1.2s"), (0.12, "120ms"), (7325, "2h2m5s")]
)
def test_durations_are_written_as_openai_does(seconds, text):
    assert duration(seconds) == text


def test_a_repeated_key_is_masked():
    assert masked("sk-proj-0123456789abcd") == "sk-proj-**********abcd"
    assert masked("short") == "*****"
