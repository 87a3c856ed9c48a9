"""What was measured becomes a part of docs/performance.md, and only that part is made anew."""

from dataclasses import replace

import pytest

from tests.performance.exponents import grown
from tests.performance.load import page, results
from tests.performance.page_sections import replace_section

ONE = results.Result(
    size=1000,
    mood="quiet",
    samples=15,
    events=100,
    on="2026-11-28",
    interval=30.0,
    polls=8,
    seconds=30.0,
    cpu=0.8,
    obstore=0.2,
    boto3=1.5,
    sync=9.0,
    reader=0.3,
    pss=100 << 20,
    gets=1000.0,
    lists=10.0,
    received=1e6,
    scrape_size=200_000,
    scrape_seconds=0.2,
    block=0.02,
    healthz=0.05,
    delay=20.0,
    first_cpu=20.0,
    first_seconds=30.0,
    first_pss=120 << 20,
)
TEN = replace(ONE, size=10_000, cpu=7.1, pss=300 << 20, gets=10_000.0, lists=100.0, sync=None)


def test_sizes_in_between_lie_on_the_line():
    text = page.markdown([ONE, TEN])
    assert "### Most works" in text
    assert "### Everything fails" not in text
    cells = row_of(text, "3,000")
    polls = 2880
    assert cells[1] == "2.20 s"
    assert cells[2] == "0.073"
    assert cells[4] == "144 MiB"
    assert not cells[5], "nothing is said of an outage that was not measured"
    assert cells[6:8] == [f"{polls * 3000:,}", f"{polls * 30:,}"]
    assert cells[8] == f"${polls * (3000 * 0.0004 + 30 * 0.005) / 1000:,.2f}"


def row_of(text: str, size: str) -> list[str]:
    row = [line for line in text.splitlines() if line.startswith(f"| {size} |")][-1]
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_what_nothing_costs_nothing_of_is_in_proportion_below_the_smallest():
    steep = replace(TEN, cpu=16.0, gets=20_000.0)
    outage = [replace(one, mood="outage", pss=2 * one.pss) for one in (ONE, TEN)]
    cells = row_of(page.markdown([ONE, steep, *outage]), "100")
    assert cells[1] == "0.08 s"
    assert cells[4:6] == ["80 MiB", "160 MiB"]
    assert cells[6] == f"{2880 * 100:,}"


def test_one_size_makes_no_line():
    assert "### Sizing" not in page.markdown([ONE])


def test_a_size_is_kept_once(tmp_path):
    path = tmp_path / "measured.json"
    for one in (TEN, ONE, replace(ONE, cpu=0.5)):
        results.keep(one, path)
    assert results.read(path) == [replace(ONE, cpu=0.5), TEN]


def test_what_is_too_steep_is_told_only_where_it_takes_time():
    sizes = (10, 20, 40, 80)
    costs = {"judge": [0.01 * n * n for n in sizes], "learn": [1e-6 * n * n for n in sizes]}
    growth = grown.Growth("tasks", sizes, costs)
    assert growth.slope("judge") == pytest.approx(2.0)
    assert growth.too_steep("judge")
    assert not growth.too_steep("learn")
    assert "| judge | 64.00 s, 2.00 |" in grown.markdown([growth])
    assert "| learn | - |" in grown.markdown([growth])


def test_a_section_takes_the_place_of_its_own(tmp_path):
    path = tmp_path / "page.md"
    path.write_text("# A\n\nx\n\n## One\n\n1\n\n## Last\n\nz\n")
    replace_section(path, "## Two\n\n2")
    replace_section(path, "## One\n\n11")
    assert path.read_text() == "# A\n\nx\n\n## One\n\n11\n\n## Two\n\n2\n\n## Last\n\nz\n"
