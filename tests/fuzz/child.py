"""One target in a process of its own: python -m tests.fuzz.child NAME SECONDS FOLDER CORPUS.

By atheris where it is there: coverage-guided, with the mutations of `mutate.py` beside libFuzzer's
own. Else by these mutations alone, and inputs are kept by chance.
"""
# ruff: noqa: PLC0415 - what is instrumented is imported after atheris says so

import random
import sys
import time
from pathlib import Path

try:
    import atheris
except ImportError:  # not on this machine
    atheris = None


def guided(name: str, seconds: int, folder: Path, found: Path) -> None:
    """Atheris, until its time is over; it ends the process."""
    with atheris.instrument_imports(include=["watchdog"]):
        from tests.fuzz.targets import BY_NAME
    from tests.fuzz.mutate import MOST, mutated
    from tests.fuzz.session import Session

    target = BY_NAME[name]
    session = Session(target, folder)

    def other(data: bytes, most: int, seed: int) -> bytes:
        if seed % 2:
            return atheris.Mutate(data, min(most, MOST))
        return mutated(data, seed, is_json=target.is_json)[:most]

    options = [f"-max_total_time={seconds}", f"-max_len={MOST}", "-print_final_stats=1"]
    limits = ["-timeout=60", "-rss_limit_mb=2048", "-close_fd_mask=0"]
    folders = [str(found), str(target.corpus)]
    atheris.Setup(["fuzz", *options, *limits, *folders], session.run, custom_mutator=other)
    atheris.Fuzz()


def unguided(name: str, seconds: int, folder: Path) -> None:
    """Mutations of the corpus, and of a few inputs that were taken."""
    from tests.fuzz.mutate import mutated
    from tests.fuzz.session import Session
    from tests.fuzz.targets import BY_NAME

    target = BY_NAME[name]
    session, choose = Session(target, folder), random.Random(1)  # noqa: S311 - no secret
    pool, end, seed = target.inputs(), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        seed += 1
        data = mutated(choose.choice(pool), seed, is_json=target.is_json)
        taken = session.taken
        session.run(data)
        if session.taken > taken and seed % 50 == 0:
            pool = [*pool[-500:], data]
    session.write()


if __name__ == "__main__":
    name, seconds, folder, found = sys.argv[1:]
    if atheris is None:
        unguided(name, int(seconds), Path(folder))
    else:
        guided(name, int(seconds), Path(folder), Path(found))
