"""What is read again and again, while it answers and while it doesn't."""

import pytest

from watchdog.client.watching import Seen, seen_again
from watchdog.errors import UsageError


async def watched(*answers):
    clock, left = [0.0], list(answers)

    async def read():
        answer = left.pop(0)
        if isinstance(answer, UsageError):
            raise answer
        return answer

    async def pause():
        clock[0] += 10

    views = seen_again(read, lambda: clock[0], pause)
    seen = [await anext(views) for _ in answers]
    await views.aclose()
    return seen


async def test_since_when_nothing_could_be_read_stays_while_it_lasts():
    gone = UsageError("refused")
    seen = await watched("a", gone, UsageError("in time"), "b", gone)
    assert seen == [
        Seen("a", 0.0),
        Seen("a", 0.0, 10.0, "refused"),
        Seen("a", 0.0, 10.0, "in time"),
        Seen("b", 30.0),
        Seen("b", 30.0, 40.0, "refused"),
    ]


async def test_what_can_t_be_read_at_first_is_no_view():
    with pytest.raises(UsageError, match="refused"):
        await watched(UsageError("refused"))
