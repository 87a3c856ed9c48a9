"""What people said in advance, by who said it: what of it holds, and how that is told."""

from collections.abc import Iterable
from functools import reduce

from msgspec import Struct

from watchdog.model.allowances import NO_ALLOWANCE, Allowance, NoPage, joined
from watchdog.model.instants import clock
from watchdog.model.verdict import Evidence
from watchdog.model.words import duration


class Exceptions(Struct, frozen=True):
    """What one source says, as it holds at the instant that is judged."""

    who: str
    where: str
    """Where it says so: `annotation of the Job`."""
    allowance: Allowance
    no_page: NoPage | None = None
    by_owner: bool = True

    @property
    def words(self) -> str:
        """What it says and where, without its end."""
        return self._sentence("")

    @property
    def evidence(self) -> Evidence:
        """The same for the verdict: `its owner expects up to 6 h of silence until …`."""
        until = self.allowance.until
        end = f" until {clock(until)}" if until is not None else ""
        return Evidence("told", self._sentence(end), until)

    def _sentence(self, end: str) -> str:
        why = f": {self.allowance.reason}" if self.allowance.reason else ""
        return f"{self.who} {', '.join(_clauses(self))}{end} ({self.where}){why}"

    @property
    def is_told(self) -> bool:
        """Whether it says anything of its own; of what the configuration mutes is told elsewhere.

        A limit of the configuration is told where it is reached.
        """
        allowed = self.allowance
        new = (allowed.expected_silence, allowed.patience, allowed.page)
        return bool(_clauses(self)) and (self.by_owner or any(word is not None for word in new))


def together(exceptions: Iterable[Exceptions]) -> Allowance:
    """What they allow, the last word counting."""
    return reduce(joined, (item.allowance for item in exceptions), NO_ALLOWANCE)


def no_page_of(exceptions: Iterable[Exceptions]) -> NoPage | None:
    """Whether there is to be no page: the last word on it counts."""
    words = [item.no_page for item in exceptions if item.allowance.page is not None]
    return words[-1] if words else None


_CALLS = {
    "model_call": "a model call",
    "tool_call": "a tool call",
    "setup": "a set-up",
    "scoring": "a scorer",
    "step": "a solver between two calls",
}


def _clauses(exceptions: Exceptions) -> list[str]:
    """What it says, piece by piece: `expects up to 6 h of silence`, `wants a page`."""
    allowed = exceptions.allowance
    clauses = [
        f"allows {words} {duration(seconds)}"
        for name, words in _CALLS.items()
        if (seconds := getattr(allowed, name)) is not None
    ]
    waiting = allowed.waiting or allowed.waiting_in_silence
    clauses += [f"says that it waits on purpose ({waiting})"] if waiting else []
    if allowed.expected_silence is not None:
        clauses.append(f"expects up to {duration(allowed.expected_silence)} of silence")
    if allowed.patience is not None:
        clauses.append(f"asks for {allowed.patience:g} times the usual patience")
    if exceptions.no_page is not None:
        clauses.append(_no_page_clause(exceptions.no_page, allowed.until))
    elif allowed.page:
        clauses.append("wants a page")
    return clauses


def _no_page_clause(wish: NoPage, until: float | None) -> str:
    """With its end where that is another than that of the rest: a mute's."""
    text = "wants a warning in place of a page"
    if wish.until is None or wish.until == until:
        return text
    return f"{text} until {clock(wish.until)}"
