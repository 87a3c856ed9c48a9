"""What a runner says goes wrong, in each spelling; the messages are Inspect's own."""

import json
import textwrap

import pytest

from watchdog.collect.inspect.runner_errors import ERROR_LIMIT, exception_line
from watchdog.collect.inspect.runner_log import parse
from watchdog.model.facts import (
    EvalSetRetryLogged,
    LogWriteFailed,
    RunnerErrorLogged,
    TaskProgressLogged,
)

STAMP = "2026-11-23T15:43:02.000000000Z "
LOG = "s3://bucket/evals/es/2026-11-23T15-00-00+00-00_mmlu_AbC123.eval"
SYNC = f"Log Sync failed for {LOG}"
LOGGER = "inspect_ai.log._recorders.buffer.database"
DENIED = (
    "botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the PutObject "
    "operation: Access Denied"
)
RECORDERS = "/venv/lib/python3.13/site-packages/inspect_ai/log/_recorders"


def trace(error: str, *frames: str) -> str:
    lines = [f'  File "{frame}\n    call()' for frame in frames or ('/app/task.py", line 7, in f',)]
    return "\n".join(("Traceback (most recent call last):", *lines, error))


WRITER = f'{RECORDERS}/buffer/filestore.py", line 120, in write_segment'
FLUSH = f'{RECORDERS}/eval.py", line 900, in flush'
FLUSH_LINE = f'{RECORDERS}/eval.py", line 321, in log_finish'


def hawk(message: str, level: str = "ERROR", error: str = "", stack: str = "") -> str:
    kind, _, text = error.partition(": ")
    more = {"error": {"kind": kind.rpartition(".")[2], "message": text, "stack": stack}}
    fields = {"message": message, "module": "database", "name": LOGGER, "status": level}
    return json.dumps(fields | (more if error else {}))


def inspect_json(message: str, level: str = "ERROR", error: str = "", stack: str = "") -> str:
    fields = {"level": level, "logger": LOGGER, "msg": message, "module": "database.py", "line": 1}
    return json.dumps(fields | ({"exc_info": stack or error} if error else {}))


def plain(message: str, level: str = "ERROR", error: str = "", stack: str = "") -> str:
    text = f"{message}\n{stack or error}" if error else message
    escaped = text.replace("\n", "\\n")
    return f"2026-11-23 15:43:01,617 - {level} - {LOGGER} - {escaped}"


def basic(message: str, level: str = "ERROR", error: str = "", stack: str = "") -> str:
    return "\n".join(filter(None, (f"{level}:{LOGGER}:{message}", stack or error)))


def rich(message: str, level: str = "ERROR", error: str = "", stack: str = "") -> str:
    """In a column of 51 characters, as in a container, where no terminal is."""
    column = textwrap.wrap(message, 51)
    if error:
        column.append("Traceback (most recent call last):")
        lines = stack.splitlines()[1:] or [error]
        column += [part for line in lines for part in textwrap.wrap(line, 51)]
    head = f"[11/23/26 15:43:01] {level:<8} {column[0]:<51} database.py:1464"
    return "\n".join((head, *(f"{'':29}{line:<51}" for line in column[1:])))


FORMATS = pytest.mark.parametrize("written", [hawk, inspect_json, plain, basic, rich])


def read(text: str) -> list[object]:
    lines = [f"{STAMP}{line}" for line in text.splitlines()]
    return [*parse(lines, "es", (), "pod-1")]


def failures(text: str) -> list[LogWriteFailed]:
    return [fact for fact in read(text) if isinstance(fact, LogWriteFailed)]


def last(text: str) -> str | None:
    texts = [fact.text for fact in read(text) if isinstance(fact, RunnerErrorLogged)]
    return texts[-1] if texts else None


@FORMATS
def test_a_failed_sync_names_its_log_and_why(written) -> None:
    (fact,) = failures(written(SYNC, "ERROR", DENIED, trace(DENIED, WRITER)))
    assert fact.pod == "pod-1"
    assert fact.log == LOG or (written is rich and LOG.startswith(fact.log))
    assert "AccessDenied" in fact.error or "Log Sync" in fact.error
    assert "Traceback" not in fact.error


