"""`python -m tests.quality`: measure, write docs/quality.md, fail where a goal is missed."""

import argparse
import logging
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context

import structlog

from tests.paths import ROOT
from tests.quality import day_one_page, itself_page, page
from tests.quality.cluster import page as cluster_page
from tests.quality.cluster.fleets import CLUSTERS
from tests.quality.cluster.run import ClusterResult, run_cluster
from tests.quality.day_one import KINDS, DayOne, day_one
from tests.quality.fleets import FLEETS, LOOKED_AT, UNSEEN
from tests.quality.goals import missed
from tests.quality.itself_kinds import LOTS, Kind, Measured, measured
from tests.quality.itself_kinds import together as all_lots
from tests.quality.recorded import recorded
from tests.quality.simulate import Result, simulate
from tests.quality.summary import by_fleet, together

DOCS = ROOT / "docs"


def main() -> int:
    """Measure everything; 1 where a goal is missed."""
    arguments = _arguments()
    tell = _teller()
    tallies = recorded(tell)
    sys.stdout.write(page.recordings(tallies) + "\n")
    days = _day_one(arguments, tell) if arguments.only in {None, "day-one"} else []
    kinds = _itself(arguments, tell) if arguments.only in {None, "itself"} else []
    clusters = _clusters(arguments, tell) if arguments.only in {None, "clusters"} else []
    results = [] if arguments.only else _simulated(arguments, tell)
    summaries = by_fleet(results)
    unseen = together(results, UNSEEN) if results else None
    if unseen is not None:
        sys.stdout.write(page.fleets({**summaries, page.TOGETHER: unseen}) + "\n")
        if arguments.write:
            page.write(tallies, summaries, unseen, clusters, DOCS)
            page.write_day_one(days, DOCS)
            itself_page.write(kinds, DOCS)
    elif kinds and arguments.write:
        itself_page.write(kinds, DOCS)
    elif days and arguments.write:
        page.write_day_one(days, DOCS)
    elif clusters and arguments.write:
        page.write_clusters(tallies, clusters, DOCS)
    failed = [
        *missed(tallies, summaries, unseen, clusters),
        *day_one_page.missed(days),
        *itself_page.missed(kinds),
    ]
    for line in failed:
        sys.stderr.write(f"goal missed: {line}\n")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.quality", description=__doc__)
    parser.add_argument(
        "--recordings",
        dest="only",
        action="store_const",
        const="recordings",
        help="only the recordings: a minute",
    )
    parser.add_argument(
        "--clusters",
        dest="only",
        action="store_const",
        const="clusters",
        help="only the recordings and the simulated clusters: some minutes",
    )
    parser.add_argument(
        "--day-one",
        dest="only",
        action="store_const",
        const="day-one",
        help="only the recordings and the first day: some minutes",
    )
    parser.add_argument(
        "--itself",
        dest="only",
        action="store_const",
        const="itself",
        help="only the recordings and what the run itself tells: some minutes",
    )
    parser.add_argument("--lots", type=int, default=24, help="of the first day, for each kind")
    parser.add_argument(
        "--cluster-weeks", type=float, default=0.5, help="simulated, for each cluster"
    )
    parser.add_argument("--weeks", type=float, default=4.0, help="simulated, for each seed")
    parser.add_argument("--seeds", type=int, default=2, help="for each unseen fleet")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--no-write", dest="write", action="store_false", help="leave docs/ alone")
    return parser.parse_args()


def _simulated(arguments: argparse.Namespace, tell: page.Tell) -> list[Result]:
    seeds = range(1, arguments.seeds + 1)
    runs = [(fleet, seed) for seed in seeds for fleet in UNSEEN]
    runs += [(fleet.name, 1) for fleet in LOOKED_AT]
    done: dict[tuple[str, int], Result] = {}
    with ProcessPoolExecutor(arguments.workers, mp_context=get_context("spawn")) as pool:
        futures = {
            pool.submit(simulate, fleet, seed, arguments.weeks): (fleet, seed)
            for fleet, seed in runs
        }
        for future in as_completed(futures):
            done[futures[future]] = future.result()
            tell(f"{len(done)} of {len(runs)} simulations done")
    order = list(FLEETS)
    return [done[run] for run in sorted(done, key=lambda run: (order.index(run[0]), run[1]))]


def _day_one(arguments: argparse.Namespace, tell: page.Tell) -> list[DayOne]:
    days: list[DayOne] = []
    with ProcessPoolExecutor(arguments.workers, mp_context=get_context("spawn")) as pool:
        for day in pool.map(partial(day_one, arguments.lots), KINDS):
            days.append(day)
            tell(f"day one: {len(days)} of {len(KINDS)} kinds done")
    sys.stdout.write(day_one_page.table(days) + "\n")
    return days


def _itself(arguments: argparse.Namespace, tell: page.Tell) -> list[Measured]:
    order: tuple[Kind, ...] = ("writes", "erring", "loops", "slots", "sides")
    runs = sorted(((kind, lot) for kind in order for lot in LOTS[kind]), key=lambda run: run[1])
    lots: list[Measured] = []
    with ProcessPoolExecutor(arguments.workers, mp_context=get_context("spawn")) as pool:
        for lot in pool.map(measured, *zip(*runs, strict=True)):
            lots.append(lot)
            if len(lots) % 25 == 0:
                tell(f"what the run itself tells: {len(lots)} of {len(runs)} lots done")
    kinds = [all_lots(kind, lots) for kind in order]
    sys.stdout.write(itself_page.table(kinds) + "\n")
    return kinds


def _clusters(arguments: argparse.Namespace, tell: page.Tell) -> list[ClusterResult]:
    results: dict[str, ClusterResult] = {}
    spawn = get_context("spawn")
    with ProcessPoolExecutor(arguments.workers, spawn, initializer=_hush) as pool:
        futures = {
            pool.submit(run_cluster, cluster, 1, arguments.cluster_weeks): name
            for name, cluster in CLUSTERS.items()
        }
        for future in as_completed(futures):
            results[futures[future]] = future.result()
            tell(f"{len(results)} of {len(CLUSTERS)} clusters done")
    ordered = [results[name] for name in CLUSTERS]
    sys.stdout.write(cluster_page.table(ordered) + "\n")
    return ordered


def _hush() -> None:
    """What the program logs of messages that it sends is of no use here."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def _teller() -> page.Tell:
    began = time.monotonic()

    def tell(text: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:5.0f} s  {text}\n")

    return tell


if __name__ == "__main__":
    sys.exit(main())
