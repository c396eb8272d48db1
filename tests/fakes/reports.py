"""Reports as `measure` makes them, of probes whose durations are known; and the ways in which real latencies vary."""

import random
from collections.abc import Callable, Mapping, Sequence
from math import exp, sqrt

from ragpulse.report.kinds import KindName
from ragpulse.report.saved import Measured, Report, Steps

STEP = 10.0
Durations = Sequence[float]
Latencies = Callable[[random.Random, int], list[float]]


def chance(seed: object) -> random.Random:
    """The same every time."""
    return random.Random(str(seed))  # noqa: S311 - no secret


def report(*measured: Measured, cluster: str = "home", step: float = STEP) -> Report:
    steps = next((len(node.amount) for one in measured for node in one.nodes.values()), 1)
    return Report(ragpulse="0", cluster=cluster, start=0, end=steps * step, step=step, steps=steps, measured=measured)


def of(
    nodes: Mapping[str, Steps], kind: KindName = "latency", subject: str = "chroma", check: str = "query"
) -> Measured:
    amount, every = (sum(sum(getattr(one, name)) for one in nodes.values()) for name in ("amount", "of"))
    return Measured(
        kind=kind, subject=subject, check=check, value=amount / every if every else None, amount=amount, of=every,
        quantiles={}, buckets=(), nodes=dict(nodes),
    )  # fmt: skip


def probes(durations: Durations) -> Steps:
    """One in each step."""
    return Steps(amount=tuple(durations), of=(1.0,) * len(durations))


def out_of_step(rng: random.Random, durations: Durations) -> Steps:
    """Probes and scrapes each by their own clock: a step holds none, one or two."""
    amount, of_step = [0.0] * len(durations), [0.0] * len(durations)
    for index, duration in enumerate(durations):
        at = max(0, min(len(durations) - 1, index + rng.choice((-1, 0, 0, 0, 1))))
        amount[at] += duration
        of_step[at] += 1
    return Steps(amount=tuple(amount), of=tuple(of_step))


def lognormal(spread: float, alike: float = 0.0, usual: float = 0.015) -> Latencies:
    """alike: correlation of a probe with the next one."""

    def durations(rng: random.Random, count: int) -> list[float]:
        found, state = [], rng.gauss(0, 1)
        for _ in range(count):
            state = alike * state + sqrt(1 - alike * alike) * rng.gauss(0, 1)
            found.append(usual * exp(spread * state))
        return found

    return durations


def with_pauses(spread: float, share: float, times: float) -> Latencies:
    """Some take so many times as long: a garbage collector, a compaction, a cold cache."""

    def durations(rng: random.Random, count: int) -> list[float]:
        steady = lognormal(spread)(rng, count)
        return [each * (times if rng.random() < share else 1) for each in steady]

    return durations
