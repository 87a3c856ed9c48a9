"""The OpenAPI document, made from the table of addresses and the records that they answer with."""

from functools import cache
from typing import Any

import msgspec

from watchdog import __version__
from watchdog.surfaces.web.endpoints import ENDPOINTS, Body, Endpoint, Parameter

VERSION = "3.1.0"


@cache
def document_json() -> bytes:
    """The document as it is served."""
    return msgspec.json.encode(document())


def document() -> dict[str, Any]:
    """An OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0) of all addresses."""
    answers = (body.record for one in ENDPOINTS for body in one.answers.values())
    records = tuple(dict.fromkeys(filter(None, (*answers, *(one.body for one in ENDPOINTS)))))
    schemas, components = msgspec.json.schema_components(
        records, ref_template="#/components/schemas/{name}"
    )
    by_record = dict(zip(records, schemas, strict=True))
    return {
        "openapi": VERSION,
        "info": {
            "title": "stuck-eval watchdog",
            "version": __version__,
            "description": "What is stuck, since when and why, and who does what about it.",
        },
        "paths": _paths(by_record),
        "components": {"schemas": _plain(components)},
    }


def _paths(schemas: dict[Any, Any]) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {}).update(_operations(endpoint, schemas))
    return paths


def _operations(endpoint: Endpoint, schemas: dict[Any, Any]) -> dict[str, Any]:
    methods = ("get", "head") if endpoint.method == "GET" else (endpoint.method.lower(),)
    return {
        method: {
            "operationId": f"{endpoint.name}_head" if method == "head" else endpoint.name,
            "summary": endpoint.meaning,
            "parameters": [_parameter(one) for one in endpoint.parameters],
            **_body(endpoint, schemas),
            "responses": {
                str(status): _response(body, schemas, bare=method == "head")
                for status, body in sorted(endpoint.answers.items())
            },
        }
        for method in methods
    }


def _body(endpoint: Endpoint, schemas: dict[Any, Any]) -> dict[str, Any]:
    if endpoint.body is None:
        return {}
    content = {"application/json": {"schema": schemas[endpoint.body]}}
    return {"requestBody": {"required": endpoint.method == "POST", "content": content}}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.meaning,
        "required": parameter.required,
        "schema": parameter.schema,
    }


def _response(body: Body, schemas: dict[Any, Any], *, bare: bool) -> dict[str, Any]:
    content = {name: _content(name, body, schemas) for name in body.types}
    return {"description": body.meaning, **({} if bare else {"content": content})}


def _content(media_type: str, body: Body, schemas: dict[Any, Any]) -> dict[str, Any]:
    if body.record is not None:
        return {"schema": schemas[body.record]}
    if media_type == "application/json":
        return {"schema": {"type": "object"}}
    return {"schema": {"type": "string"}} if media_type.startswith("text/") else {}


def _plain(schema: Any) -> Any:  # noqa: ANN401 - any part of a JSON Schema
    """Tuples of one type as arrays of a fixed length: not every reader knows `prefixItems`."""
    if isinstance(schema, list | tuple):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: _plain(value) for key, value in schema.items()}
    prefix = parts.get("prefixItems")
    if isinstance(prefix, list) and all(part == prefix[0] for part in prefix):
        del parts["prefixItems"]
        parts["items"] = prefix[0]
    return parts
