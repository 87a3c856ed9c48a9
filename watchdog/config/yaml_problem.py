"""What is wrong with a YAML file and where, without a word of it: its lines may hold secrets."""

import re

import yaml

_QUOTED = re.compile("'([^']*)'|\"([^\"]*)\"")


def yaml_problem(error: Exception) -> str:
    """`line 3, column 5: found unknown escape character '…'`."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return "a value that is none of its kind, or no text"
    mark = error.problem_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
    return place + _QUOTED.sub(_unquoted, error.problem or "")


def _unquoted(quoted: re.Match[str]) -> str:
    """A single character and the name of a token, `<stream end>`, tell nothing."""
    text = quoted[1] or quoted[2] or ""
    return quoted[0] if len(text) <= 2 or text.startswith("<") else "'…'"
