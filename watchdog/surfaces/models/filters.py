"""Filters of the models, as an address holds them: `?provider=openai&failing=1&q=gpt`."""

from collections.abc import Iterable
from urllib.parse import urlencode

from msgspec import Struct

from watchdog.model.texts import clean
from watchdog.surfaces.fleet.filters import LENGTH_MAX, VALUES_MAX, FilterError
from watchdog.surfaces.models.records import ModelRow


class ModelFilters(Struct, frozen=True):
    """What is to be shown. Of the providers any will do; of `q` all words."""

    provider: tuple[str, ...] = ()
    failing: bool = False
    """Only where calls failed within the last hour, are in back-off, or an outage is open."""
    q: tuple[str, ...] = ()

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """As an address has them, always in the same order."""
        failing = (("failing", "1"),) if self.failing else ()
        providers = (("provider", value) for value in self.provider)
        return (*providers, *failing, *(("q", word) for word in self.q))

    @property
    def query(self) -> str:
        """The address' query, without a question mark; empty for no filter."""
        return urlencode(self.pairs, errors="replace")

    def fit(self, row: ModelRow) -> bool:
        """Whether they let a model through."""
        if self.provider and row.provider.casefold() not in map(str.casefold, self.provider):
            return False
        if self.failing and not is_failing(row):
            return False
        name = clean(row.model, LENGTH_MAX).casefold()
        return all(word.casefold() in name for word in self.q)


def model_filters_of(pairs: Iterable[tuple[str, str]]) -> ModelFilters:
    """The filters of an address' query; what is no filter, and what is empty, doesn't count.

    Raises:
        FilterError: too many, too long, or `failing` is neither 1 nor 0.
    """
    values: dict[str, list[str]] = {"provider": [], "failing": [], "q": []}
    for name, value in pairs:
        if name in values and value:
            if len(value) > LENGTH_MAX:
                raise FilterError(f"{name}: more than {LENGTH_MAX} characters")
            values[name].append(clean(value, LENGTH_MAX))
    for name, texts in values.items():
        if len(texts) > VALUES_MAX:
            raise FilterError(f"{name}: more than {VALUES_MAX} of them")
    if not set(values["failing"]) <= {"0", "1"}:
        raise FilterError("failing: should be 1 or 0")
    words = [word for text in values["q"] for word in text.split()]
    return ModelFilters(
        provider=tuple(dict.fromkeys(values["provider"])),
        failing="1" in values["failing"],
        q=tuple(dict.fromkeys(words))[:VALUES_MAX],
    )


def is_failing(row: ModelRow) -> bool:
    """Whether something of it fails now, or did within the last hour."""
    of_late = any(count.failed for count in row.counts if count.seconds <= 3600)
    return bool(of_late or row.in_back_off) or any(one.until is None for one in row.outages)
