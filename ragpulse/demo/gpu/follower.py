"""Lets a simulated GPU do what the stand-in for vLLM would have one do: nothing without it, much while users ask.

Source: the stand-in's page of metrics, once a second, in a thread of its own; a stand-in that does not answer uses no
GPU. Errors: none; there is nobody to tell.
"""

import http.client
import re
import threading
import time
import urllib.request

from ragpulse.demo.gpu.followed import Followed
from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.load import Phase

_EVERY = 1.0
_TIMEOUT = 1.0
_MANY = 2  # requests at once that fill the engine enough
_CHANGES_AFTER = 5.0  # seconds; work is never quite the same
_RUNNING = re.compile(rb"^vllm:num_requests_running(?:\{[^}]*\})? (\S+)$", re.MULTILINE)


class Follower:
    """`phases`: what the GPU of a scenario does, of which those are taken that fit."""

    def __init__(self, library: NvmlLibrary, phases: list[Phase], url: str) -> None:
        self._library = library
        self._url = url
        # The stand-in is this machine: a proxy of the environment has no part in it.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        busiest = max(phase["utilization"] for phase in phases)
        self._busy = [phase for phase in phases if phase["utilization"] > busiest / 2]
        self._calm = [phase for phase in phases if 0 < phase["utilization"] <= busiest / 2]
        self._idle = [phase for phase in phases if phase["utilization"] == 0]
        self._followed = Followed(self._idle[0])
        for device in library.plugged:
            device.load = self._followed

    def start(self) -> None:
        threading.Thread(target=self._follow, name="follower of vLLM", daemon=True).start()

    def look(self) -> None:
        """Once."""
        running, now = self._running(), self._library.now()
        phases = self._busy if running >= _MANY else self._calm if running else self._idle
        self._followed.tell(now, phases[int(now / _CHANGES_AFTER) % len(phases)])

    def _follow(self) -> None:
        while True:
            self.look()
            time.sleep(_EVERY)

    def _running(self) -> float:
        try:
            with self._opener.open(self._url, timeout=_TIMEOUT) as answer:
                return sum(float(number) for number in _RUNNING.findall(answer.read()))
        except (OSError, ValueError, http.client.HTTPException):
            return 0.0
