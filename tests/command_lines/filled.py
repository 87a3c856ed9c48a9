"""All actions, filled in for eval sets of every kind, with usual and with hostile names."""

import re
import shlex
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from tests.builders.judged import ALIVE, BOX, GONE, REFUSED, SPEC, stuck
from watchdog.correlate.degraded import _NOTHING_ELSE, _SEE
from watchdog.diagnose.placeholders import fill, fill_store
from watchdog.diagnose.rules import SPECS
from watchdog.model import advice
from watchdog.model.action import Action
from watchdog.model.facts import SampleKey, WriterProcess
from watchdog.model.judgment import EvalSetJudgment
from watchdog.model.runner_words import WriteFailures
from watchdog.model.texts import spans
from watchdog.model.verdict import Cause
from watchdog.probing.steps import STEPS

FOR_PEOPLE = {
    "<config.yaml>": "config.yaml",
    "<base-url>": "https://api.example/v1",
    "<pid>": "4242",
    "<bucket>": "bucket",
    "{model}": "openai/gpt-4o",
    "{next}": "",
}
"""What only a person knows, or a direct test, and something to stand for it."""
FULL = WriteFailures("", "", 1.0, 9.0, 3, "OSError: [Errno 28] No space left on device")
HOSTILE = (
    "HumanEval/2",
    'it\'s "2"',
    "two words",
    "$(touch pwned)",
    "; rm -rf / #",
    "a && b || c",
    "x > y < z",
    "-5",
    "--action",
    "*",
    "~root",
    "!!",
    "naïve ☃",
    "a\\",
    "--",
)
"""Names that can be typed, if they are quoted well."""
UNTYPABLE = ("a`b`c", "two  spaces", "tab\there", "x" * 500, "<pod>", "{model}", "\u202egnp")
"""Names that can't: their placeholder stays."""


class Filled(Struct, frozen=True):
    """An action as it is told, and what for."""

    about: str
    template: Action
    text: str
    sample: str
    """The stuck sample's id; empty where none is stuck."""

    @property
    def commands(self) -> tuple[str, ...]:
        """Its commands, with something in place of what stays open."""
        return tuple(_closed(part) for part, is_command in spans(self.text) if is_command)


def _closed(command: str) -> str:
    for place, value in FOR_PEOPLE.items():
        command = command.replace(place, value)
    return re.sub(r"(?<!['\w])<[a-z-]+>(?!['\w])", "something", command)


def templates() -> Iterator[tuple[str, Cause, Action]]:
    """Every action with the cause for which it is given."""
    for spec in SPECS:
        yield from ((spec.cause.value, spec.cause, action) for action in spec.actions)
    for meaning, actions in STEPS.items():
        yield from ((meaning.value, Cause.API_SERVER_ERROR, action) for action in actions)
    yield from (("degraded", Cause.RATE_LIMITED, action) for action in (_SEE, _NOTHING_ELSE))
    shared = (value for value in vars(advice).values() if isinstance(value, Action))
    yield from (("shared", Cause.EVICTED, action) for action in shared)


def filled() -> Iterator[Filled]:
    """Every action, in all surroundings that it applies to."""
    for about, cause, action in templates():
        for eval_set, sample in surroundings(cause):
            for one in fill([action], eval_set, cause):
                told = fill_store(one, eval_set.state.eval_set_id, None)
                yield Filled(about, action, told.told, sample)


def surroundings(cause: Cause) -> Iterator[tuple[EvalSetJudgment, str]]:
    """Eval sets with a runner, without one, on this machine; with usual and hostile names."""
    for cluster in (ALIVE, GONE, REFUSED):
        yield stuck(cause, cluster), "1"
        yield stuck(cause, cluster, key=None), ""
    for writer in (None, WriterProcess(4711, False, 5.0), WriterProcess(4711, True, 5.0)):
        place = {"local": True, "address": "logs", "logs_at": "logs"}
        yield stuck(cause, None, writer=writer, **place), "1"
    yield stuck(cause, ALIVE, key=None, write_failures={"": FULL}), ""
    yield stuck(cause, None, local=False, address="s3://b/e", logs_at="s3://b/e"), "1"
    for name in (*HOSTILE, *UNTYPABLE):
        yield _hostile(cause, name), name
        yield _hostile(cause, name, local=True), name


def _hostile(cause: Cause, name: str, *, local: bool = False) -> EvalSetJudgment:
    """All that an eval or a person may have named so."""
    key, spec = SampleKey(name, 2), replace(SPEC, task_id=name, task=name, model=name)
    if local:
        places = {"local": True, "address": name, "logs_at": name}
        return stuck(cause, None, name=name, key=key, uuid=name, spec=spec, **places)
    view = replace(ALIVE.view, sandboxes=(replace(BOX, sample_uuid=name),))
    return stuck(cause, replace(ALIVE, view=view), name=name, key=key, uuid=name, spec=spec)


def inner(command: str) -> list[str]:
    """A command's words; those of what it runs in a container where it runs something there."""
    words = shlex.split(command)
    if words[:2] == ["kubectl", "exec"]:
        return words[words.index("--") + 1 :]
    return words
