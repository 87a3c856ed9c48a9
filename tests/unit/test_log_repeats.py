import io
import json
import logging

import pytest
import structlog

from watchdog.log_output import LogOutput
from watchdog.log_repeats import EVERY_SECONDS, FORGET_SECONDS, KEYS_MAX, OVER_SECONDS, LogRepeats
from watchdog.telemetry import configure


class Log:
    """Records through the filter, at instants of the test's choice."""

    def __init__(self):
        self.now = 0.0
        self.repeats = LogRepeats(lambda: self.now)

    def take(self, event, level=logging.ERROR, **more):
        msg = {"event": event, **more} if more else event
        record = logging.LogRecord("x", level, "", 0, msg, (), None)
        return record if self.repeats.filter(record) else None


@pytest.fixture
def log():
    return Log()


def test_four_thousand_of_one_kind_are_one_line(log):
    lines = [log.take(f"accept failed, fd={number}") for number in range(4448)]
    assert sum(line is not None for line in lines) == 1


def test_after_a_while_it_is_told_how_often_it_was(log):
    log.take("failed", channel="slack")
    for _ in range(37):
        log.now += 8
        assert log.take("failed", channel="slack") is None
    log.now = EVERY_SECONDS
    record = log.take("failed", channel="slack")
    assert (record.msg["repeated"], record.msg["in_seconds"]) == (37, 300)


def test_a_librarys_line_says_so_in_words(log):
    log.take("retrying")
    log.take("retrying")
    log.now = EVERY_SECONDS
    assert log.take("retrying").getMessage() == "retrying (1 more in 300 s)"


@pytest.mark.parametrize("other", [{"channel": "pager"}, {"channel": "slack", "error": "another"}])
def test_another_place_or_reason_is_another_failure(log, other):
    assert log.take("failed", channel="slack", error="full")
    assert log.take("failed", **other)


def test_what_is_no_failure_is_never_left_out(log):
    assert all(log.take("sent", logging.INFO) for _ in range(3))


def test_that_it_is_over_is_told_once(log):
    for _ in range(3):
        log.take("failed", channel="slack")
    assert list(log.repeats.over()) == []
    log.now += OVER_SECONDS
    assert list(log.repeats.over()) == [{"of": "failed", "times": 3, "channel": "slack"}]
    assert list(log.repeats.over()) == []
    assert log.take("failed", channel="slack")


def test_what_came_once_is_forgotten_without_a_word(log):
    log.take("failed")
    log.now += FORGET_SECONDS
    assert list(log.repeats.over()) == []
    assert log.take("failed")


def test_memory_is_bounded(log):
    for number in range(2 * KEYS_MAX):
        log.take("failed", channel="x" * (number % 150) + chr(200 + number))
    assert len(log.repeats._failures) == KEYS_MAX


class Disk(io.StringIO):
    full = False

    def write(self, text):
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(text)


def test_a_full_disk_is_told_once_there_is_room():
    disk = Disk()
    logger = logging.Logger("x")
    output = LogOutput(disk)
    logger.addHandler(output)
    disk.full = True
    for _ in range(3):
        logger.error("lost")
    disk.full = False
    logger.error("kept")
    assert disk.getvalue().splitlines() == ["3 log lines were lost", "kept"]


def test_in_the_background_lines_keep_their_order():
    disk = Disk()
    logger = logging.Logger("x")
    output = LogOutput(disk)
    logger.addHandler(output)
    output.in_background()
    for number in range(100):
        logger.error("%d", number)
    output.flush()
    assert disk.getvalue().split() == [str(number) for number in range(100)]


def test_structlog_events_come_as_mappings():
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    try:
        configure("json", stream=stream)
        for _ in range(3):
            structlog.get_logger("x").warning("failed", channel="slack")
        (line,) = stream.getvalue().splitlines()
        assert json.loads(line)["channel"] == "slack"
    finally:
        root.handlers, root.level = handlers, level
        structlog.configure(**before)
