"""Where the pages of a list that is walked by offset begin, remembered for a while.

The old wire asks for ``offset`` and ``limit``. Whoever walks a list asks for offset 0, 5000, 10000 ...: the key at which a page
ended is kept, so that the next one starts there instead of counting rows again. Forgetting a bookmark costs time only.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from fiducial_server.model.page import Key

LIFETIME_S = 60.0
CAPACITY = 4096

Place = tuple[str, str, Hashable, int]
"""Organization, name of the list, its filter, offset."""


class Bookmarks:
    """Bounded, in this process, safe to share between threads. ``monotonic`` is the clock, in seconds."""

    def __init__(
        self,
        *,
        capacity: int = CAPACITY,
        lifetime_s: float = LIFETIME_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._capacity = capacity
        self._lifetime_s = lifetime_s
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._places: OrderedDict[Place, tuple[float, Key]] = OrderedDict()

    def get(self, organization_id: str, what: str, narrowing: Hashable, offset: int) -> Key | None:
        """The key after which row number ``offset`` comes, if it is still known."""
        place = (organization_id, what, narrowing, offset)
        with self._lock:
            found = self._places.get(place)
            if found is None:
                return None
            if found[0] < self._monotonic():
                del self._places[place]
                return None
            self._places.move_to_end(place)
            return found[1]

    def put(self, organization_id: str, what: str, narrowing: Hashable, offset: int, key: Key) -> None:
        """Remember that row number ``offset`` comes after ``key``."""
        place = (organization_id, what, narrowing, offset)
        with self._lock:
            self._places[place] = (self._monotonic() + self._lifetime_s, key)
            self._places.move_to_end(place)
            while len(self._places) > self._capacity:
                self._places.popitem(last=False)

    def __len__(self) -> int:
        return len(self._places)
