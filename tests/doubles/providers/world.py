"""All of them together."""

import ssl
from contextlib import AsyncExitStack
from typing import Self

from tests.doubles.providers.anthropic_api import AnthropicApi
from tests.doubles.providers.gemini_api import GeminiApi
from tests.doubles.providers.middleman import Middleman
from tests.doubles.providers.openai_api import OpenAiApi
from tests.doubles.providers.server import FakeApi
from tests.doubles.providers.tokens import letters


class Providers:
    """Three providers and Middleman before them, on loopback."""

    def __init__(self, middleman_tls: ssl.SSLContext | None = None) -> None:
        self.anthropic = AnthropicApi(f"sk-ant-api03-{letters(95)}")
        self.openai = OpenAiApi(f"sk-proj-{letters(120)}")
        self.gemini = GeminiApi(f"AIzaSy{letters(33)}")
        providers = {"anthropic": self.anthropic, "openai": self.openai, "gemini": self.gemini}
        self.middleman = Middleman(providers, middleman_tls)
        self._running = AsyncExitStack()

    @property
    def all(self) -> tuple[FakeApi, ...]:
        """The four."""
        return (*self.middleman.providers.values(), self.middleman)

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every valid key and token: none may be seen where it doesn't belong."""
        return tuple(key for api in self.all for key in api.keys)

    def clear(self) -> None:
        """No more faults; expired tokens and revoked keys stay what they are."""
        for api in self.all:
            api.clear()

    async def __aenter__(self) -> Self:
        for api in self.all:
            await self._running.enter_async_context(api)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._running.aclose()
