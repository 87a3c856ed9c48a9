"""What commands print, as a text."""

import io

from rich.console import Console

from watchdog.surfaces.terminal import print_lines


def printed(lines, width=80, **options):
    """Lines as a terminal of some width shows them, without colours unless asked for."""
    out = io.StringIO()
    print_lines(lines, Console(file=out, **{"width": width, **options}))
    return out.getvalue()
