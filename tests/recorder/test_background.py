import threading

import pytest

from emu.recorder.background import Background


def test_tasks_are_done_in_order_beside_the_caller():
    """A task runs in another thread, and none begins before the one before it is done."""
    background, done = Background("test"), []
    background.do(lambda: done.append(("one", threading.current_thread().name)))
    background.do(lambda: done.append(("two", threading.current_thread().name)))
    background.wait()
    background.end()
    assert [name for name, _ in done] == ["one", "two"]
    assert all(thread.startswith("test") for _, thread in done)


def test_an_error_is_raised_where_the_next_task_is_given():
    """What goes wrong in the background is not lost, and is raised once."""

    def fail():
        raise OSError("disk full")

    background = Background("test")
    background.do(fail)
    with pytest.raises(OSError, match="disk full"):
        background.do(lambda: None)
    background.wait()
    background.end()
