"""The Anthropic, OpenAI and Gemini APIs on loopback, and Middleman in front of them.

    async with Providers() as world:
        world.anthropic.url, world.openai.url, world.gemini.url, world.middleman.url
        world.openai.key                    # valid on the direct route; random
        world.middleman.token               # what Middleman accepts, as a bearer token
        world.secrets                       # all of them, to search for leaks

        world.openai.fault(Status(500))                        # on both routes
        world.openai.fault(Status(500), when=large(10_000))    # only above 10,000 tokens
        world.openai.fault(RateLimited(360), first=2)          # two requests, then all is well
        world.openai.fault(Hang(), when=at_path("/responses"))
        world.openai.fault(Status(500), when=direct)           # not through Middleman
        world.middleman.fault(Status(502))                     # only through Middleman
        world.clear()                                          # or world.openai.clear()

        world.middleman.expire()            # 401, token expired; `renew()` gives a new one
        world.middleman.deny("gpt-4o")      # 403
        world.openai.revoke()               # 401 on the direct route only
        del world.openai.models["gpt-4o"]   # 404, as for a model that is gone
        world.openai.models["new"] = Model(context=1_000, output=100)

        world.openai.requests[-1].headers   # also method, path, query, body, size, tokens, at

Routes: `<anthropic>/v1/messages`, `<openai>/v1/chat/completions`, `<openai>/v1/responses`,
`<gemini>/v1beta/models/<model>:generateContent`; through Middleman the same below
`<middleman>/{anthropic,openai,gemini}/`, with `Authorization: Bearer <token>` for every dialect.

Conditions (`when`) are any functions of a request; conditions.py has some.

Faults (faults.py): whole answers are `Status`, `Overloaded` (Anthropic's 529), `RateLimited`,
`Unauthorized`, `Forbidden`, `Gone`, `TooLong`, `Redirect`, `Garbage`; those of the connection
`Hang`, `Hold` (until the test releases it), `Drip`, `Endless`, `Cut`. A server says each in its
own dialect; a status that its API never gives is a ValueError. Below HTTP (connections.py):
`refusing()` is a port where nobody listens, and there are certificates that nobody should trust:

    with refusing() as url: ...
    made = tls("expired")               # or self_signed, wrong_host, valid
    async with Providers(middleman_tls=made.server) as world: ...
    async with OpenAiApi("sk-key", tls=made.server) as api: ...
    made.client()                       # an SSLContext that trusts the authority of `made`

Without a fault the servers check keys, headers and bodies as the real ones do: unknown
fields, limits of output tokens, and the context window, with tokens counted as a quarter of the
characters. Models that think spend the first 64 output tokens on that, so with a smaller limit
their answer is a success without text, as in reality.
"""

from tests.doubles.providers.anthropic_api import AnthropicApi
from tests.doubles.providers.conditions import at_path, direct, large, of_model, small
from tests.doubles.providers.connections import Tls, refusing, tls
from tests.doubles.providers.faults import (
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
)
from tests.doubles.providers.gemini_api import GeminiApi
from tests.doubles.providers.models import Model
from tests.doubles.providers.openai_api import OpenAiApi
from tests.doubles.providers.world import Providers

__all__ = [
    "AnthropicApi",
    "Cut",
    "Drip",
    "Endless",
    "Forbidden",
    "Garbage",
    "GeminiApi",
    "Gone",
    "Hang",
    "Hold",
    "Model",
    "OpenAiApi",
    "Overloaded",
    "Providers",
    "RateLimited",
    "Redirect",
    "Status",
    "Tls",
    "TooLong",
    "Unauthorized",
    "at_path",
    "direct",
    "large",
    "of_model",
    "refusing",
    "small",
    "tls",
]
