"""The group `detection`, made from the rules' own record: one place for keys and defaults."""

from typing import TYPE_CHECKING, Any

import msgspec
from pydantic import Field, create_model

from watchdog.config.section import Section
from watchdog.model.thresholds import Thresholds


def _fields() -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for info in msgspec.inspect.type_info(Thresholds).fields:  # type: ignore[attr-defined]
        metadata = info.type  # always an Annotated with a description
        bounds = {
            bound: value
            for bound in ("ge", "gt", "le")
            if (value := getattr(metadata.type, bound, None)) is not None
        }
        kind = int if isinstance(metadata.type, msgspec.inspect.IntType) else float
        text = metadata.extra_json_schema["description"]
        fields[info.name] = (kind, Field(default=info.default, description=text, **bounds))
    return fields


if TYPE_CHECKING:

    class Detection(Section):
        """Its keys are those of `Thresholds`."""

else:
    Detection = create_model(
        "Detection",
        __base__=Section,
        __module__=__name__,
        __doc__="When something counts as stuck; docs/detection.md says why so.",
        **_fields(),
    )
