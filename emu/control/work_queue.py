"""What a controller has to look at again, as the work queues of Kubernetes' controllers."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import simpy

from emu.control.api_server import ApiServer

Key = TypeVar("Key", bound=Hashable)


class WorkQueue(Generic[Key]):
    """Keys of objects, each once, in the order in which they came.

    A controller looks at them at the end of the instant in which they came, or when the API server
    is back; it goes by how things stand then, not by what has happened.
    """

    def __init__(self, env: simpy.Environment, api: ApiServer, sync: Callable[[Key], None]) -> None:
        self._env, self._api, self._sync = env, api, sync
        self._keys: dict[Key, None] = {}

    def add(self, key: Key) -> None:
        """Look at an object soon."""
        if not self._keys:
            later(self._env, 0, lambda: self._api.write(self._work))
        self._keys[key] = None

    def add_after(self, key: Key, nanoseconds: int) -> None:
        """Look at it after so long."""
        later(self._env, nanoseconds, lambda: self.add(key))

    def _work(self) -> None:
        keys, self._keys = self._keys, {}
        for key in keys:
            self._sync(key)


def later(env: simpy.Environment, nanoseconds: int, do: Callable[[], None]) -> None:
    """Do something after so long."""
    moment = env.timeout(nanoseconds)
    assert moment.callbacks is not None  # it has not happened yet
    moment.callbacks.append(lambda _: do())
