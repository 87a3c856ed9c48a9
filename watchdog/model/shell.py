"""Values as they are typed in a shell."""

import re
import shlex

VALUE_MAX = 160
"""Characters of a value as it is typed; what is longer keeps its placeholder."""
_PLACEHOLDER = re.compile(r"<[a-z-]+>|\{\w+\}")


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
    is_fit = is_plain and not is_option and not _PLACEHOLDER.search(value)
    return quoted if is_fit and len(quoted) <= VALUE_MAX else ""