@pytest.mark.parametrize("written", [hawk, inspect_json, plain])
def test_with_a_sample_in_context_it_is_the_same(written) -> None:
    (fact,) = failures(written(f"sample=7\n{SYNC}", "ERROR", DENIED, trace(DENIED, WRITER)))
    assert fact.log == LOG


@pytest.mark.parametrize(
    ("message", "task"),
    [
        ("Task 'mm lu' encountered an error during finalisation: ", "mm lu"),
        ("Task 'mm lu' encountered an error while writing its log: ", "mm lu"),
        ("Task 'mm lu' encountered an error while starting or writing its log: ", "mm lu"),
    ],
)
@FORMATS
def test_a_task_that_can_t_write_its_log_is_named(written, message, task) -> None:
    (fact,) = failures(written(f"{message}[Errno 28] No space left on device"))
    assert (fact.task, fact.log) == (task, "")
    assert "No space left" in fact.error


@FORMATS
def test_a_flush_that_fails_is_a_warning_of_inspect_s(written) -> None:
    text = "Stale eval log flush failed: [Errno 30] Read-only file system"
    (fact,) = failures(written(text, "WARNING"))
    assert "Read-only" in fact.error
    assert last(written(text, "WARNING")) is None


@FORMATS
def test_a_write_that_is_skipped_is_taken_for_what_it_is(written) -> None:
    why = "[Errno 13] Permission denied: '/logs/.inspect_tmp_YkOf.writing'"
    head = "Skipped intermediate log write for /logs/x.eval (file in use by another program)"
    (fact,) = failures(written(f"{head}: {why}", "WARNING"))
    assert (fact.log, fact.error) == ("/logs/x.eval", why)


@pytest.mark.parametrize(
    "error",
    [
        DENIED,
        DENIED.replace("AccessDenied", "ExpiredToken"),
        "botocore.exceptions.NoCredentialsError: Unable to locate credentials",
        "PermissionError: [Errno 13] Permission denied: '/logs/x.eval'",
        "OSError: [Errno 28] No space left on device",
        "aiohttp.client_exceptions.ClientConnectorError: Cannot connect to host s3",
    ],
)
@FORMATS
def test_a_traceback_through_the_writer_says_it_too(written, error) -> None:
    """Up to about 0.3.205 a failed sync was an error of the sample that wrote."""
    text = "[es] mmlu (10 samples): openai/gpt-4o failed (0/10 logged)"
    stack = trace(error, WRITER)
    (fact,) = failures(written(text, "ERROR", error, stack))
    assert fact.log == ""
    assert fact.error.startswith(error.partition(":")[0].rpartition(".")[2]) or error in fact.error


def test_a_full_disk_under_the_sqlite_buffer_is_the_writer_s() -> None:
    error = "sqlite3.OperationalError: database or disk is full"
    stack = trace(error, f'{RECORDERS}/buffer/database.py", line 700, in log_events')
    assert failures(plain("mmlu failed", "ERROR", error, stack))


@pytest.mark.parametrize("frame", [FLUSH, FLUSH_LINE])
def test_the_process_s_own_end_in_the_writer(frame) -> None:
    (fact,) = failures(trace(DENIED, frame))
    assert "AccessDenied" in fact.error
    assert "AccessDenied" in (last(trace(DENIED, frame)) or "")


@pytest.mark.parametrize(
    ("text", "level", "error", "frame"),
    [
        # a model's client, a sandbox, a tool: they speak of their own
        ("x failed", "ERROR", DENIED, '/site-packages/aiobotocore/client.py", line 4, in call'),
        ("x failed", "ERROR", "OSError: [Errno 28] No space left on device", ""),
        ("-> bedrock/x retry 3 (retrying in 3 seconds) [ClientError ExpiredToken]", "HTTP", "", ""),
        ("Refreshing access token: credentials expired", "INFO", "", ""),
        # what a sample says
        (f"the log says: {SYNC}", "ERROR", "", ""),
        (SYNC, "INFO", "", ""),
        # a sample that can't be written for what is in it
        ("x", "ERROR", "ValueError: bad value", FLUSH),
        # reading
        ("x", "ERROR", DENIED, f'{RECORDERS}/eval.py", line 4, in read_log'),
    ],
)
@FORMATS
def test_what_only_sounds_like_it_is_not(written, text, level, error, frame) -> None:
    stack = trace(error, frame) if frame else trace(error) if error else ""
    assert failures(written(text, level, error, stack)) == []


