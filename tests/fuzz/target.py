"""One parser, as it is fuzzed."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

CORPUS = Path(__file__).parent / "corpus"


class Target(NamedTuple):
    """A parser of foreign bytes: whatever they are, it answers or raises what it documents."""

    name: str
    """Also its corpus' folder."""
    call: Callable[[bytes], object]
    """Raises nothing but `allowed`; where it returns, the answer's own promises are asserted."""
    allowed: tuple[type[Exception], ...] = ()
    """What its documentation says that it raises."""
    parses: tuple[str, ...] = ()
    """The modules that are meant, for the test that none of `collect` is forgotten."""
    is_json: bool = False
    """Whether inputs are worth changing as JSON, beside as bytes."""
    slow: bool = False
    """Whether one input takes milliseconds: fewer of them in CI."""

    @property
    def corpus(self) -> Path:
        """Where its inputs lie."""
        return CORPUS / self.name

    def inputs(self) -> list[bytes]:
        """The corpus, in the order of names."""
        return [path.read_bytes() for path in sorted(self.corpus.glob("*"))]

    def run(self, data: bytes) -> bool:
        """Whether it took the input; False where it refused it as documented."""
        try:
            self.call(data)
        except self.allowed:
            return False
        return True
