"""What two commits say differently on purpose: one record a change, each with its reason.

A record is for one comparison. It goes when the change is behind us; one that
no output needs fails.
"""

from tools.compare.comparison import Expected

EXPECTED: tuple[Expected, ...] = ()
