"""What the first page costs a service of 2,000 eval sets: bytes, and CPU by where it is spent.

`python -m tests.performance.page_cost` prints the figures of docs/performance.md.
"""

import asyncio
import gc
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable

import httpx
from msgspec.structs import replace
from playwright.sync_api import sync_playwright

from tests.browser.chromium import PHONE, program
from tests.browser.serving import serving
from tests.builders.kept_incidents import kept
from tests.builders.model_calls import calls, fleet_calls
from tests.builders.snapshots import NOW, incident
from tests.builders.wide_fleets import wide
from tests.doubles.desk import Desk
from tests.security.served import site
from watchdog.pipeline.retry_history import RetryHistory
from watchdog.surfaces.fleet.listing import Fleets

SIZE, STUCK, SAMPLES = 2000, 200, 25
VIEWERS = 10
MODELS, PAST = 64, 500
PATHS = (
    "/",
    "/?verdict=stuck",
    "/?page=20",
    "/eval-sets/eval-set-0000-x7k2",
    "/incidents",
    "/incidents?state=past",
    "/models",
    "/api/v1/eval-sets",
    "/api/v1/incidents",
    "/api/v1/models",
)
RAW_MAX, WIRE_MAX, LOOP_MAX, PAINT_MAX = 300_000, 100_000, 50.0, 1.0
"""Bytes of a page, and of it compressed; milliseconds of the event loop; seconds to first paint."""


async def main() -> None:
    """Ask for each address of a new snapshot, of the same again, and by who has it."""
    snapshot = replace(wide(SIZE, stuck=STUCK, samples=SAMPLES), calls=many_models())
    served = site(lambda: snapshot, desk=Desk(past=many_past()))
    transport = httpx.ASGITransport(served.app())
    say(f"{SIZE} eval sets, {SIZE * SAMPLES} running samples, {STUCK} eval sets stuck")
    gc.freeze()
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for path in PATHS:
            say(await figures(client, path, served, snapshot))
        all_of_them, of_loop = await cost(
            lambda: asyncio.gather(*(ask(client, "/") for _ in range(VIEWERS))),
            served,
            wide_again(snapshot),
        )
        say(f"{VIEWERS} viewers of one poll: {all_of_them:.1f} ms, {of_loop:.1f} of the loop")
        held = min([await held_by_viewers(client, served, snapshot) for _ in range(5)])
        check("the loop while ten look", held <= LOOP_MAX)
        say(f"whoever waits for the loop meanwhile, a poll too, waits for {held:.1f} ms at most")
    begun = time.process_time()
    Fleets().of(snapshot, snapshot)
    took = 1000 * (time.process_time() - begun)
    say(f"rows, where all changed: {took:.1f} ms; they take {fleet_bytes(snapshot):,} B")
    say(f"retries of two hours: {history_bytes():,} B an eval set, where all of them grow")


def many_models():
    """As many models as are kept, each out now and then."""
    return fleet_calls(
        *(calls(f"provider-{n % 7}/model-{n}", back_off=n % 3) for n in range(MODELS))
    )


def many_past():
    """The week's outages."""
    for n in range(PAST):
        model = f"provider-{n % 7}/model-{n % MODELS}"
        over = incident(id=f"over-{n}", scope="model", subject=model, models=(model,))
        yield kept(1, incident=over, resolved_at=NOW - 600 * n)


async def figures(client: httpx.AsyncClient, path: str, served, snapshot) -> str:
    """What an address costs, in one line."""
    packed = await ask(client, path)
    first, of_loop = await cost(lambda: ask(client, path), served, wide_again(snapshot))
    again, _ = await cost(lambda: ask(client, path), served, lambda: snapshot)
    known = {"if-none-match": packed.headers["etag"]}
    sizes = len(packed.content), int(packed.headers["x-wire"].replace(",", ""))
    check(path, sizes[0] <= RAW_MAX and sizes[1] <= WIRE_MAX and of_loop <= LOOP_MAX)
    same, _ = await cost(lambda: ask(client, path, **known), served, lambda: snapshot)
    return (
        f"{path}: {len(packed.content):,} B, gzip {packed.headers['x-wire']} B; "
        f"CPU of the first {first:.1f} ms ({of_loop:.1f} of the loop), "
        f"of each after {again:.2f} ms, of a 304 {same:.2f} ms"
    )


