"""For all templates and hostile values, a real shell runs the intended command and nothing else.

What is intended is found another way than the program's: the template is cut into words first, and
the values are put into the words, unquoted.
"""

import re
import shlex
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.command_lines.filled import HOSTILE, UNTYPABLE, templates
from tests.command_lines.shell import Shell, is_taken
from watchdog.collect.probes.reproduce import reproductions
from watchdog.config.probes import Probes
from watchdog.model.action import Action
from watchdog.model.command import PLACEHOLDER, SAMPLE, TEXT_MAX, fill, typed
from watchdog.model.texts import clean, spans

TEXTS = tuple(dict.fromkeys(action.text for _, _, action in templates()))
EXEC = "kubectl exec -n <runner-namespace> <runner-pod> -c <runner-container> -- "
PARTS = (
    {"<in-runner>": EXEC, "<evidence-of>": "{eval_set_id}"},
    {"<in-runner>": "", "<evidence-of>": "{eval_set_id} --logs <target>"},
)
WHOLE = tuple(
    dict.fromkeys(
        re.sub(r"<in-runner>|<evidence-of>", lambda m, p=parts: p[m[0]], text)
        for text in TEXTS
        for parts in PARTS
    )
)
PLACES = sorted({place for text in WHOLE for place in PLACEHOLDER.findall(text)})
BY_PEOPLE = "<config.yaml>"
"""Only whoever started it knows which file that is."""
PIECES = (
    *("$(touch pwned)", "`touch pwned`", "; touch pwned ;", "\n touch pwned\n", "' touch pwned '"),
    *('" touch pwned "', "&& touch pwned", "| touch pwned", "> pwned", "< /dev/zero", "#", "!!"),
    *("${IFS}touch", "\\", "'", '"', "\\'", "*", "?", "[a-z]", "~", "~root", "{a,b}", "=", "a=b"),
    *(
        "-",
        "--",
        "-rf",
        "<store>",
        "<sample-uuid>",
        "{eval_set_id}",
        "FILLER",
        "%s",
        "$'\\n'",
        "\r",
    ),
    *("\u202e", "\u00a0", "\x00", "\x1b[2J", "\ud800", "é☃", "x", "7", "/", " ", "  ", "a b"),
)
VALUES = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join) | st.text(
    st.characters(codec=None), max_size=30
)


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """A shell whose programs only take notes."""
    return Shell(tmp_path_factory.mktemp("shell"))


def commands_of(text: str) -> list[str]:
    """The commands of a text."""
    return [part for part, is_command in spans(text) if is_command]


def intended(template: str, values: Mapping[str, str]) -> list[str]:
    """A command's words: those of the template, with the values in them."""
    if any(values[place].startswith("-") for place in SAMPLE):
        template = re.sub(
            r"( <task-id> <sample-id> <epoch>)((?: --[a-z-]+ \w+)*)", r"\2 --\1", template
        )
    words = shlex.split(re.sub(r"[<>{}]", lambda m: f"\\{m[0]}", template))
    return [PLACEHOLDER.sub(lambda place: raw(place[0], values), word) for word in words]


def raw(place: str, values: Mapping[str, str]) -> str:
    """A value as it is, where it can be typed at all."""
    value = values[place]
    if typed(value, behind_dashes=place in SAMPLE):
        return value
    return "\0"


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.fixed_dictionaries(dict.fromkeys(PLACES, VALUES)))
def test_nothing_but_the_intended_commands_runs(shell, values):
    pairs = [
        (command, wanted)
        for template in WHOLE
        for command, wanted in zip(
            commands_of(fill(template, values)), commands_of(template), strict=True
        )
        if BY_PEOPLE not in wanted
    ]
    told = [(command, intended(wanted, values)) for command, wanted in pairs]
    # what stays open is told with its placeholder, and is nothing to paste yet
    closed = [(c, words) for c, words in told if not any("\0" in word for word in words)]
    commands = [command for command, _ in closed]
    assert is_taken(commands) == ""
    assert shell.run(commands) == [words for _, words in closed]
    assert shell.files == []


@given(st.fixed_dictionaries(dict.fromkeys(PLACES, VALUES)), st.sampled_from(WHOLE))
@settings(max_examples=500, deadline=None)
def test_no_value_leaves_its_code_span_or_adds_one(values, template):
    text = fill(template, values)
    assert [is_command for _, is_command in spans(text)] == [c for _, c in spans(template)]
    assert text == clean(text, TEXT_MAX), "shown as it is: nothing invisible, nothing cut"


@given(VALUES)
@settings(max_examples=500, deadline=None)
def test_what_was_filled_in_is_never_filled_again(value):
    places = {"<model>": value, "<store>": "s3://bucket", "{eval_set_id}": "set-1"}
    text = fill("`watchdog probe --model <model>`", places)
    assert text in {f"`watchdog probe --model {typed(value)}`", "`watchdog probe --model <model>`"}


@pytest.mark.parametrize("value", ["<store>", "<sample-uuid>", "{eval_set_id}", "a<pod>b"])
def test_a_model_that_is_called_like_a_placeholder_stays_open(value):
    values = (("<model>", value), ("<store>", "s3://b"), ("<sample-uuid>", "u1"))
    action = Action("test", "`watchdog probe --model <model>`", (), values)
    assert action.told == "`watchdog probe --model <model>`"


def test_the_longest_values_are_told_whole():
    longest = dict.fromkeys(PLACES, "x" * 160)
    for template in WHOLE:
        text = fill(template, longest)
        assert len(text) <= TEXT_MAX
        assert "…" not in clean(text, TEXT_MAX)


SETTINGS = Probes.model_validate(
    {
        "middleman_url": "https://middleman.example/it's",
        "providers": {
            "x": {"url": "https://x.example/v1", "key_env": "X; touch pwned", "api": "openai"}
        },
    }
)
MODELS = ("FILLER", "FILLER_", "x'; touch pwned; '", "$(touch pwned)", "<sample-uuid>", 'a"b', "\n")


@pytest.mark.parametrize("name", [*MODELS, *HOSTILE, *UNTYPABLE])
@pytest.mark.parametrize("provider", ["x", "openai", "anthropic", "google"])
def test_a_request_is_repeated_for_a_model_of_any_name(shell, provider, name):
    commands = [r.command for r in reproductions(f"{provider}/{name}", SETTINGS, tokens=3)]
    assert len(commands) >= 2
    assert is_taken(commands) == ""
    for command in commands:
        calls = shell.run([command])
        programs = sorted(call[0] for call in calls)
        assert programs in (["curl"], ["curl", "head", "tr", "yes"])
        (curl,) = (call for call in calls if call[0] == "curl")
        body = curl[curl.index("-d") + 1] if "-d" in curl else ""
        assert not body or body.startswith("{")
    assert shell.files == []