def test_a_bare_print_that_quotes_it_is_not() -> None:
    assert failures(SYNC) == []
    assert failures(f"sample=1\\n{SYNC}") == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (trace("ValueError: bad config"), "ValueError: bad config"),
        (trace("hawk.core.ConfigError"), "hawk.core.ConfigError"),
        ("Fatal Python error: Segmentation fault", "Fatal Python error: Segmentation fault"),
        ("error: Failed to fetch: `https://x`", "error: Failed to fetch: `https://x`"),
        ("ERROR: Could not find a version", "ERROR: Could not find a version"),
        (plain("Job is over", "CRITICAL"), "Job is over"),
        (hawk("It broke", error="KeyError: 'x'"), "It broke: KeyError: 'x'"),
        (inspect_json("It broke", error="x", stack=trace("KeyError: 'x'")), "KeyError: 'x'"),
        (plain("All is well", "INFO"), None),
        (plain("Hm", "WARNING"), None),
        ("just a print", None),
    ],
)
def test_the_last_error_is_quoted(text, told) -> None:
    said = last(text)
    assert (said is None) if told is None else (said is not None and told in said)


def test_of_several_errors_the_last_one_counts() -> None:
    assert last("\n".join((plain("one"), trace("KeyError: 'x'"), plain("two")))) == "two"
    assert last("\n".join((plain("one"), plain("all is well", "INFO")))) == "one"


def test_of_a_group_the_innermost_error_is_told() -> None:
    text = (
        "  + Exception Group Traceback (most recent call last):\n"
        '  |   File "/x.py", line 1, in <module>\n'
        "  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)\n"
        "  +-+---------------- 1 ----------------\n"
        "    | Traceback (most recent call last):\n"
        '    |   File "/x.py", line 2, in f\n'
        "    | PermissionError: [Errno 13] Permission denied\n"
        "    +------------------------------------"
    )
    assert exception_line(text) == "PermissionError: [Errno 13] Permission denied"
    assert last(text) == "PermissionError: [Errno 13] Permission denied"
    assert last(f"{text}\nthe end") == "PermissionError: [Errno 13] Permission denied"


def test_an_error_is_one_bounded_line_without_secrets_or_requests() -> None:
    key = "sk-" + "a" * 40
    long = last(hawk(f"failed\u202e with {key} " + "x" * 5000)) or ""
    assert len(long) <= ERROR_LIMIT
    assert key not in long
    assert "\u202e" not in long
    pem = f"-----BEGIN PRIVATE KEY-----{'A' * 3000}-----END PRIVATE KEY-----"
    assert "AAAA" not in (last(hawk(f"bad key {pem}")) or "")
    asked = last(plain('broke: ModelGenerateError(\'Request: {"messages": "prompt"}\')')) or ""
    assert "prompt" not in asked


def test_a_retried_task_keeps_its_name_and_says_which_retry_it_is() -> None:
    text = "Task: ctf (retry 7 of 10), Model: m/x, Steps: 0/10 0%, Samples: 0/10, HTTP retries: 3"
    progress = next(fact for fact in read(text) if isinstance(fact, TaskProgressLogged))
    assert (progress.task, progress.retry, progress.http_retries) == ("ctf", (7, 10), 3)
    (first, *_) = read(text.replace(" (retry 7 of 10)", " (retry it)"))
    assert isinstance(first, TaskProgressLogged)
    assert (first.task, first.retry) == ("ctf (retry it)", None)


def test_the_older_way_of_retrying_is_told_for_the_whole_eval_set() -> None:
    facts = read("Evals not complete, waiting 30 seconds before retrying...")
    assert isinstance(facts[0], EvalSetRetryLogged)
