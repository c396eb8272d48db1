"""Runs checks side by side, each once what it needs is known, and names a failure at its root.

Every check has a daemon thread of its own: one that hangs in the system's resolver or on a dead file server is given
up after its limit and told as failed, and the others go on. What a check did not foresee fails that check alone.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from exporters.checks.check import Check, Key, Result, failed
from exporters.http_client import Failure
from exporters.source import SourceError

AT_ONCE = 32  # threads; hundreds of agents are then asked within seconds, and no service by more than a few

Tell = Callable[[Mapping[Key, Result], Iterable[Key]], None]


def results(checks: Iterable[Check], tell: Tell) -> dict[Key, Result]:
    """`tell` hears after each result what is known and what is under way. Every need must be among the checks."""
    waiting = {check.key: check for check in checks}
    if lacking := {need for check in waiting.values() for need in check.needs} - waiting.keys():
        raise ValueError(f"nobody checks {lacking}")
    return _Run(waiting, tell).to_the_end()


class _Run:
    def __init__(self, waiting: dict[Key, Check], tell: Tell) -> None:
        self._waiting = waiting
        self._tell = tell
        self._found: dict[Key, Result] = {}
        self._until: dict[Key, float] = {}  # of what is under way: when it is given up
        self._ended: queue.SimpleQueue[tuple[Key, Result]] = queue.SimpleQueue()

    def to_the_end(self) -> dict[Key, Result]:
        while self._waiting or self._until:
            self._begin()
            self._tell(self._found, tuple(self._until))
            if self._until:
                self._wait()
        return self._found

    def _begin(self) -> None:
        for key, check in list(self._waiting.items()):
            known = [(need, self._found.get(need)) for need in check.needs]
            broken = next((_root(need, found) for need, found in known if found and _blocks(found)), None)
            if broken is not None:
                del self._waiting[key]
                self._found[key] = Result("skipped", f"needs {broken[0]}: {broken[1]}", root=broken)
            elif all(found for _, found in known) and len(self._until) < AT_ONCE:
                del self._waiting[key]
                self._until[key] = time.monotonic() + check.limit
                threading.Thread(target=self._one, args=[check], name=" ".join(key), daemon=True).start()

    def _one(self, check: Check) -> None:
        self._ended.put((check.key, _result(check)))

    def _wait(self) -> None:
        """For one result, or until one is given up."""
        soonest = min(self._until, key=self._until.__getitem__)
        try:
            key, result = self._ended.get(timeout=max(0.0, self._until[soonest] - time.monotonic()))
        except queue.Empty:
            key, result = soonest, _late()
        if self._until.pop(key, None) is not None:  # else it was given up before
            self._found[key] = result


def _blocks(found: Result) -> bool:
    return found.state in {"failed", "skipped"}


def _root(key: Key, found: Result) -> Key:
    return found.root or key


def _late() -> Result:
    mend = "run it again; when it hangs anew, look at the load, disks and name servers of this node"
    return failed("it hangs and was given up", mend)


def _result(check: Check) -> Result:
    try:
        return check.run()
    except Failure as failure:
        return failed(str(failure), f"see the log of {check.subject}, then check again")
    except SourceError as error:
        return failed(str(error), "put right what it names, then check again")
    except Exception as error:  # noqa: BLE001 - the boundary: what we got wrong costs one line
        return failed(f"this check broke: {type(error).__name__}", "report this as a fault of ragpulse")
