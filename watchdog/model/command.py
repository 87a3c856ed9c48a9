"""The one place where commands are made: templates of ours, with values that anybody may choose.

A template is filled in one go: each value is quoted once, as POSIX shells take it, and what was
filled in is never looked at again. Whoever names a model `<sample-uuid>` or `$(reboot)` gets a word
in quotes.
"""

import re
import shlex
from collections.abc import Mapping

VALUE_MAX = 160
"""Characters of a value as it is typed; what is longer keeps its placeholder."""
TEXT_MAX = 4000
"""Characters that a text with its commands has at most: two commands with all their values."""
PLACEHOLDER = re.compile(r"<[a-z-]+>|\{\w+\}")
SAMPLE = ("<task-id>", "<sample-id>")
"""May begin with a dash: `--` is put before them then."""
_OF_SAMPLE = re.compile(r"( <task-id> <sample-id> <epoch>)((?: --[a-z-]+ \w+)*)")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def fill(text: str, values: Mapping[str, str]) -> str:
    """A template with its placeholders filled in.

    Args:
        text: of ours, commands between backticks.
        values: by placeholder, as they are. What isn't known, or can't be typed, keeps its
            placeholder: a command that says `<runner-pod>` is better than none.
    """
    if any(values.get(place, "").startswith("-") for place in SAMPLE):
        # ids that look like options come after all options
        text = _OF_SAMPLE.sub(r"\2 --\1", text)
    return PLACEHOLDER.sub(lambda place: _word(place[0], values), text)


def _word(place: str, values: Mapping[str, str]) -> str:
    word = typed(values.get(place, ""), behind_dashes=place in SAMPLE)
    return word or f"<{place[1:-1].replace('_', '-')}>"


def typed(value: str, *, behind_dashes: bool = False) -> str:
    """A value as it is typed, quoted where it has to be; empty where it can't be.

    It can't where it would end the backticks around the command, would not be shown as it is
    (control characters, spaces in a row), looks like a placeholder, is too long for one line, or
    begins with a dash and would be taken for an option; `behind_dashes` says that `--` is before
    it.
    """
    is_plain = value.isprintable() and "`" not in value and "  " not in value
    is_option = value.startswith("-") and not behind_dashes
    quoted = shlex.quote(value) if value else ""
    is_fit = is_plain and value == value.strip() and not is_option
    return quoted if is_fit and not PLACEHOLDER.search(value) and len(quoted) <= VALUE_MAX else ""


def quoted(value: str) -> str:
    """Any text as one word, for commands that a file holds; not for those between backticks."""
    return shlex.quote(value)


def variable(name: str) -> str:
    """A variable that the shell is to fill in, within double quotes; `$TOKEN` where it is none."""
    return f"${name}" if _VARIABLE.fullmatch(name) else "$TOKEN"
