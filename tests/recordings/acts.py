"""What a scenario's script is asked, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

MINUTE = 60.0
HOUR = 3600.0

Error = Literal["500", "429", "400", "401", "529", "timeout", "connection", "quota"]


@dataclass(frozen=True)
class Call:
    """One HTTP request of a model call."""

    sample: str
    epoch: int
    model: str
    turn: int
    """How many answers the conversation already holds."""
    requests: int
    """How many HTTP requests this sample has made before."""
    at: float
    """Fake seconds since the scenario's start."""
    prompt: str = ""
    """What the conversation began with."""


@dataclass(frozen=True)
class Reply:
    """The provider answers, after a while, with a tool call or (without one) for good."""

    after: float = 30.0
    tool: str | None = None
    arguments: Mapping[str, object] = field(default_factory=dict)
    text: str = "The answer is 42."
    finish: Literal["stop", "length", "content_filter"] = "stop"
    """Why an answer without a tool call ends."""


@dataclass(frozen=True)
class Fail:
    """The provider fails, after a while."""

    error: Error
    after: float = 1.0
    onset: bool = True
    """Does the trouble that is to be found begin here?"""


@dataclass(frozen=True)
class Hang:
    """The provider never answers."""

    onset: bool = True
    """Does the trouble that is to be found begin here?"""


Act = Reply | Fail | Hang
Script = Callable[[Call], Act]


def spread(call: Call, low: float, high: float) -> float:
    """Give a duration between two bounds that looks random and is always the same."""
    seed = hash_of(f"{call.sample}/{call.epoch}/{call.turn}/{call.requests}")
    return low + (high - low) * seed


def hash_of(text: str) -> float:
    """Map a text to a number from 0 to 1, the same in every process."""
    value = 2166136261
    for char in text.encode():
        value = ((value ^ char) * 16777619) & 0xFFFFFFFF
    value ^= value >> 15
    value = (value * 2246822519) & 0xFFFFFFFF
    return (value ^ (value >> 13)) / 0xFFFFFFFF


def turns(call: Call, count: int, low: float = 20, high: float = 60, pause: float = 20) -> Reply:
    """Answer with tool calls until `count` turns are done, then with the answer."""
    after = spread(call, low, high)
    if call.turn >= count:
        return Reply(after=after)
    command = {"cmd": f"sleep {pause:g}", "timeout": 600}
    return Reply(after=after, tool="bash", arguments=command, text=f"Step {call.turn + 1}.")
