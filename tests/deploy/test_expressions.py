import pytest

from tests.deploy.expressions import every, metrics


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('max by (job, cause) (a_b{c="d e"} > 0)', {"a_b"}),
        ("rate(x_total[5m]) / on (job) group_left (q) y:z:sum offset 15m", {"x_total", "y:z:sum"}),
        ('label_replace(m > 0, "provider", "$1", "model", "([^/]+)/.*")', {"m"}),
        ("a unless on () b and c or 0 * sum(d)", {"a", "b", "c", "d"}),
        ("time() - max(t_seconds) > 300", {"t_seconds"}),
        ("topk(10, max by (x) (m)) + changes(max by (j) (n)[1h:1m])", {"m", "n"}),
        ('(e{f=~"g|h"} == 1) * 1e9', {"e"}),
    ],
)
def test_the_metrics_of_an_expression(text, names):
    assert metrics(text) == names


def test_dashboards_come_with_their_variables_put_in():
    found = every("mmlu-x7k2")
    assert not any("$__" in each.text or "$job" in each.text for each in found)
    assert any('eval_set_id="mmlu-x7k2"' in each.text for each in found)
    assert {each.kind for each in found} == {"record", "alert", "mark", "panel", "variable"}
    assert len({each.where for each in found}) == len(found)
