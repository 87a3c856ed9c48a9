"""Which releases of Inspect AI the format's readers were held to."""

NEWEST_TESTED: tuple[int, int, int] = (0, 3, 285)
"""The newest release of the matrix of versions (docs/compatibility.md)."""
