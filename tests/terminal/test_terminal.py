"""The commands in a real terminal, against a real service and against targets."""

import re
import shutil
import signal

import pytest

from tests.terminal.tmux import Screen

pytestmark = pytest.mark.acceptance

RED = re.compile("\x1b\\[[0-9;]*31m")


def server(service):
    return f"--server http://127.0.0.1:{service.port}"


def widest(text):
    return max(map(len, text.splitlines()))


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_fleet_fits(terminal, recordings, width):
    screen: Screen = terminal(width=width)
    targets = " ".join(f"--logs {path}" for path in recordings.values())
    screen.run(f"status {targets}")
    text = screen.until_over()
    assert "[exit 2]" in text
    head = next(line for line in text.splitlines() if line.startswith("VERDICT"))
    rows = [line for line in text.splitlines() if "-7f3a" in line and "stuck  " in line]
    assert len(rows) == 2
    assert widest("\n".join([head, *rows])) <= width
    for name in ("one-sample-500-7f3a", "two-tasks-7f3a"):
        assert any(name in row for row in rows), rows
    assert ("MODELS" in head) is (width == 200)
    assert RED.search(screen.text("-e"))


def test_no_colour_where_nobody_wants_it(terminal, recordings):
    screen = terminal()
    screen.run(f"check {recordings['one_sample_500']}", {"NO_COLOR": "1"})
    text = screen.until_over()
    assert "PARTIALLY STUCK" in text
    assert not RED.search(screen.text("-e"))


def test_watch_says_since_when_nobody_answers_and_goes_on(terminal, mortal_service):
    screen: Screen = terminal(width=100, height=24)
    screen.run(f"watch {server(mortal_service)} --every 1s")
    screen.until(lambda text: "VERDICT" in text and "two-tasks-7f3a" in text)
    mortal_service.stop(signal.SIGKILL)
    text = screen.until(lambda text: "no answer since" in text)
    assert "connection refused" in " ".join(text.split())
    assert "below is what was read before" in text
    screen.resize(60, 12)
    text = screen.until(lambda text: "more lines" in text)
    assert widest(text) <= 60
    screen.press("C-c")
    text = screen.until_over()
    assert "[exit 0]" in text
    assert "Traceback" not in text


def test_a_name_that_is_none_is_told_with_one_like_it(terminal, service):
    screen: Screen = terminal(width=100, height=30)
    screen.run(f"watch one-sample {server(service)}")
    text = screen.until_over()
    assert "did you mean one-sample-500-7f3a?" in text
    assert "[exit 3]" in text


def test_one_eval_set_from_the_fleet_down_to_a_sample(terminal, service):
    """What a person does at night: which, why, which sample, what did it do."""
    for command, parts in {
        "status one-sample-500-7f3a": ("What to do", "Sample 3, epoch 1", "stuck"),
        "samples one-sample-500-7f3a --state stuck": ("SAMPLE", "FAIL x12 OK x4"),
        "transcript one-sample-500-7f3a 3": ("failed x12", "Error code: 500", "pending"),
        "logs one-sample-500-7f3a": ("Pod UID mismatch", "(x9 since"),
    }.items():
        screen = terminal(width=120, height=50)
        screen.run(f"{command} {server(service)}")
        text = " ".join(screen.until_over().split())
        assert "watchdog: reads http://127.0.0.1" in text
        for part in parts:
            assert part in text, command


def test_names_that_would_steer_a_terminal_are_text(terminal, recordings, tmp_path):
    name = "evil\x1b]0;pwned\x07\x1b[2J\x1b[31m[red]x[/red]\u202egnp"
    logs = tmp_path / "logs"
    shutil.copytree(recordings["one_sample_500"] / "store", logs / name)
    shutil.copytree(recordings["two_tasks"] / "store", logs / "good")
    for command in ("status --logs", "check", "check -v", "watch --every 5s --logs"):
        screen: Screen = terminal(width=100, height=300)
        screen.run(f"{command} {logs}", {"NO_COLOR": "1"})
        text = screen.until(lambda text: "evil]0;pwned" in text and "good" in text)
        assert "[red]x[/red]gnp" in text, command
        assert screen.title() != "pwned"


def test_what_takes_long_says_how_far_it_is(terminal, recordings, tmp_path):
    """Thirty bundles of one eval set, of which each takes a moment."""
    folder = tmp_path / "bundles"
    folder.mkdir()
    for number in range(120):
        (folder / str(number)).symlink_to(recordings["one_sample_500"])
    screen = terminal(width=80, height=12)
    screen.run(f"replay {folder} | tail -1")
    text = screen.until(lambda text: "bundle" in text and " of 120" in text)
    assert re.search(r"replaying, (reading|judging) bundle \d+ of 120, \d+ s", text)
    text = screen.until_over()
    assert " of 120" not in text
