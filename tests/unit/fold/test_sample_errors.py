"""Whose error ended a sample."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.fold.sample_errors import cause_of_end, kind_of
from watchdog.model.facts import SampleKey, SampleSummary
from watchdog.model.verdict import Cause


def cause(error: str, *, by_model: bool = False) -> Cause:
    return cause_of_end(SampleSummary(SampleKey("1", 1), error=error, by_model=by_model))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("RateLimitError('Error code: 429 - x')", Cause.RATE_LIMITED),
        ("Error code: 400 - {'error': {'message': 'prompt is too long'}}", Cause.CONTEXT_LENGTH),
        ("Connection error.", Cause.CONNECTION),
        ("Request timed out.", Cause.CLIENT_TIMEOUT),
        ("ReadTimeout('')", Cause.CLIENT_TIMEOUT),
        (
            "RetryError(<Future at 0x7f state=finished raised InternalServerError>)",
            Cause.API_SERVER_ERROR,
        ),
        ("ClientError('429 RESOURCE_EXHAUSTED. {…}')", Cause.RATE_LIMITED),
        ("ServerError('503 UNAVAILABLE. {…}')", Cause.API_SERVER_ERROR),
        (
            (
                "ThrottlingException('An error occurred (ThrottlingException) when calling the "
                "Converse operation: Too many tokens per day')"
            ),
            Cause.PROVIDER_QUOTA,
        ),
        ("{'type': 'error', 'error': {'type': 'overloaded_error'}}", Cause.API_SERVER_ERROR),
        ("BadRequestError('Error code: 402 - no credit')", Cause.PROVIDER_QUOTA),
        (
            (
                "<AioRpcError of RPC that terminated with: status = StatusCode.RESOURCE_EXHAUSTED "
                'details = "used all available credits"'
            ),
            Cause.PROVIDER_QUOTA,
        ),
    ],
)
def test_a_model_call_s(error, expected):
    assert cause(error) is expected


def test_what_inspect_calls_one_whatever_its_class():
    error = "StrangeError('503 upstream: service unavailable')"
    assert cause(error, by_model=True) is Cause.API_SERVER_ERROR
    assert cause(error) is Cause.SAMPLE_ERROR


@pytest.mark.parametrize(
    "error",
    [
        'RuntimeError(\'Helm install failed. {"release": "ab12cd34"}\')',
        "RuntimeError('Helm install timed out (context deadline exceeded). The configured …')",
        "K8sError('Error during: K8s execute command in Pod. {…}')",
        "GetPodOpError('x')",
        "PodReplacedError(\"Pod 'agent-env-x' has been replaced (old UID a, new UID b)\")",
        "ContainerRestartedError('x')",
        "RuntimeError('MCPEndpointsUnreachableError: no MCP endpoint of the sandbox answered')",
        "Failed to build docker containers",
        "Failed to pull docker image 'x' from remote registry. If this is a locally built image",
        "RuntimeError('No services started.\\nCompose up stderr: x')",
        "TimeoutError('Command timed out after 60s. ExecResult(…)')",
        "TimeoutError(\"Docker compose command 'up' timed out after 300 seconds\")",
        "RuntimeError('Failed to execute setup script for sample: x')",
        "RuntimeError('Timed out executing setup command in sandbox')",
        "OutputLimitExceededError('The sandbox output stream limit of 10 MiB was exceeded.')",
        "SandboxUnavailableError('container is not running')",
        "SandboxTimeoutError('x')",
        "ConnectionError(\"Service 'default is not currently running.'\")",
        "ApiException()",
    ],
)
def test_a_sandbox_s(error):
    assert cause(error) is Cause.SANDBOX_ERROR


@pytest.mark.parametrize(
    "error",
    [
        "KeyError('429 rate limit: request timed out')",
        "TimeoutError()",
        "TimeoutError('tool took too long')",
        "AssertionError('docker compose output differs')",
        "ValueError('401 unauthorized: permission denied')",
        "JSONDecodeError('Expecting value: line 1 column 1 (char 0)')",
        "RuntimeError('quota of turns exceeded, connection reset by the game')",
        "RetryError(<Future at 0x7f state=finished raised ValueError>)",
        "ConnectionRefusedError(111, 'Connection refused')",
        "LimitExceededError()",
        "",
    ],
)
def test_its_own(error):
    assert cause(error) is Cause.SAMPLE_ERROR


def test_errors_of_one_kind_differ_in_numbers_and_ids_alone():
    one = 'RuntimeError(\'Helm install failed. {"release": "ab12cd34"} after 60.5 s\')'
    other = 'RuntimeError(\'Helm install failed. {"release": "99ffe0aa"} after 7 s\')'
    assert kind_of(one) == kind_of(other)
    assert kind_of(one) != kind_of("RuntimeError('Helm uninstall failed.')")


@given(st.text(max_size=6000), st.booleans())
def test_any_text_has_a_cause_and_a_bounded_kind(error, by_model):
    assert cause(error, by_model=by_model) in Cause
    assert len(kind_of(error)) <= 120
