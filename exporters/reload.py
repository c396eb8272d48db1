"""Reads the cluster file anew when it is asked to (SIGHUP); one that cannot be used changes nothing, and that is said.

The reload has a thread of its own, so that neither a scrape nor a source waits for it. What is in use is told by two
metrics, as Prometheus tells it of its own configuration; Unix time in seconds.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable

from exporters.about import About
from exporters.page import Page, render
from exporters.runner import said
from ragpulse.catalogue.agent import CONFIG_LAST_RELOAD, CONFIG_LAST_RELOAD_SUCCESSFUL
from ragpulse.errors import RagpulseError

_log = logging.getLogger(__name__)
_METRICS = (CONFIG_LAST_RELOAD_SUCCESSFUL, CONFIG_LAST_RELOAD)


class Reload:
    """`change` puts what the file says now into use and tells in a few words what changed. Errors of it: any; they end
    here, as a line of the log for each mistake and as `about.refused`.
    """

    def __init__(
        self, change: Callable[[], str], about: About, page: Page, wall: Callable[[], float] = time.time
    ) -> None:
        self._change = change
        self._about = about
        self._page = page
        self._part = page.part()
        self._wall = wall
        self._used_since = wall()
        self._asked: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._show()

    def start(self) -> None:
        threading.Thread(target=self._loop, name="reload", daemon=True).start()

    def ask(self) -> None:
        """Safe in a signal handler."""
        self._asked.put(None)

    def now(self) -> None:
        try:
            changed = self._change()
        except RagpulseError as error:
            self._refuse(str(error).splitlines())
        except BaseException as error:  # noqa: BLE001 - whatever a file does to its reader, the agent goes on
            self._refuse([said(error)])
        else:
            self._about.refused = ""
            self._used_since = self._wall()
            _log.info("reload=ok %s", changed)
        self._show()

    def _refuse(self, mistakes: list[str]) -> None:
        for mistake in mistakes:
            _log.error("reload=refused error=%s", mistake)
        self._about.refused = "; ".join(mistakes)

    def _loop(self) -> None:
        while True:
            self._asked.get()
            self.now()

    def _show(self) -> None:
        samples = [CONFIG_LAST_RELOAD_SUCCESSFUL(not self._about.refused), CONFIG_LAST_RELOAD(self._used_since)]
        self._page.put(self._part, render(samples, _METRICS))
