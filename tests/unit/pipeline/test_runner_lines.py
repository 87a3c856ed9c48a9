"""A runner's lines for people: those that matter, equal ones folded."""

from watchdog.collect.source import PodLog
from watchdog.pipeline.runner_lines import LINES_MAX, fingerprint, runner_lines

RETRY = (
    "2026-11-23T07:{:02}:00Z WARNING:x:[ab1 mmlu/{}/1 openai/x] -> openai/x retry {} "
    "(retrying in {} seconds) [RateLimitError 429]"
)


def told(*lines, since=None, **more):
    return runner_lines("e", 1.8e9, [PodLog("run-1", tuple(lines), **more)], since)


def test_equal_lines_are_one_with_a_count_the_newest_of_them_told():
    lines = told(*(RETRY.format(n, n, n, 3 * n) for n in range(1, 31)))
    (line,) = lines.lines
    assert (line.count, line.level, line.pod) == (30, "WARNING", "run-1")
    assert line.first_at == "2026-11-23T07:01:00.000Z"
    assert line.at == "2026-11-23T07:30:00.000Z"
    assert "retry 30 (retrying in 90 seconds) [RateLimitError 429]" in line.text
    assert lines.read == 30


def test_what_says_nothing_is_left_out():
    lines = told(
        "2026-11-23T07:00:00Z INFO:x:token refreshed",
        "2026-11-23T07:00:01Z hello",
        "2026-11-23T07:00:02Z DEBUG:x:Retrying request to /responses in 0.82 seconds",
    )
    assert lines.lines == ()
    assert (lines.read, lines.since) == (3, None)


def test_a_traceback_is_what_it_ends_in():
    lines = told(
        "2026-11-23T07:00:00Z Traceback (most recent call last):",
        '2026-11-23T07:00:00Z   File "x.py", line 1, in f',
        "2026-11-23T07:00:00Z botocore.exceptions.ClientError: AccessDenied",
    )
    assert [line.text for line in lines.lines] == ["botocore.exceptions.ClientError: AccessDenied"]


def test_a_request_is_in_no_line():
    text = 'ERROR:x:ModelGenerateError(\'\\nRequest:\\n{"messages": "the secret question"}\')'
    (line,) = told(f"2026-11-23T07:00:00Z {text}").lines
    assert "secret question" not in line.text


def test_only_what_was_written_later_where_that_is_asked():
    lines = [RETRY.format(n, n, n, 3 * n) for n in range(1, 31)]
    (line,) = told(*lines, since="2026-11-23T07:20:00Z").lines
    assert (line.count, line.first_at) == (10, "2026-11-23T07:21:00.000Z")


def test_the_last_ones_of_many_and_that_there_are_earlier_ones():
    words = [f"{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(LINES_MAX + 5)]
    lines = told(*(f"2026-11-23T07:00:00Z ERROR:x:{word} broke" for word in words))
    assert len(lines.lines) == LINES_MAX
    assert lines.earlier
    assert lines.lines[-1].text == f"{words[-1]} broke"


def test_a_log_that_can_not_be_read_is_said():
    assert told(problem="forbidden: no").not_available == "log of pod run-1: forbidden: no"
    assert told("2026-11-23T07:00:00Z ERROR:x:y", whole=False).earlier


def test_whose_it_is_and_numbers_make_no_difference():
    one = "[ab1 mmlu/3/1 openai/x] -> x retry 1 (retrying in 1,800 seconds)"
    other = "[cd2 gpqa/9/2 openai/x] -> x retry 12 (retrying in 3 seconds)"
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint("pod 12 died") != fingerprint("pod 12 lives")
