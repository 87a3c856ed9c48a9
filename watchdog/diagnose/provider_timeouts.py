"""After how long a provider's own client gives up a call that gets no answer.

Inspect sets no time-out of its own unless the eval declares one, so the SDK's holds: a read
time-out (between two pieces of the answer where it is streamed, else for the whole answer), and the
SDK's own retries within one attempt of Inspect. A call that waits longer waits for nothing that its
client knows of, or its answer comes in pieces; so this is what such calls may take before any was
seen, not a bound that proves anything. Where a client has no time-out, or asks again and again by
design, a model isn't in the table.
"""

from msgspec import Struct

_STAINLESS = "default time-out 600 s and 2 retries (`_constants.py` of the SDK)"


class ClientTimeout(Struct, frozen=True):
    """A provider's client."""

    provider: str
    """As a model's name begins."""
    read: float
    """Seconds without an answer, or a piece of one, after which a request is given up."""
    retries: int
    """Times that the SDK itself sends it again."""
    source: str

    @property
    def gives_up_after(self) -> float:
        """Seconds after which an attempt without any answer has failed: waits between included."""
        return (1 + self.retries) * self.read + self.retries * _WAIT


_WAIT = 8.0
"""Seconds; the longest wait between two retries of these SDKs (`MAX_RETRY_DELAY`)."""

_OPENAIS = "inspect_ai 0.3.90 to 0.3.285, openai_compatible.py: the openai SDK's 600 s, 2 retries"
_AS_OPENAI = (
    "openrouter",
    "together",
    "fireworks",
    "deepseek",
    "sambanova",
    "moonshot",
    "perplexity",
    "cloudflare",
)
"""Providers that Inspect asks with the openai SDK and no time-out of its own."""

CLIENT_TIMEOUTS: tuple[ClientTimeout, ...] = (
    ClientTimeout("openai", 600.0, 2, f"openai 1.x to 3.54: {_STAINLESS}; 900 s for tier flex"),
    ClientTimeout("azureai", 600.0, 2, f"inspect_ai azureai.py: openai, {_STAINLESS}"),
    ClientTimeout("anthropic", 600.0, 2, f"anthropic to 2.12: {_STAINLESS}"),
    ClientTimeout("groq", 600.0, 2, "inspect_ai 0.3.285 groq.py: the shared 600 s; 2 retries"),
    ClientTimeout("sagemaker", 600.0, 2, "inspect_ai 0.3.285 sagemaker.py: read_timeout 600"),
    *(ClientTimeout(provider, 600.0, 2, _OPENAIS) for provider in _AS_OPENAI),
)
"""Not in it, on purpose: google (one hour since inspect_ai 0.3.2xx, before it none), grok (gRPC,
3,600 s), hf, vllm, sglang, ollama, transformer_lens and the like (a local model takes what it
takes), mockllm, and whatever a package brings."""

_BY_PROVIDER = {client.provider: client for client in CLIENT_TIMEOUTS}
_PATIENT = ("deep-research", "-pro", "background")
"""Models that Inspect asks in the background (`openai.py`: deep research, GPT-5 pro): it polls, and
no time-out of the client bounds that."""


def client_timeout(model: str) -> ClientTimeout | None:
    """What bounds calls of a model; None where nothing is known to."""
    provider, _, name = model.partition("/")
    if any(word in name for word in _PATIENT):
        return None
    return _BY_PROVIDER.get(provider)
