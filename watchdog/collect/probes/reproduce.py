"""The same requests as curl commands, for people: with a placeholder where the token stands."""

import json

from watchdog.collect.probes.dialects import SMALL, bearer
from watchdog.collect.probes.routes import Address, NoRoute, address
from watchdog.config.probes import Probes
from watchdog.model.command import quoted
from watchdog.model.probe import Reproduction
from watchdog.probing.view import ROUTES

_TITLES = {"middleman": "through Middleman", "direct": "straight to the provider"}


def reproductions(model: str, settings: Probes, tokens: int = 0) -> tuple[Reproduction, ...]:
    """The small request on each route that has an address; with `tokens`, one of that size too."""
    requests = []
    for route in ROUTES:
        try:
            where = address(model, route, settings)
        except NoRoute:
            continue
        requests.append(Reproduction(f"Small, {_TITLES[route]}", _small(where, settings)))
        if tokens:
            large = _large(where, settings, tokens)
            requests.append(Reproduction(f"Large, {_TITLES[route]}", large))
    return tuple(requests)


def _small(where: Address, settings: Probes) -> str:
    body = where.dialect.body(where.model, SMALL, settings.max_output_tokens)
    return f"{_head(where, settings)}\n  -d {quoted(json.dumps(body))}"


def _large(where: Address, settings: Probes, tokens: int) -> str:
    """Filler of that size, made by the shell: nobody copies a megabyte."""
    before, after = _around_filler(where, settings)
    make = (
        f"printf '%s' {quoted(before)}; yes the | head -n {tokens} | tr '\\n' ' '; "
        f"printf '%s' {quoted(after)}"
    )
    return f"{{ {make}; }} |\n{_head(where, settings)}\n  --data-binary @-"


def _around_filler(where: Address, settings: Probes) -> tuple[str, str]:
    """The body before and after the filler, whatever the model is called."""
    mark = "FILLER"
    while mark in where.model:
        mark += "_"
    body = where.dialect.body(where.model, (("user", mark),), settings.max_output_tokens)
    before, _, after = json.dumps(body).partition(mark)
    return before, after


def _head(where: Address, settings: Probes) -> str:
    token = where.credential.placeholder
    auth_header = bearer(token) if where.route == "middleman" else where.dialect.key_header(token)
    headers = {"Content-Type": "application/json", **where.dialect.headers, **auth_header}
    url = quoted(where.url + where.dialect.path(where.model))
    lines = [f"curl --max-time {settings.timeout:g} -sS {url}"]
    # double quotes: the shell fills in the placeholder; the rest is the dialect's own
    lines += [f'  -H "{name}: {value}"' for name, value in headers.items()]
    return " \\\n".join(lines) + " \\"
