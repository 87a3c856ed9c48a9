"""Which tests run in which process, where several run them (pytest-xdist)."""

from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("tests/control_plane/",)
"""Folders whose tests share what takes long to start, and addresses."""


class ByFile(LoadScopeScheduling):
    """A file's tests stay in one process, in their order; those of a folder of `TOGETHER` too.

    `--dist loadfile` has no such folders, and `--dist loadgroup` of xdist 3.8 keeps nothing
    together with pytest 9.2, which lets nobody change a test's id.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)
