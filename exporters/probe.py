"""Does a service answer, can it do its work, and how fast? One active look at it per run, several checks in turn.

Each check is one request that gives an `Answer` or raises a `Failure`; what a check asks stands in the file of its
kind of service. None instead of an answer: it was good, and says nothing of how fast the service is. `up`: the first
check got an HTTP answer, whatever its status. `ready`: the checks in `ready_when` were good, and `also_ready_when`
agrees, which knows of it from elsewhere. A failure is a fact about the service; any other exception is our own
inability and ends the run.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from exporters import tally
from exporters.http_client import Answer, Failure, HttpClient, Unanswered
from ragpulse.catalogue.service import CERTIFICATE_EXPIRES, NODE_INFO, READY, REASONS, UP
from ragpulse.metric import Metric, Sample

Checks = Mapping[str, Callable[[], Answer | None]]


@dataclass(frozen=True, slots=True)
class Plan:
    """How one service is looked at: its name and nodes in the cluster file, seconds between two runs, seconds that
    one request may take, and the response-time targets in seconds by check.
    """

    service: str
    nodes: tuple[str, ...]
    interval: float
    request_timeout: float
    targets: Mapping[str, float]


class ServiceProbe:
    max_age: float | None = None
    emits: tuple[Metric, ...] = (UP, READY, NODE_INFO, CERTIFICATE_EXPIRES, *tally.EMITS)

    def __init__(
        self,
        plan: Plan,
        client: HttpClient,
        checks: Checks,
        ready_when: str | tuple[str, ...],
        also_ready_when: Callable[[], bool] = lambda: True,
        *,
        reasons: Sequence[str] = REASONS,
    ) -> None:
        self.name = f"probe:{plan.service}"
        self.interval = plan.interval
        self.timeout = len(checks) * plan.request_timeout + 1.0
        self._plan = plan
        self._client = client
        self.checks = checks
        self._ready_when = (ready_when,) if isinstance(ready_when, str) else ready_when
        self._also_ready = also_ready_when
        self._tally = tally.ProbeTally(plan.service, tuple(checks), plan.targets, reasons=reasons)

    def read(self) -> Iterator[Sample]:
        run = self._tally.start()
        with self._client:
            failures = {check: _failure(run, check, ask) for check, ask in self.checks.items()}
        first = next(iter(failures.values()))
        service, expires = self._plan.service, self._client.certificate_expires
        return iter(
            [
                UP(not isinstance(first, Unanswered), service=service),
                READY(
                    self._also_ready() and all(failures[check] is None for check in self._ready_when), service=service
                ),
                *(NODE_INFO(1, service=service, node_name=node) for node in self._plan.nodes),
                *([CERTIFICATE_EXPIRES(expires, service=service)] if expires is not None else []),
            ]
        )

    def counters(self) -> Iterator[Sample]:
        return self._tally.samples()

    def cut(self) -> None:
        self._tally.cut()


def _failure(run: tally.ProbeRun, check: str, ask: Callable[[], Answer | None]) -> Failure | None:
    try:
        answer = ask()
    except Failure as failure:
        run.bad(check, failure.reason)
        return failure
    if answer is None:
        run.uncounted(check)
    else:
        run.good(check, answer.seconds)
    return None
