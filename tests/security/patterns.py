"""Texts on which a regular expression may take more than linear time, made from its own parts.

Python's engine backtracks: `\\d+\\s*x` over digits without an `x` takes the square of their number.
Every repetition of a pattern is pumped: a text that leads to it, what it repeats many times, and an
end that doesn't fit.
"""

import importlib
import pkgutil
import random
import re
import time
from collections.abc import Iterator
from re import _constants as constants
from re import _parser as parser
from typing import NamedTuple

import watchdog

LENGTH = 65_536
"""Characters: as long as the longest text that any of them meets, a line of a runner's log."""
ROOMS = ("collect", "fold", "diagnose", "correlate", "model", "notify", "evidence", "redaction")


class Slow(NamedTuple):
    """The worst text of one pattern."""

    seconds: float
    module: str
    pattern: str
    text: str


def patterns() -> Iterator[tuple[str, re.Pattern]]:
    """All that stand at a module's top, also within tuples and dictionaries."""
    found: set[re.Pattern] = set()
    for info in pkgutil.walk_packages(watchdog.__path__, "watchdog."):
        if info.name.split(".")[1] not in ("commands", "service", "__main__", "cli"):
            module = importlib.import_module(info.name)
            for value in vars(module).values():
                for pattern in _within(value, 3):
                    if pattern not in found:
                        found.add(pattern)
                        yield info.name, pattern


def _within(value: object, depth: int) -> Iterator[re.Pattern]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, dict):
        for part in value.values():
            yield from _within(part, depth - 1)
    elif depth and isinstance(value, tuple | list):
        for part in value:
            yield from _within(part, depth - 1)


def worst(module: str, pattern: re.Pattern, length: int = LENGTH, seconds: float = 3.0) -> Slow:
    """The text that takes it longest, of those that are tried within a few seconds."""
    slowest = Slow(0.0, module, str(pattern.pattern), "")
    end = time.monotonic() + seconds
    for text in texts(pattern, length):
        if time.monotonic() > end:
            break
        begin = time.perf_counter()
        pattern.sub("", text) if isinstance(text, str) else pattern.sub(b"", text)
        taken = time.perf_counter() - begin
        if taken > slowest.seconds:
            slowest = slowest._replace(seconds=taken, text=str(text[:60]))
    return slowest


def texts(pattern: re.Pattern, length: int) -> Iterator[str | bytes]:
    """Near-matches of `length` characters, the short ones first: where these are slow, it shows."""
    is_bytes = isinstance(pattern.pattern, bytes)
    source = pattern.pattern.decode("latin-1") if is_bytes else pattern.pattern
    choose = random.Random(1)  # noqa: S311 - no secret
    pumped = list(dict.fromkeys(_pumped(list(parser.parse(source, pattern.flags)), "", choose)))
    for lead, piece in pumped:
        for end in ("\x01", "", lead[:1] or "!"):
            for repeated in {piece, lead + piece, piece + " ", "\n" + piece}:
                text = (lead + repeated * (length // len(repeated)))[: length - 1] + end
                yield text.encode("latin-1", "replace") if is_bytes else text


def _pumped(parts: list, lead: str, choose: random.Random) -> Iterator[tuple[str, str]]:
    """What leads to each repetition, and what it repeats."""
    for operation, argument in parts:
        if operation in (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT):
            inner = list(argument[2])
            for _ in range(3):
                piece = "".join(_sample(part, choose) for part in inner)
                if piece:
                    yield lead, piece
            yield from _pumped(inner, lead, choose)
        elif operation is constants.SUBPATTERN:
            yield from _pumped(list(argument[3]), lead, choose)
        elif operation is constants.BRANCH:
            for branch in argument[1]:
                yield from _pumped(list(branch), lead, choose)
        elif operation in (constants.ASSERT, constants.ASSERT_NOT):
            yield from _pumped(list(argument[1]), lead, choose)
        lead += _sample((operation, argument), choose)
    if lead:
        yield "", lead
        yield "", lead[:-1] or lead
        yield "", lead[:1]


def _sample(part: tuple, choose: random.Random) -> str:  # noqa: PLR0911 - one for each kind
    """A short text that fits a part of a pattern."""
    operation, argument = part
    if operation is constants.LITERAL:
        return chr(argument)
    if operation is constants.NOT_LITERAL:
        return "a" if argument != ord("a") else "b"
    if operation is constants.ANY:
        return "a"
    if operation is constants.IN:
        return _of_set(argument, choose)
    if operation in (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT):
        least = min(max(argument[0], 1 if argument[1] else 0), 40)
        return "".join(_sample(one, choose) for one in argument[2]) * least
    if operation is constants.SUBPATTERN:
        return "".join(_sample(one, choose) for one in argument[3])
    if operation is constants.BRANCH:
        return "".join(_sample(one, choose) for one in choose.choice(argument[1]))
    return ""


_CATEGORIES = {
    constants.CATEGORY_DIGIT: "7",
    constants.CATEGORY_SPACE: " ",
    constants.CATEGORY_WORD: "a",
    constants.CATEGORY_NOT_SPACE: "a",
    constants.CATEGORY_NOT_DIGIT: "a",
    constants.CATEGORY_NOT_WORD: "-",
}


def _of_set(argument: list, choose: random.Random) -> str:
    if argument[0][0] is constants.NEGATE:
        fit = [char for char in "a7 -.\n" if not any(_fits(one, char) for one in argument[1:])]
        return choose.choice(fit or ["a"])
    operation, value = choose.choice(argument)
    if operation is constants.LITERAL:
        return chr(value)
    if operation is constants.RANGE:
        return chr(value[0])
    return _CATEGORIES.get(value, "a")


def _fits(one: tuple, char: str) -> bool:
    operation, value = one
    if operation is constants.LITERAL:
        return chr(value) == char
    if operation is constants.RANGE:
        return value[0] <= ord(char) <= value[1]
    return _CATEGORIES.get(value) == char
