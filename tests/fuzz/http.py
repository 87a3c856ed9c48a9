"""Fuzzes the HTTP surface by its own OpenAPI document, in the process and over a real socket.

`main(seconds)` goes on for as long; the acceptance test takes a few examples.
"""

import asyncio
import contextlib
import threading
import time
import warnings

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from tests.doubles.weeks import Weeks
from tests.security.served import served, site
from watchdog.surfaces.web.handout import BundleError
from watchdog.surfaces.web.openapi import document

PATH = "/api/v1/openapi.json"
_ROUND = 50
"""Examples of each operation, way and round."""
_QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


async def _no_bundle(_eval_set_id):
    raise BundleError("not here")


def app():
    return site(names=("testserver",), bundle=_no_bundle, weeks=Weeks()).app()


@contextlib.contextmanager
def over_socket():
    """The application's address, served by a thread."""
    ready, stop, address = threading.Event(), threading.Event(), []

    async def serve():
        async with served(app()) as server:
            address.append(server.url)
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        if not ready.wait(30):
            raise TimeoutError("the server did not start")
        yield address[0]
    finally:
        stop.set()
        thread.join(30)


def run(schema, examples, *, derandomize=True, **call):
    """Call every operation with so many examples of each kind; how many calls there were.

    Raises:
        Exception: an answer that the document doesn't allow, with how to ask for it again.
    """
    calls = 0
    for operation in schema.get_all_operations():
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):

            def one(case):
                nonlocal calls
                calls += 1
                case.call_and_validate(**call)

            try:
                strategy = operation.ok().as_strategy(generation_mode=mode)
            except schemathesis.errors.Unsatisfiable:
                continue
            bounded = settings(
                max_examples=examples,
                deadline=None,
                database=None,
                derandomize=derandomize,
                phases=[Phase.generate, Phase.explicit],
                suppress_health_check=_QUIET,
            )
            try:
                bounded(given(case=strategy)(one))()
            except Exception as error:
                if "Unsatisfiable" not in type(error).__name__:
                    raise
    return calls


def in_process(examples, **more):
    return run(schemathesis.openapi.from_asgi(PATH, app()), examples, **more)


def by_socket(examples, **more):
    with over_socket() as url:
        schema = schemathesis.openapi.from_dict(document())
        return run(schema, examples, base_url=url, **more)


def main(seconds: float) -> dict[str, int]:
    """Fuzz for about so long; figures of what was done. The first wrong answer is raised."""
    warnings.simplefilter("ignore")
    until = time.monotonic() + seconds
    figures = {"rounds": 0, "calls": 0}
    while not figures["rounds"] or time.monotonic() < until:
        figures["calls"] += in_process(_ROUND, derandomize=False)
        figures["calls"] += by_socket(_ROUND, derandomize=False)
        figures["rounds"] += 1
    return figures


if __name__ == "__main__":
    print(main(60.0))  # noqa: T201
