"""A view that stays: what it shows while all is well, and when nothing answers."""

import io

from rich.text import Text

from tests.builders.snapshots import NOW
from watchdog.surfaces.terminal.console import Terminal
from watchdog.surfaces.terminal.live import Printed, Screen, view


def drawn(screen, width=60, height=8):
    console = Terminal(file=io.StringIO(), width=width, height=height, legacy_windows=False)
    options = console.options.update(width=width, height=height)
    lines = console.render_lines(screen, options, pad=False)
    texts = ["".join(part.text for part in line).rstrip() for line in lines]
    return [text for text in texts if text]


def lines(*texts):
    return lambda _width, _height: [(0, Text(text)) for text in texts]


def test_it_says_where_it_reads_and_how_old_that_is():
    screen = Screen("http://x", lambda: NOW + 12)
    screen.show(lines("a", "b"), NOW)
    assert drawn(screen) == ["http://x; read 12 s ago; Ctrl-C ends", "a", "b"]


def test_what_does_not_fit_is_counted_and_nothing_scrolls():
    screen = Screen("x", lambda: NOW)
    screen.show(lines(*(str(number) for number in range(50))), NOW)
    assert drawn(screen)[-1] == "… 44 more lines"
    assert len(drawn(screen)) == 8


def test_what_was_there_stays_while_nothing_answers():
    screen = Screen("x", lambda: NOW + 90)
    screen.show(lines("a"), NOW)
    screen.fails(NOW + 30, "refused\x1b[31m")
    text = drawn(screen, 100)
    assert text[0].startswith("x; read 90 s ago")
    assert text[1].startswith("no answer since 2026-11-23 08:00 UTC, goes on trying: refused")
    assert text[-2:] == ["below is what was read before", "a"]
    screen.show(lines("b"), NOW + 60)
    assert "no answer" not in " ".join(drawn(screen))


def test_lines_are_made_for_the_room_that_there_is():
    sizes = []
    screen = Screen("x", lambda: NOW)
    screen.show(lambda width, height: sizes.append((width, height)) or [], NOW)
    drawn(screen, 100, 30)
    drawn(screen, 300, 10)
    assert sizes == [(100, 28), (200, 8)]


def test_into_a_pipe_only_what_changed(capsys):
    with view("x", lambda: NOW) as printed:
        assert isinstance(printed, Printed)
        for text in ("a", "a", "b"):
            printed.show(lines(text), NOW)
        printed.fails(NOW, "refused")
        printed.fails(NOW, "refused")
        printed.show(lines("b"), NOW)
    assert capsys.readouterr().out.split("\n") == [
        *("a", "", "b"),
        "no answer since 2026-11-23 08:00 UTC, goes on trying: refused",
        *("", "b", ""),
    ]
