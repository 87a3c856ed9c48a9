"""The evaluation of the demo: real Inspect, a scripted provider, no network.

Run as `python -m demo.evaluation LOGDIR [SAMPLE…]`. Eight samples make one call after the other.
After a few calls the provider answers 500 to every attempt of sample 5 (or of those that are
named), as providers do; the others go on. It recovers, and later the samples end, on the demo's
cues; by hand, Enter gives one.
"""

import asyncio
import sys
from threading import Thread
from typing import Any

import httpx
import openai
from inspect_ai import Task, eval_set, task
from inspect_ai.dataset import Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageUser,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    get_model,
    modelapi,
)
from inspect_ai.scorer import includes
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolChoice, ToolInfo
from tenacity import wait_exponential_jitter
from tenacity.wait import wait_base

from demo.cues import Cues

SAMPLES = 8
MOST_CALLS = 400
"""Only a bound: the demo itself gives up before."""

CALL_SECONDS = 2.0
CUES = Cues()


@modelapi(name="scripted")
class Scripted(ModelAPI):
    """Answers after two seconds; until it recovers it fails one sample's every attempt."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 - Inspect's signature
        **_arguments: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: A002 - Inspect's name
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """One call."""
        del tools, tool_choice, config
        await asyncio.sleep(CALL_SECONDS)
        answers = sum(message.role == "assistant" for message in input)
        if CUES.fails(int(input[0].text.split()[1]), answers):
            raise server_error()
        return ModelOutput.from_content(self.model_name, "step done")

    def should_retry(self, ex: BaseException) -> bool:
        """As Inspect's OpenAI provider decides."""
        return isinstance(ex, openai.InternalServerError)

    def retry_wait(self) -> wait_base:
        """Inspect's back-off in fast motion: it would begin at 3 s and grow to half an hour."""
        return wait_exponential_jitter(multiplier=0.2, max=8, jitter=0.2)


def server_error() -> openai.InternalServerError:
    """What the OpenAI client raises for a 500."""
    body = {"error": {"message": "The server had an error while processing your request"}}
    request = httpx.Request("POST", "https://api.openai.com/v1/chat/completions")
    response = httpx.Response(500, json=body, request=request)
    return openai.InternalServerError(f"Error code: 500 - {body}", response=response, body=body)


@solver
def steps() -> Solver:
    """One call after the other, until they may end."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        for number in range(MOST_CALLS):
            state = await generate(state)
            if CUES.end.is_set():
                break
            state.messages.append(ChatMessageUser(content=f"go on ({number})"))
        return state

    return solve


@task
def demo() -> Task:
    """Eight samples that only differ in their number."""
    samples = [
        Sample(id=number, input=f"sample {number} works in steps", target="done")
        for number in range(1, SAMPLES + 1)
    ]
    return Task(dataset=samples, solver=steps(), scorer=includes())


def main(log_dir: str, *victims: str) -> int:
    """Run it; 0 when it ended well."""
    CUES.victims = {int(sample) for sample in victims} or CUES.victims
    Thread(target=CUES.listen, args=(sys.stdin.fileno(),), daemon=True).start()
    success, logs = eval_set(
        [demo()],
        model=get_model("scripted/gpt-4o", memoize=False),
        log_dir=log_dir,
        log_shared=1,
        display="none",
        retry_attempts=0,
        retry_immediate=False,
    )
    for log in logs:
        if log.error is not None:
            print(log.error.traceback, file=sys.stderr)
    return 0 if success else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
