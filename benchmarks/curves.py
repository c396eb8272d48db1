"""How does the cost grow with the number of sources, of series and of services?

Each point is an agent of its own. Sources and series are made up; services are probed for real, by the agent as a node
runs it. Everything runs once a second here, so that every scrape is fresh within a minute or two; the background is
that of one run per second. Seconds, shares of one core, bytes. Errors: RagpulseError.
"""

from dataclasses import dataclass
from pathlib import Path

from benchmarks import exposition
from benchmarks.cluster_files import web_services_only
from benchmarks.freshness import fresh
from benchmarks.latency import Latency
from benchmarks.pacing import Advance, paced, wait
from benchmarks.process import Holdings, cpu_shares, holdings
from benchmarks.started import Server, Servers

INTERVAL = 1.0
PERIOD = 1.1
_WARM_UP = 2
_SETTLE = 3.0  # seconds after the start of the last agent
_SERIES_OF_A_SOURCE = 10
_SOURCES_OF_A_SERIES = 10


@dataclass(frozen=True, slots=True)
class Point:
    """`count` of `what`; `series`: of the whole page, those about the agent itself included."""

    what: str
    count: int
    series: int
    latency: Latency
    background: float
    holdings: Holdings


def seconds(rounds: int, idle: float) -> float:
    """About how long it takes."""
    return 10 + _SETTLE + idle + (_WARM_UP + rounds) * PERIOD


def measure(folder: Path, rounds: int, idle: float, advance: Advance) -> list[Point]:
    with Servers(folder) as servers:
        agents = _agents(servers, folder)
        servers.wait()
        wait(_SETTLE, advance)
        pids = {str(agent.pid): agent.pid for agent in agents.values()}
        backgrounds = cpu_shares(pids, lambda: wait(idle, advance))
        targets = {point: agent.target() for point, agent in agents.items()}
        paced(tuple(targets.values()), _WARM_UP + rounds, PERIOD, advance)
        return [
            Point(
                *point,
                series=exposition.series(exposition.text(target.answers[-1].raw)),
                latency=Latency.of(target.answers[index].seconds for index in fresh(target, PERIOD, _WARM_UP)),
                background=backgrounds[str(target.pid)],
                holdings=holdings(target.pid),
            )
            for point, target in targets.items()
        ]


def _agents(servers: Servers, folder: Path) -> dict[tuple[str, int], Server]:
    _, url = servers.web_service()
    found = {}
    for count in (1, 10, 50):
        found["sources", count] = _made_up(servers, count, _SERIES_OF_A_SOURCE)
    for count in (10, 100, 1000):
        found["series", count] = _made_up(servers, _SOURCES_OF_A_SERIES, count // _SOURCES_OF_A_SERIES)
    for count in (1, 10, 50):
        found["services", count] = servers.ours(web_services_only(count, url, f"{INTERVAL:g}s", folder))
    return found


def _made_up(servers: Servers, sources: int, series: int) -> Server:
    return servers.made_up(f"--sources={sources}", f"--series={series}", f"--interval={INTERVAL}")
