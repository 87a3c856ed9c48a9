"""Whose error ended a sample: a model call's, its sandbox's, or its own code's.

A summary holds the exception's `message`, where it has one (as those of the OpenAI and Anthropic
SDKs have), else its `repr` (inspect_ai 0.3.285, `_util/error.py`). Only what a model call raised is
read as a provider's answer: a scorer's text that names 429, or a tool's `TimeoutError`, tells
nothing of one. Sources of the names: the packages named beside them.
"""

import re

import re2  # type: ignore[import-untyped]

from watchdog.fold.errors import classify
from watchdog.model.facts import SampleSummary
from watchdog.model.texts import clean, cut
from watchdog.model.verdict import Cause

_SCANNED = 4096
_KIND_MAX = 120

_GAVE_UP = re.compile(r"RetryError[(\[].{0,80}? raised (\w{1,80})>")
_SDK_MESSAGE = re.compile(
    r"\s{0,9}<(?:!doctype html|html)\b"
    r"|Error code: \d{3} - |Connection error\.|Request timed out|\{'type': 'error', 'error': \{"
    r"|You exceeded your current quota"
)
"""How messages of the OpenAI and Anthropic SDKs begin, and google.genai's of a used-up quota."""
_ANSWERED = re.compile(
    r"(?:ClientError|ServerError|APIError)\(['\"]\d{3} "
    r"|\w{0,80}\(['\"]An error occurred \(\w{1,80}\) when calling the "
    r"(?:Converse|InvokeModel)"
)
"""google.genai's and botocore's, whose class names other packages have too."""

MODEL_CLASSES = frozenset(
    [
        "APIStatusError",
        "APIConnectionError",
        "APITimeoutError",
        "APIResponseValidationError",
        "BadRequestError",
        "AuthenticationError",
        "PermissionDeniedError",
        "NotFoundError",
        "ConflictError",
        "UnprocessableEntityError",
        "RateLimitError",
        "InternalServerError",
        "OverloadedError",
        "RequestTooLargeError",
        "ServiceUnavailableError",
        "DeadlineExceededError",
        "OpenAIError",
        "OpenAIResponseError",
        "AnthropicError",
        "OpenRouterError",
        "GroqError",
        "GroqStreamError",
        "MistralError",
        "MistralStreamError",
        "SDKError",
        "HTTPValidationError",
        "AzureAIStreamError",
        "SageMakerStreamError",
        "ModelError",
        "HfHubHTTPError",
        "OverloadedException",
        "ThrottlingException",
        "ModelTimeoutException",
        "ModelErrorException",
        "ModelNotReadyException",
        "ModelStreamErrorException",
        "ServiceUnavailableException",
        "InternalServerException",
        "ServiceQuotaExceededException",
        "ResourceExhausted",
        "TooManyRequests",
        "ServiceUnavailable",
        "DeadlineExceeded",
        "GatewayTimeout",
        "AioRpcError",
        "ConnectTimeout",
        "ReadTimeout",
        "WriteTimeout",
        "PoolTimeout",
        "ConnectError",
        "ReadError",
        "WriteError",
        "RemoteProtocolError",
        "HTTPStatusError",
        "ModelGenerateError",
        "AttemptTimeoutError",
        "StreamIdleTimeoutError",
        "NoStreamDataError",
        "PrefillNotSupportedError",
    ]
)
"""openai, anthropic, groq, mistralai, huggingface_hub, botocore's Bedrock runtime, google.api_core,
grpc (xAI), httpx, Inspect's own (`model/_model.py`, `model/_providers/`)."""
_IN_RETRIES = MODEL_CLASSES | {"ClientError", "ServerError", "APIError", "HttpResponseError"}
"""What tenacity's `RetryError` names where a model call was given up."""

