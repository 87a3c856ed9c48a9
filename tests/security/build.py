"""Builds one attack in a process of its own: python -m tests.security.build NAME DIRECTORY.

What builds it may hold hundreds of MiB, and a child's peak counts from its parent's size.
"""

import sys
from pathlib import Path

from tests.security.attack import all_attacks

if __name__ == "__main__":
    name, folder = sys.argv[1:]
    attack = next(one for one in all_attacks() if one.name == name)
    sys.stdout.write(str(attack.build(Path(folder))))
