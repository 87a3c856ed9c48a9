"""An eval set's id as a part of an address: told as it is, and never a way out."""

from pathlib import PurePosixPath

import pytest

from watchdog.collect.kubernetes.watched import folder_of


@pytest.mark.parametrize("name", ["set-1", "team/run1", "swe (retry 2)", "résumé", "a#b%c", "..."])
def test_an_id_is_its_folder_s_name(name):
    assert folder_of("evals/{eval_set_id}", name) == f"evals/{name}"


@pytest.mark.parametrize(
    "name",
    ["..", ".", "", "/", "/etc", "../other", "a/../../b", "a//b", "a/./b", "a\0b", "\ud800/.."],
)
def test_no_id_leads_out_of_it(name):
    path = PurePosixPath(folder_of("evals/{eval_set_id}/logs", name))
    assert path.parts[0] == "evals"
    assert path.parts[-1] == "logs"
    assert not {"..", "."} & set(path.parts)
    assert "\0" not in str(path)
