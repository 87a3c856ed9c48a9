"""What a runner's log says. The lines of `REAL` are copied from real runs of Inspect 0.3.285."""

import json
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.paths import ROOT
from watchdog.collect.inspect.runner_log import LINE_LIMIT, parse
from watchdog.model.facts import (
    Fact,
    RetryLogged,
    RunnerLogRead,
    SampleDeathLogged,
    SampleKey,
    SandboxRestartLogged,
    TaskProgressLogged,
    ThroughputLogged,
)

PLAIN = "2026-11-23 15:43:01,617 - HTTP - inspect_ai.model._model - "
AT = datetime(2026, 11, 23, 15, 43, 1, 617000, UTC).timestamp()
KUBECTL = "2026-11-23T15:43:02.123456789Z "
KUBECTL_AT = datetime(2026, 11, 23, 15, 43, 2, 123456, UTC).timestamp()
RETRY = "-> org/m-1 retry 3 (retrying in 24 seconds) [RateLimitError 429 rate_limit_exceeded]"


def first(line: str, *tasks: str) -> Fact:
    return next(parse([line], "es", tasks))


def hawk(message: str, **more: object) -> str:
    fields = {"message": message, "module": "_model", "name": "inspect_ai.model._model"}
    return json.dumps({**fields, "timestamp": "2026-11-23T15:43:01.617Z", "status": "HTTP", **more})


def inspect_json(message: str) -> str:
    fields = {"ts": "2026-11-23T15:43:01.617000+00:00", "level": "HTTP", "msg": message}
    return json.dumps({**fields, "module": "_model.py", "line": 2939})


def plain(message: str) -> str:
    return PLAIN + message.replace("\n", "\\n")


Written = Callable[[str], str]
FORMATS = pytest.mark.parametrize("written", [hawk, inspect_json, plain])


def test_a_real_retry_in_plain_text() -> None:
    line = (
        "2026-11-23 15:43:01,617 - HTTP - inspect_ai.model._model - sample=1\\n[WaciEN44TnmDA4USaj"
        "rZUM suite/mm lu/1/1 flaky/org/m-1] -> org/m-1 retry 1 (retrying in 0 seconds) [RateLimit"
        "Error 429 rate_limit_exceeded] [0 out-tok/s, 1 in backoff]\n"
    )
    error = "RateLimitError 429 rate_limit_exceeded"
    key = SampleKey("1", 1)
    assert first(line) == RetryLogged("es", AT, "suite/mm lu", key, "flaky/org/m-1", 1, 0.0, error)


def test_a_real_retry_in_json_with_several_tasks_and_epochs() -> None:
    line = (
        '{"ts": "2026-11-23T15:43:34.488305+00:00", "level": "HTTP", "logger": "inspect_ai.model._'
        'model", "msg": "task=suite/mm lu sample=a b [c] -> d epoch=2\\n[Gd66EoPras6ou6G4CcKa4b sui'
        "te/mm lu/a b [c] -> d/2 flaky/org/m-1] -> org/m-1 retry 1 (retrying in 1,800 seconds) [Ra"
        'teLimitError 429 rate_limit_exceeded] [0 out-tok/s, 1 in backoff]", "module": "_model.py"'
        ', "line": 2939}'
    )
    fact = first(line)
    assert isinstance(fact, RetryLogged)
    assert (fact.task, fact.key) == ("suite/mm lu", SampleKey("a b [c] -> d", 2))
    assert fact.wait == 1800


@pytest.mark.parametrize(
    ("line", "steps", "total", "retries"),
    [
        (
            (
                "Task: suite/mm lu, Model: flaky/org/m-1, Steps: 3/3 100%, Samples: 3/3, "
                "accuracy:  n/a, flaky: 0/20, HTTP retries: 6  out tok/s: 0"
            ),
            *(3, 3, 6),
        ),
        ("Task: suite/mm lu, Steps: 12/12 100%, ... HTTP retries: 5,710", 12, 12, 5710),
        (
            "Task: suite/mm lu, Model: m, Samples: 3/3, HTTP retries: 5,710, Refusals: 2",
            None,
            None,
            5710,
        ),
        ("Task: suite/mm lu, Model: m, Steps: 0/0 0%", 0, 0, None),
    ],
)
@FORMATS
def test_progress(
    written: Written, line: str, steps: int | None, total: int | None, retries: int | None
) -> None:
    fact = first(written(line))
    assert fact == TaskProgressLogged("es", AT, "suite/mm lu", steps, total, retries)


