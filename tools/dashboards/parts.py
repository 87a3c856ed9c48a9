"""What dashboards are made of: panels, queries, variables, and their places on the grid.

The model is Grafana's dashboard JSON, schema version 39 (Grafana 10.4 and newer). What differs from
one installation to the next stands there as `%(name)s` (`tools/mixin/settings.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Json = dict[str, Any]

SOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
WIDTH = 24

CHOSEN = '%(prefixedSelector)s%(clusterLabel)s=~"$cluster",namespace=~"$namespace",job=~"$job"'
"""Selects the series of the watchdogs that are chosen."""

EACH = "%(clusterLabel)s, namespace, job"
"""What tells one watchdog from another: its pods come and go."""
NAMED = "{{namespace}} {{job}}"
"""A watchdog in a legend."""

VERDICTS = (
    ("finished", "#8e8e8e"),
    ("starting", "super-light-blue"),
    ("waiting", "light-blue"),
    ("progressing", "green"),
    ("degraded", "yellow"),
    ("partially_stuck", "orange"),
    ("stuck", "red"),
    ("unknown", "purple"),
)
"""In the order of their numbers, each with its colour."""


def query(expr: str, legend: str = "", *, instant: bool = False, form: str = "") -> Json:
    """One query of a panel. `form` is table or heatmap where it isn't a time series."""
    made: Json = {"datasource": SOURCE, "editorMode": "code", "expr": expr}
    made["legendFormat"] = legend or "__auto"
    made["format"] = form or "time_series"
    made["instant"], made["range"] = instant, not instant
    return made


def or_none(expr: str) -> str:
    """`expr`, or 0 where it has no series although a watchdog reports: nothing happened."""
    return f"{expr} or on () 0 * sum(eval_watchdog_build_info{{{CHOSEN}}})"


def panel(kind: str, title: str, description: str, queries: Sequence[Json], **more: object) -> Json:
    """A panel of any kind; `more` may hold unit, thresholds, options, overrides and the like."""
    defaults: Json = {"unit": more.pop("unit", "short")}
    for key in ("min", "max", "decimals", "noValue", "mappings", "custom", "links", "color"):
        if key in more:
            defaults[key] = more.pop(key)
    defaults["thresholds"] = more.pop("thresholds", steps(("text", None)))
    targets = [{**each, "refId": chr(ord("A") + index)} for index, each in enumerate(queries)]
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": more.pop("overrides", [])},
        "targets": targets,
        **more,
    }


def stat(title: str, description: str, expr: str, legend: str = "", **more: object) -> Json:
    """One number, coloured by its thresholds."""
    options = {
        "colorMode": more.pop("color_mode", "background"),
        "graphMode": "none",
        "textMode": more.pop("text_mode", "value"),
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    }
    queries = [query(expr, legend, instant=True)]
    return panel("stat", title, description, queries, options=options, **more)


def lines(title: str, description: str, queries: Sequence[Json], **more: object) -> Json:
    """Curves over time; `stack` piles them up, `line` draws one at a value."""
    custom: Json = {"lineWidth": 1, "fillOpacity": 8, "showPoints": "never", "spanNulls": False}
    if more.pop("stack", False):
        custom |= {"stacking": {"mode": "normal", "group": "A"}, "fillOpacity": 50}
    if "line" in more:
        more["thresholds"] = steps(("transparent", None), ("red", more.pop("line")))
        custom["thresholdsStyle"] = {"mode": "line"}
    options = {
        "legend": {"displayMode": "table", "placement": "right", "calcs": ["lastNotNull"]},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return panel("timeseries", title, description, queries, custom=custom, options=options, **more)


def timeline(title: str, description: str, queries: Sequence[Json], **more: object) -> Json:
    """States over time, one bar for each series."""
    options = {"showValue": "auto", "mergeValues": True, "rowHeight": 0.8, "legend": _NO_LEGEND}
    return panel("state-timeline", title, description, queries, options=options, **more)


_NO_LEGEND: Json = {"showLegend": False, "displayMode": "list", "placement": "bottom"}


def table(  # noqa: PLR0913 - all but the first three by name
    title: str,
    description: str,
    queries: Sequence[Json],
    *,
    columns: Mapping[str, str],
    values: Sequence[tuple[str, str]],
    links: Mapping[str, Sequence[tuple[str, str]]],
    **more: object,
) -> Json:
    """Queries side by side, joined by the labels that they share.

    `columns` names the labels in their order, `values` the queries' columns with unit; `links` are
    the columns that lead elsewhere, each with titles and addresses.
    """
    refs = ["Value"]
    if len(values) > 1:
        refs = [f"Value #{chr(ord('A') + place)}" for place in range(len(values))]
    order = {name: place for place, name in enumerate([*columns, *refs])}
    renamed = {**columns, **{ref: name for ref, (name, _) in zip(refs, values, strict=True)}}
    organise = {
        "excludeByName": {"Time": True},
        "indexByName": order,
        "renameByName": renamed,
    }
    transformations = [{"id": "merge", "options": {}}, {"id": "organize", "options": organise}]
    overrides = [_column(name, unit) for name, unit in values]
    overrides += [_linked(name, addresses) for name, addresses in links.items()]
    options = {"showHeader": True, "sortBy": [{"displayName": values[0][0], "desc": True}]}
    return panel(
        "table",
        title,
        description,
        queries,
        transformations=transformations,
        overrides=overrides,
        options=options,
        custom={"align": "auto", "filterable": True},
        **more,
    )


def _column(name: str, unit: str) -> Json:
    properties = [{"id": "unit", "value": unit}]
    return {"matcher": {"id": "byName", "options": name}, "properties": properties}


def _linked(name: str, addresses: Iterable[tuple[str, str]]) -> Json:
    links = [{"title": title, "url": url} for title, url in addresses]
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": "links", "value": links}],
    }


