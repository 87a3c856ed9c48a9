"""Reads a command line: no flag by half of its name, and what is wrong is said in one line."""

from __future__ import annotations

import shlex
import sys
from argparse import Action, ArgumentError, ArgumentParser, ArgumentTypeError
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn

from watchdog.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Sequence


FEW = 6
"""So many are all told where nothing is like what was typed."""


class UnfitError(ArgumentTypeError):
    """A value that would do with a little more; `instead` is what was meant, it seems."""

    def __init__(self, message: str, instead: str) -> None:
        """Args: message: what is wrong; instead: the value as it should be."""
        super().__init__(message)
        self.instead = instead


class Parser(ArgumentParser):
    """Raises UsageError where others end the program."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - argparse's own
        """As `ArgumentParser`; its parsers of commands are of the same kind."""
        super().__init__(*arguments, **{"allow_abbrev": False, "exit_on_error": False, **options})

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(f"{message} (see `{self.prog} --help`)")

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Namespace | None = None
    ) -> tuple[Namespace, list[str]]:
        """Parse.

        Raises:
            UsageError: a value is none, or there is no such option or command.
        """
        words = list(sys.argv[1:] if args is None else args)
        try:
            parsed, extras = super().parse_known_args(words, namespace)
        except ArgumentError as error:
            self.error(self._told(error, words))
        if extras:
            self.error(self._unknown(extras))
        return parsed, extras

    def _check_value(self, action: Action, value: Any) -> None:  # noqa: ANN401 - argparse's own
        """One of a list: with what may have been meant, in place of all there is."""
        if action.choices is not None and value not in action.choices:
            names = [str(choice) for choice in action.choices]
            what = f"there is no {str(action.metavar or action.dest).lower()} {value!r}"
            some = f"; one of {', '.join(names)}" if len(names) < FEW else ""
            raise ArgumentError(None, f"{what}{meant(str(value), names) or some}")

    def _told(self, error: ArgumentError, words: Sequence[str]) -> str:
        unfit = error.__context__
        if not isinstance(unfit, UnfitError):
            return str(error)
        option = error.argument_name or ""
        corrected = shlex.join((self.prog, *_with(words, option, unfit.instead)))
        return f"{error}: `{corrected.replace(shlex.quote(self.prog), self.prog, 1)}`"

    def _unknown(self, extras: Sequence[str]) -> str:
        options = [name for name in self._option_string_actions if name.startswith("--")]
        first = next((word for word in extras if word.startswith("-")), extras[0])
        name = first.partition("=")[0]
        if not first.startswith("-"):
            return f"one argument too many: {first!r}"
        return f"there is no option {name}{meant(name, options)}"


def meant(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'check'?`; empty where nothing is like it."""
    names = list(known)
    like = get_close_matches(word, names, n=1, cutoff=0.6)
    # a beginning is short of many letters
    like = like or [name for name in names if len(word) > 2 and name.startswith(word)][:1]
    return f"; did you mean {like[0]!r}?" if like else ""


def _with(words: Sequence[str], option: str, instead: str) -> list[str]:
    """The call with another value of an option."""
    names = option.split("/")
    corrected = list(words)
    for place, word in enumerate(corrected):
        name, equals, _ = word.partition("=")
        if name in names:
            if equals:
                corrected[place] = f"{name}={instead}"
            elif place + 1 < len(corrected):
                corrected[place + 1] = instead
    return corrected