@pytest.mark.parametrize(
    "text",
    [
        "Pod UID mismatch: expected abc123, got def456",
        "Pod 'agent-env-x-default-0' has been replaced (old UID a, new UID b)",
        (
            "Container 'default' in pod 'agent-env-x-default-0' has restarted 2 time(s) "
            "(last reason: OOMKilled); in-memory pod state is no longer guaranteed"
        ),
        "PodReplacedError: it is another one",
        "ContainerRestartedError",
    ],
)
@FORMATS
def test_a_sandbox_that_is_another_one(written: Written, text: str) -> None:
    key = SampleKey("HumanEval/7", 2)
    told = written(f"task=a/b sample=HumanEval/7 epoch=2\n{text}")
    assert first(told) == SandboxRestartLogged("es", AT, key, "a/b", text)
    bare = first(written(f"K8s: Error during exec: {text}"))
    assert bare == SandboxRestartLogged("es", AT, None, None, text)


def test_a_sandbox_restart_with_the_sample_in_a_bracket() -> None:
    line = "[Nh3kLq swe/5/1 openai/gpt-4o] Pod UID mismatch: expected abc123, got def456"
    fact = first(plain(line))
    assert isinstance(fact, SandboxRestartLogged)
    assert (fact.task, fact.key) == ("swe", SampleKey("5", 1))


def test_a_logged_exception_tells_of_the_restart() -> None:
    error = {
        "kind": "K8sError",
        "message": "Pod UID mismatch: expected a, got b\nmore",
        "stack": "…",
    }
    fact = first(hawk("sample=7\nSample failed", error=error))
    text = "Pod UID mismatch: expected a, got b"
    assert fact == SandboxRestartLogged("es", AT, SampleKey("7", 1), None, text)


def test_source_lines_of_a_traceback_are_no_restart() -> None:
    assert isinstance(first("    raise PodReplacedError("), RunnerLogRead)


@FORMATS
@pytest.mark.parametrize("stamp", [KUBECTL, "2026-11-23T17:43:02.123456789+02:00 "])
def test_the_time_of_kubectl_wins(written: Written, stamp: str) -> None:
    fact = first(
        stamp + written("Retry attempt 45 of 50 failed. Waiting 1,800 seconds before next retry.")
    )
    assert fact == RetryLogged("es", KUBECTL_AT, None, None, "", 45, 1800.0, "")


def test_a_line_without_any_time() -> None:
    fact = first(
        "[nWJu3Mz mmlu/42/1 openai/gpt-4o] -> openai/gpt-4o retry 3 (retrying in 24 seconds)"
    )
    assert fact == RetryLogged("es", None, "mmlu", SampleKey("42", 1), "gpt-4o", 3, 24.0, "") or (
        fact == RetryLogged("es", None, "mmlu", SampleKey("42", 1), "openai/gpt-4o", 3, 24.0, "")
    )


@pytest.mark.parametrize(
    ("called", "model"),
    [("org/m-1", "flaky/org/m-1"), ("flaky/org/m-1", "flaky/org/m-1"), ("judge", "judge")],
)
def test_the_model_is_the_one_that_was_called(called: str, model: str) -> None:
    fact = first(f"[id task/7/1 flaky/org/m-1] -> {called} retry 3 (retrying in 24 seconds)")
    assert isinstance(fact, RetryLogged)
    assert fact.model == model


def test_a_retry_without_a_sample() -> None:
    assert first(plain(RETRY)) == RetryLogged(
        "es", AT, None, None, "org/m-1", 3, 24.0, "RateLimitError 429 rate_limit_exceeded"
    )


def test_throughput_is_no_error() -> None:
    line = "-> m retry 3 (retrying in 24 seconds) [0 out-tok/s, 1 in backoff]"
    assert first(line) == RetryLogged("es", None, None, None, "m", 3, 24.0, "")