_SANDBOX_CLASS = re.compile(
    r"sandbox|k8s|^Pod[A-Z]|GetPodOp|ContainerRestarted|GetReturncodeError|ExecutableNotFoundError"
    r"|ComposeConverterError|ResourceQuotaModified|OutputLimitExceeded|FrameworkDirectory|ApiException"
    r"|WebSocket|docker|daytona|proxmox",
    re.IGNORECASE,
)
"""inspect_k8s_sandbox 0.2.0 to 0.14.0 (kubernetes, websocket-client below it); inspect_ai 0.3.285,
`util/_sandbox/`, `tool/_sandbox_tools_utils/`."""
_SANDBOX_TEXT = re2.compile(
    r"(?i)\bHelm (?:install|uninstall|release)|MCPEndpointsUnreachable"
    r"|mcp endpoints? of the sandbox"
    r"|failed to (?:build|pull|create|start|stop|copy|inject|detect|execute|prepare|extract|write)"
    r"[^.:\n]{0,60}\b(?:docker|sandbox|container|image|setup script|pod)\b"
    r"|no services started|docker compose|querying for running services|is not currently running"
    r"|command timed out after \d|timed out executing setup command"
    r"|timed out preparing directory|in sandbox\b"
    r"|sandbox (?:environment|service|tools|pod|container)"
    r"|(?:Err)?ImagePull(?:BackOff)?|manifest unknown|no such container|/api/v1/namespaces/"
    r"|PodReplacedError|ContainerRestartedError|pod [^\n]{0,80} has been replaced"
    r"|container [^\n]{0,80} has restarted|K8sError|exceeded quota:",
)
"""What Inspect's docker sandbox, inspect_k8s_sandbox and the API server say; cases of the field.
RE2: a log may hold 100,000 such texts, each of which takes Python's engine 25 times as long."""
_PLAIN_CLASSES = frozenset(
    [
        "RuntimeError",
        "Exception",
        "TimeoutError",
        "OSError",
        "ConnectionError",
        "PermissionError",
        "FileNotFoundError",
        "ProcessLookupError",
        "ExceptionGroup",
        "BrokenPipeError",
        "ConnectionResetError",
        "PrerequisiteError",
        "McpError",
        "ToolError",
        "ToolException",
        "RetryError",
    ]
)
"""Of these the text decides; a KeyError or an AssertionError is code's own, whatever it quotes."""


def cause_of_end(summary: SampleSummary) -> Cause:
    """The cause that an errored sample's error tells."""
    error = (summary.error or "")[:_SCANNED]
    name = class_of(error)
    gave_up = _GAVE_UP.match(error) is not None
    if summary.by_model or _is_of_model(error, name, gave_up):
        said = error.removeprefix(f"{name}(").lstrip("'\"") if name else error
        cause = classify(said, name)
        return cause if cause is not Cause.UNEXPLAINED else Cause.SAMPLE_ERROR
    return Cause.SANDBOX_ERROR if says_sandbox(error, name) else Cause.SAMPLE_ERROR


def _is_of_model(error: str, name: str | None, gave_up: bool) -> bool:
    if name is not None and name in (_IN_RETRIES if gave_up else MODEL_CLASSES):
        return True
    return _SDK_MESSAGE.match(error) is not None or _ANSWERED.match(error) is not None


def says_sandbox(error: str, name: str | None) -> bool:
    """Whether an error is of the sandbox: its installation, its pods, a command in it."""
    if name is not None and _SANDBOX_CLASS.search(name):
        return True
    by_text = name is None or name in _PLAIN_CLASSES
    return by_text and _SANDBOX_TEXT.search(error[:_SCANNED]) is not None


def class_of(error: str) -> str | None:
    """`RateLimitError(…)`: a summary's error often begins with the exception's class.

    Where Inspect gave up its retries it is tenacity's, which names the last attempt's:
    `RetryError(<Future at 0x… state=finished raised InternalServerError>)`.
    """
    gave_up = _GAVE_UP.match(error)
    if gave_up is not None:
        return gave_up[1]
    head = error.removeprefix("<").split("(", 1)[0].split(" of RPC", 1)[0].strip()
    return head if head.isidentifier() else None


_ADDRESS = re.compile(r"0x[0-9a-f]{1,16}|\b(?=[\w-]{0,64}\d)[\w-]{6,64}\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def kind_of(error: str) -> str:
    """What errors of one kind have in common: the text without its numbers and ids, bounded."""
    line = clean(error, 2 * _KIND_MAX)
    return cut(_NUMBER.sub("#", _ADDRESS.sub("#", line)), _KIND_MAX)