def wide_again(snapshot):
    """The same as another snapshot: nothing that was made of it counts any more."""
    return lambda: replace(snapshot)


async def held_by_viewers(client: httpx.AsyncClient, served, snapshot) -> float:
    """Milliseconds that the event loop is held at most while ten look at a new snapshot."""
    current = replace(snapshot)
    served._read = lambda: current
    return await longest_hold(asyncio.gather(*(ask(client, "/") for _ in range(VIEWERS))))


async def longest_hold(work: Awaitable[object]) -> float:
    """Milliseconds that the event loop is held at most while something is done."""
    longest, working = 0.0, asyncio.ensure_future(work)
    while not working.done():
        begun = time.perf_counter()
        await asyncio.sleep(0)
        longest = max(longest, time.perf_counter() - begun)
    return 1000 * longest


async def ask(client: httpx.AsyncClient, path: str, **headers: str) -> httpx.Response:
    """An answer, with its bytes on the wire as `x-wire`."""
    headers = {"accept-encoding": "gzip", **headers}
    async with client.stream("GET", path, headers=headers) as raw:
        packed = b"".join([chunk async for chunk in raw.aiter_raw()])
    answer = httpx.Response(raw.status_code, headers=raw.headers, content=packed)
    answer.headers["x-wire"] = f"{len(packed):,}"
    return answer


async def cost(work: Callable, served, read: Callable) -> tuple[float, float]:
    """Milliseconds of CPU: of the process, and of the event loop's thread alone."""
    best: list[tuple[float, float]] = []
    for _ in range(5):
        current = read()
        served._read = lambda current=current: current
        process, thread = time.process_time(), time.thread_time()
        await work()
        best.append((1000 * (time.process_time() - process), 1000 * (time.thread_time() - thread)))
    return sorted(best)[2]


def fleet_bytes(snapshot) -> int:
    """Memory of what is kept of all rows."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    fleets = Fleets()
    fleets.of(snapshot, snapshot)
    size = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return size


def history_bytes() -> int:
    """Memory of two hours of retries of one eval set among 10,000 that all change."""
    snapshot = wide(200)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    history = RetryHistory()
    for step in range(30):
        history.take(snapshot.figures, NOW + 300 * step)
    size = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return size // 200


PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


def first_paint() -> None:
    """How long a phone waits for something to be seen, as the first viewer of a poll."""
    with serving() as served, sync_playwright() as playwright:
        served.desk.kept.extend(many_past())
        browser = playwright.chromium.launch(executable_path=program(), args=["--no-sandbox"])
        for path in ("/", "/eval-sets/eval-set-0000-x7k2", "/incidents", "/models"):
            served.snapshot = replace(wide(SIZE, stuck=STUCK, samples=SAMPLES), calls=many_models())
            page = browser.new_context(viewport=PHONE).new_page()
            page.goto(served.url + path)
            page.wait_for_function(f"() => ({PAINT}) !== null")
            seconds = page.evaluate(PAINT) / 1000
            check(f"first paint of {path}", seconds <= PAINT_MAX)
            say(f"{path}: first paint after {seconds:.2f} s")
            page.context.close()
        browser.close()


MISSED: list[str] = []


def check(what: str, is_kept: bool) -> None:
    """Remember what is beyond its bound."""
    if not is_kept:
        MISSED.append(what)


def say(line: str) -> None:
    """One line."""
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
    first_paint()
    if MISSED:
        sys.exit(f"beyond the bounds: {', '.join(MISSED)}")