@pytest.mark.parametrize(
    "line",
    [
        "Retrying request to /responses in 0.820000 seconds",
        "Retrying request in 0.878270 seconds (retry 2 of 2)",
        "-> Batch create last outcome: <Future> retry 3 (retrying in 24 seconds)",
        "the agent wrote: [x t/1/1 m] -> m retry 3 (retrying in 24 seconds)",
        "[Throughput] model: 0.0 out-tok/s, 1.0 retries/min, 1 in backoff (window 60s)",
        "Error code: 500 - Internal server error",
        'POST https://api.openai.com/v1/chat/completions "HTTP/1.1 200 OK"',
        "1/1 tasks complete",
        "",
    ],
)
@FORMATS
def test_what_is_no_fact(written: Written, line: str) -> None:
    facts = list(parse([KUBECTL + written(f"sample=3\n{line}")], "es"))
    assert facts == [RunnerLogRead("es", KUBECTL_AT)]


def test_old_logs_without_context_take_the_task_that_is_known() -> None:
    line = f"[id a/b/HumanEval/7/1 openai/org/m-1] {RETRY}"
    guess = first(line)
    assert isinstance(guess, RetryLogged)
    assert (guess.task, guess.key) == ("a", SampleKey("b/HumanEval/7", 1))
    known = first(line, "a", "a/b", "c")
    assert isinstance(known, RetryLogged)
    assert (known.task, known.key) == ("a/b", SampleKey("HumanEval/7", 1))
    *_, learned, _ = parse(["Task: a/b, Model: m, Steps: 0/3 0%", line], "es")
    assert learned == known


def test_the_log_was_read_up_to_its_last_time() -> None:
    lines = [KUBECTL.strip() + "\n", "  a traceback's line\n", "\n", "2026-99-99T99:99:99Z x\n"]
    assert list(parse(lines, "es")) == [RunnerLogRead("es", KUBECTL_AT)]
    assert list(parse([], "es")) == [RunnerLogRead("es", None)]


def test_long_lines_are_cut() -> None:
    fact = first(KUBECTL + "x" * (10 * LINE_LIMIT) + "Pod UID mismatch: expected a, got b")
    assert isinstance(fact, RunnerLogRead)
    long = first("Pod UID mismatch: expected " + "x" * LINE_LIMIT)
    assert isinstance(long, SandboxRestartLogged)
    assert len(long.text) <= 300


@given(st.lists(st.text(max_size=300)))
def test_any_text_is_read(lines: list[str]) -> None:
    *facts, last = parse(lines, "es")
    assert isinstance(last, RunnerLogRead)
    assert len(facts) <= len(lines)


WORDS = st.sampled_from(
    [
        *(
            "[",
            "]",
            "{",
            '"',
            "\\n",
            "\n",
            " ",
            "/",
            "-> ",
            "m retry 3 (retrying in ",
            "1,800",
            ",",
        ),
        *(
            " seconds)",
            "sample=",
            "task=",
            " epoch=",
            "Task: ",
            ", Steps: ",
            "3/4",
            "HTTP retries: ",
        ),
        *(KUBECTL, PLAIN, '{"message": "', '"ts": ', "Pod UID mismatch: expected ", "\ud800", "٣"),
        *("Retry attempt ", "Waiting ", "2026-11-23T15:43:02Z ", "0001-01-01T00:00:00+23:59 "),
    ]
)


@given(st.lists(WORDS, max_size=30).map("".join))
def test_any_mixture_of_what_means_something_is_read(line: str) -> None:
    assert isinstance(list(parse([line], "es"))[-1], RunnerLogRead)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists))
def test_any_json_is_read(value: object) -> None:
    fields = ("message", "msg", "timestamp", "ts", "error", "exc_info")
    lines = [json.dumps({**dict.fromkeys(fields, ""), field: value}) for field in fields]
    assert isinstance(list(parse(lines, "es"))[-1], RunnerLogRead)


@pytest.mark.parametrize("field", ["message", "msg", "timestamp", "ts", "error", "exc_info"])
def test_a_number_that_python_refuses_to_print_is_read(field: str) -> None:
    assert len(list(parse([f'{{"{field}": {"9" * 10_000}}}'], "es"))) == 1


def test_deeply_nested_json_is_read() -> None:
    assert len(list(parse(['{"message": ' + "[" * 60_000], "es"))) == 1


