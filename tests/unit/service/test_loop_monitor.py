"""The loop tells how long it was held."""

import asyncio

from watchdog.service.loop_monitor import LoopMonitor, run_measured
from watchdog.surfaces.metrics import Exposition, SelfMetrics


def test_a_turn_that_takes_long_is_told_once(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("watchdog.service.loop_monitor.time.perf_counter", lambda: clock[0])
    monitor = LoopMonitor()

    async def main():
        monitor.take()
        clock[0] += 7.0
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return monitor.take(), monitor.take()

    assert run_measured(main(), monitor) == (7.0, 0.0)


def test_the_longest_since_the_last_scrape_is_a_metric():
    metrics, monitor = SelfMetrics(), LoopMonitor()
    metrics.measure_loop(monitor.take)
    exposition = Exposition(lambda: None, metrics)
    monitor.held(0.25)
    monitor.held(0.125)
    scrapes = [exposition.render("")[0].decode() for _ in range(2)]
    values = [
        line.split()[1]
        for text in scrapes
        for line in text.splitlines()
        if line.startswith("eval_watchdog_event_loop_block_seconds ")
    ]
    assert values == ["0.25", "0.0"]
