"""A contract for import-linter: a pure room imports what its list names, and nothing else.

A list of what is allowed is shorter than one of everything that reads clocks or does I/O, and it
holds for modules that nobody has thought of yet.
"""

from __future__ import annotations

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

PURE = frozenset(
    {
        "__future__",
        "abc",
        "array",
        "bisect",
        "collections",
        "contextlib",
        "copy",
        "dataclasses",
        "datetime",  # its `now` and `today` are banned by ruff's TID251
        "decimal",
        "enum",
        "fnmatch",
        "fractions",
        "functools",
        "hashlib",
        "heapq",
        "itertools",
        "json",
        "math",
        "msgspec",
        "numbers",
        "operator",
        "re",
        "re2",
        "shlex",
        "statistics",
        "string",
        "struct",
        "textwrap",
        "types",
        "typing",
        "unicodedata",
        "zlib",  # its checksums
    }
)
"""The standard library's types and pure functions, msgspec, and RE2's patterns."""


class PureRoomContract(Contract):  # type: ignore[misc]
    """Keeps clocks, I/O, logging and client libraries out of a room."""

    type_name = "pure_room"

    room = fields.StringField()
    may_import = fields.SetField(subfield=fields.StringField(), required=False, default=set())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002
        """Compare each direct import with the list; the rooms below have lists of their own."""
        room = str(self.room)
        if room not in graph.modules:
            return ContractCheck(kept=False, metadata={"missing": room})
        modules = {room} | graph.find_descendants(room)
        strangers = sorted(
            (module, imported)
            for module in modules
            for imported in graph.find_modules_directly_imported_by(module)
            if imported not in modules and not self.allows(imported)
        )
        lines = [self.place(graph, *pair) for pair in strangers]
        return ContractCheck(kept=not lines, metadata={"lines": lines})

    def allows(self, imported: str) -> bool:
        """Tell whether a module is on the list, or in a package that is."""
        allowed = PURE | set(self.may_import)
        return any(imported == name or imported.startswith(name + ".") for name in allowed)

    @staticmethod
    def place(graph: ImportGraph, importer: str, imported: str) -> str:
        """Tell who imports what, and in which line."""
        details = graph.get_import_details(importer=importer, imported=imported)
        numbers = ", ".join(f"l.{detail['line_number']}" for detail in details)
        return f"{importer} imports {imported} ({numbers})"

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print what was found."""
        if "missing" in check.metadata:
            output.print_error(f"there is no {check.metadata['missing']} any more: adapt pyproject")
        for line in check.metadata.get("lines", ()):
            output.print_error(line)