NESTED = "[x t/7/1 m] -> m retry 9 (retrying in 9 seconds)"
IDS = st.lists(
    st.sampled_from(
        ["a", "7", "/", " ", "[", "] ", "-> ", " epoch=3", "sample=", NESTED, "é", ","]
    ),
    min_size=1,
    max_size=6,
).map("".join)
TASKS = st.lists(st.sampled_from(["t", "7", "/", " ", ",", "é", "_"]), min_size=1, max_size=6)


@given(TASKS.map("".join), IDS, st.integers(1, 99), st.sampled_from([hawk, inspect_json, plain]))
def test_a_retry_comes_back_as_it_was_written(
    task: str, sample: str, epoch: int, written: Written
) -> None:
    bracket = f"[nWJu3Mz {task}/{sample}/{epoch} flaky/org/m-1] {RETRY}"
    for context in (f"task={task} sample={sample} epoch={epoch}", f"sample={sample}"):
        fact = first(written(f"{context}\n{bracket}"))
        assert isinstance(fact, RetryLogged)
        assert (fact.task, fact.key) == (task, SampleKey(sample[:300], epoch))
        assert (fact.at, fact.attempt, fact.wait) == (AT, 3, 24.0)


RECORDINGS = sorted((ROOT / "tests" / "scenarios").glob("*/recording.tar.xz"))


def recorded_lines(recording: Path) -> list[str]:
    """The lines of the recording's last runner log, of each pod."""
    logs: dict[str, list[str]] = {}
    with tarfile.open(recording) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.name.endswith(".log") else None
            if content:
                logs[Path(member.name).name] = content.read().decode().splitlines()
    return [line for lines in logs.values() for line in lines]


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.parent.name)
def test_recorded_logs_are_understood(recording: Path) -> None:
    lines = recorded_lines(recording)
    facts = list(parse(lines, "es"))
    retries = [fact for fact in facts if isinstance(fact, RetryLogged)]
    assert len(retries) == sum("(retrying in " in line for line in lines)
    assert all(fact.at and fact.task and fact.key and fact.error for fact in retries)
    assert all(fact.model for fact in retries)  # the name alone where it is not the task's own
    progress = [fact for fact in facts if isinstance(fact, TaskProgressLogged)]
    assert len(progress) == sum("HTTP retries: " in line for line in lines)
    assert all(fact.steps is not None and fact.http_retries is not None for fact in progress)
    last = facts[-1]
    assert isinstance(last, RunnerLogRead)
    assert not lines or last.last_line_at == stamp(lines[-1])


def stamp(line: str) -> float:
    return datetime.fromisoformat(line.partition(" ")[0]).timestamp()


def test_a_throughput_line_tells_a_model_s_rates():
    rates = "1,250.5 out-tok/s, 12.0 req/min, 3.5 retries/min, 2 in backoff (window 60s)"
    head = "2026-11-20 07:05:00,070 - HTTP - inspect_ai.model._throughput"
    line = f"2026-11-20T07:05:00.070000000Z {head} - [Throughput] openai/gpt-4o: {rates}"
    (told, _) = parse([line], "set")
    assert told == ThroughputLogged(
        "set", told.at, "openai/gpt-4o", 1250.5, 12.0, 3.5, in_backoff=2
    )
    assert told.at is not None


DEATH = (
    "sample=a b\nSample error (id: a b, epoch: 2): ValueError('no (such) field: 1')). "
    "Sample will be retried."
)


@FORMATS
def test_a_sample_that_begins_anew_in_place(written: Written) -> None:
    death = first(written(DEATH))
    assert isinstance(death, SampleDeathLogged)
    assert (death.key, death.error) == (SampleKey("a b", 2), "ValueError('no (such) field: 1')")


@pytest.mark.parametrize("end", ["", " Sample will be scored.", " Sample will be cancelled."])
def test_an_error_that_ends_its_sample_stands_in_a_summary(end: str) -> None:
    text = DEATH.replace(" Sample will be retried.", end)
    assert isinstance(first(inspect_json(text)), RunnerLogRead)


def test_a_sample_that_died_with_its_pod_is_both() -> None:
    error = "PodReplacedError(\"Pod 'x' has been replaced (old UID a, new UID b)\")"
    text = f"sample=1\nSample error (id: 1, epoch: 1): {error}). Sample will be retried."
    restarted, died, _ = parse([inspect_json(text)], "es")
    assert isinstance(restarted, SandboxRestartLogged)
    assert isinstance(died, SampleDeathLogged)
