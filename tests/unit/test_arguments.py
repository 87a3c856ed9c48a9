"""A command line: what is taken, and what is said of what is not."""

import pytest

from watchdog.arguments import Parser, meant
from watchdog.cli import build_parser
from watchdog.errors import UsageError


def refused(*words):
    with pytest.raises(UsageError) as told:
        build_parser().parse_args(list(words))
    return str(told.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("chekc",), "there is no command 'chekc'; did you mean 'check'?"),
        (("stat",), "did you mean 'status'?"),
        (("zzz",), "there is no command 'zzz' (see"),
        (("check", "--jsn", "x"), "there is no option --jsn; did you mean '--json'?"),
        (("check", "--json=1", "x"), "--json"),
        (("probe", "--model", "m", "--size", "lage"), "no size 'lage'; did you mean 'large'?"),
        (("completion", "fish"), "there is no shell 'fish'; one of bash, zsh, tcsh"),
        (("samples", "x", "--state", "stuk"), "did you mean 'stuck'?"),
        (("mute", "a", "b"), "one argument too many: 'b'"),
    ],
)
def test_what_was_meant(words, said):
    assert said in refused(*words)


@pytest.mark.parametrize("flag", ["--js", "--jso", "--verb", "--conf", "--no"])
def test_no_flag_by_half_of_its_name(flag):
    assert f"there is no option {flag}" in refused("check", "x", flag)


@pytest.mark.parametrize(
    ("words", "corrected"),
    [
        (("mute", "x", "--for", "8"), "`watchdog mute x --for 8h`"),
        (("mute", "x", "--for=8"), "`watchdog mute x --for=8h`"),
        (("silence", "a b", "--for", "1.5"), "`watchdog silence 'a b' --for 1.5h`"),
        (("watch", "--every", "5"), "`watchdog watch --every 5s`"),
    ],
)
def test_a_duration_without_a_unit_is_refused_with_the_corrected_command(words, corrected):
    assert f"has no unit (s, m, h, d); did you mean: {corrected}" in refused(*words)


@pytest.mark.parametrize(("text", "seconds"), [("8h", 28_800), ("90m", 5400), ("1d12h", 129_600)])
def test_a_duration_with_a_unit_is_taken(text, seconds):
    assert build_parser().parse_args(["mute", "x", "--for", text]).lasting == seconds


def test_what_is_like_nothing_means_nothing():
    assert meant("zzz", ["check"]) == ""
    assert meant("ch", ["check"]) == ""
    assert meant("che", ["check"]) == "; did you mean 'check'?"


def test_a_parser_of_its_own_tells_of_itself():
    parser = Parser(prog="x")
    parser.add_argument("--long")
    with pytest.raises(
        UsageError, match=r"no option --lon; did you mean '--long'\? \(see `x --help`"
    ):
        parser.parse_args(["--lon", "1"])