def steps(*found: tuple[str, float | None]) -> Json:
    """Thresholds: colours, each from a value on; the first from the beginning."""
    listed = [{"color": colour, "value": value} for colour, value in found]
    return {"mode": "absolute", "steps": listed}


def verdict_number(metric: str, labels: str, by: str = "") -> str:
    """The contract's number of the current verdict of a state set."""
    grouped = f" by ({by})" if by else ""
    terms = (
        f'{number} * max{grouped} ({metric}{{{labels},verdict="{verdict}"}})'
        for number, (verdict, _) in enumerate(VERDICTS)
    )
    return " + ".join(terms)


def verdict_mappings() -> list[Json]:
    """Numbers of verdicts as words and colours."""
    options = {
        str(number): {"text": verdict.replace("_", " "), "color": colour, "index": number}
        for number, (verdict, colour) in enumerate(VERDICTS)
    }
    return [{"type": "value", "options": options}]


def verdict_colours() -> list[Json]:
    """Overrides that give each verdict's series its colour."""
    return [
        {
            "matcher": {"id": "byName", "options": verdict},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
        }
        for verdict, colour in VERDICTS
    ]


def variable(name: str, label: str, source: str, *, many: bool = True) -> Json:
    """A variable with a label's values, several and all where `many`.

    All is whatever there is: a series without such a label too.
    """
    made: Json = {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": SOURCE,
        "query": {"query": source, "refId": name},
        "definition": source,
        "refresh": 2,
        "sort": 1,
        "multi": many,
        "includeAll": many,
    }
    if many:
        made |= {"allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}}
    return made


_DATASOURCE: Json = {
    "type": "datasource",
    "name": "datasource",
    "label": "Data source",
    "query": "prometheus",
    "refresh": 1,
    "current": {},
}

_BUILD = "eval_watchdog_build_info"
_SAME_CLUSTER = '%(prefixedSelector)s%(clusterLabel)s=~"$cluster"'

WATCHDOGS = (
    variable("cluster", "Cluster", f"label_values({_BUILD}%(selected)s, %(clusterLabel)s)"),
    variable("namespace", "Namespace", f"label_values({_BUILD}{{{_SAME_CLUSTER}}}, namespace)"),
    variable(
        "job",
        "Watchdog",
        f'label_values({_BUILD}{{{_SAME_CLUSTER},namespace=~"$namespace"}}, job)',
    ),
)

Section = tuple[str, Sequence[tuple[int, Sequence[Json]]]]
"""A title, and rows of panels with their height; a row's panels share its width."""


def board(  # noqa: PLR0913 - the last two by name
    uid: str,
    title: str,
    variables: Iterable[Json],
    sections: Iterable[Section],
    *,
    page: Json,
    annotations: Iterable[Json] = (),
) -> Json:
    """A dashboard of sections, laid out from the top; `page` leads to the watchdog's own."""
    return {
        "uid": uid,
        "title": title,
        "tags": ["stuck-eval-watchdog"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_DATASOURCE, *WATCHDOGS, *variables]},
        "links": [_OTHERS, page, link("Runbook", f"{RUNBOOK}/")],
        "annotations": {"list": list(annotations)},
        "panels": _laid_out(sections),
    }


PAGE = "%(pageUrl)s"
RUNBOOK = "%(runbookUrl)s"
RUNBOOK_OF_VALUE = f"{RUNBOOK}/${{__value.raw}}%(runbookSuffix)s"
"""The page of the cause or alert in a table's cell."""


def link(title: str, url: str) -> Json:
    """A link at the top of a dashboard."""
    icon = "doc" if title == "Runbook" else "external link"
    return {"type": "link", "title": title, "url": url, "icon": icon, "targetBlank": True}


def annotation(name: str, expr: str, text: str, colour: str) -> Json:
    """Marks on every panel: where `expr` has a series, looked at once a minute."""
    return {
        "name": name,
        "datasource": SOURCE,
        "enable": True,
        "iconColor": colour,
        "expr": expr,
        "step": "60s",
        "titleFormat": name,
        "textFormat": text,
    }


def incidents_opened() -> Json:
    """A mark where an incident opened, with its scope and cause."""
    now, earlier = (
        f"sum by ({EACH}, scope, cause) (eval_watchdog_incidents_open{{{CHOSEN}}}{ago})"
        for ago in ("", " offset 1m")
    )
    opened = f"({now} > {earlier}) or ({now} > 0 unless {earlier})"
    return annotation("Incident opened", opened, "{{scope}} {{cause}}", "red")


_OTHERS: Json = {
    "type": "dashboards",
    "title": "Stuck-eval watchdog",
    "tags": ["stuck-eval-watchdog"],
    "asDropdown": False,
    "includeVars": True,
    "keepTime": True,
}


def _laid_out(sections: Iterable[Section]) -> list[Json]:
    placed: list[Json] = []
    y = 0
    for title, rows in sections:
        if title:
            placed.append({"type": "row", "title": title, "collapsed": False, "panels": []})
            placed[-1]["gridPos"] = {"h": 1, "w": WIDTH, "x": 0, "y": y}
            y += 1
        for height, panels in rows:
            width = WIDTH // len(panels)
            for index, each in enumerate(panels):
                spot = {"h": height, "w": width, "x": index * width, "y": y}
                placed.append({**each, "gridPos": spot})
            y += height
    return [{"id": number, **each} for number, each in enumerate(placed, 1)]
