"""Gives words to a click program and tells what it made of them; runs nothing of it.

`python parse_click.py MODULE ATTRIBUTE < words`: a list of lists of words as JSON; one answer for
each, `{"path": […], "params": {…}}` or `{"error": "…"}`. It runs in the program's own Python and
imports nothing of ours.
"""

import importlib
import json
import sys

import click


class _Parsed(Exception):  # noqa: N818 - an answer, no error
    """A command got as far as its callback."""


def _stop_at_callbacks(command: click.Command) -> None:
    """No command does anything any more, but say how it was called."""
    if isinstance(command, click.Group):
        for part in command.commands.values():
            _stop_at_callbacks(part)
        return

    def stop(**params: object) -> None:
        raise _Parsed(params)

    command.callback = stop


def _answer(program: click.Command, words: list[str]) -> dict[str, object]:
    try:
        program.main(words, standalone_mode=False)
    except _Parsed as parsed:
        params = {name: str(value) for name, value in parsed.args[0].items() if value is not None}
        return {"params": params}
    except click.ClickException as error:
        return {"error": error.format_message()}
    return {"error": "it is no command, only a group of them"}


def main() -> None:
    """Answer each of the calls on standard input."""
    module, attribute = sys.argv[1:]
    program = getattr(importlib.import_module(module), attribute)
    _stop_at_callbacks(program)
    json.dump([_answer(program, words) for words in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
