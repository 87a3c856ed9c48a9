import json

import jsonschema
import pytest
from msgspec.structs import replace

from tests.builders.snapshots import HOSTILE, eval_set, realistic, snapshot
from tests.paths import ROOT
from watchdog.surfaces.schema import encode_report, report_schema, schema_text


def test_the_schema_is_up_to_date():
    assert (ROOT / "docs" / "report.schema.json").read_text() == schema_text()


@pytest.mark.parametrize("seen", [realistic(), snapshot(), snapshot(eval_set(HOSTILE))])
def test_a_report_fits_its_schema(seen):
    jsonschema.Draft202012Validator.check_schema(report_schema())
    jsonschema.validate(json.loads(encode_report(seen.report)), report_schema())


def test_the_schema_refuses_what_is_no_report():
    report = json.loads(encode_report(realistic().report))
    report["verdict"] = "fine"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, report_schema())


def test_a_broken_file_name_does_not_break_the_report():
    broken = replace(snapshot(eval_set("a\udcffb")).report)
    assert json.loads(encode_report(broken))["eval_sets"][0]["eval_set_id"] == "a?b"
