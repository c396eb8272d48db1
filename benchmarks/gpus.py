"""What do eight GPUs cost an agent: CPU of reading them, memory, and a scrape of it beside one of node_exporter?

The GPUs are simulated: a libnvidia-ml.so.1 of our own, compiled from C, under the unmodified binding. So this is the
cost of our side; what a call costs in the real driver has to be measured on hardware (`ragpulse agent --self-test`).
CPU of reading is the difference of agents with and without these GPUs, in the same seconds and while nobody scrapes:
all that GPUs cause is in it, every source of them, its scheduling and its lines of the page. Shares of one core; bytes.
Errors: RagpulseError.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import costs, exposition
from benchmarks.cluster_files import gpus_only
from benchmarks.limits import P99_RATIO, Judgement, ratios
from benchmarks.markdown import percent
from benchmarks.pacing import Advance, wait
from benchmarks.side_by_side import Kind, SideBySide, Size, compare, watch_idle
from benchmarks.started import Server, Servers
from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.scenario import named
from ragpulse.errors import RagpulseError
from tests.fakes import nvml_stub

SCENARIO = "h100x8_mig"
COUNT = 8
_MOST_MEMORY = 64.0  # MiB
_MOST_CPU = 0.003  # of a core, for each GPU that is read every 2 s
_SETTLE = 15.0  # seconds until all of it is read at its usual pace
_UP = "ragpulse_gpu_up"
_SECTION = """
## With {count} GPUs

As above, with {size.pairs} processes of each kind; {stale} of {all} fresh scrapes did not count. Each agent reads this
machine and {count} GPUs, as often as it does by default, and watches no service. The GPUs are simulated: H100s of which
one is cut into MIG instances (scenario `{scenario}`), in a compiled `libnvidia-ml.so.1` under the unmodified binding.
So it is what the agent does that is measured; a real driver takes its own time to answer.

CPU of reading is that of these agents less that of as many without GPUs (`gpu: disabled`), in the same {size.idle:g} s
while nobody scrapes, shared out among the GPUs: all that is read of them counts, not only the load every 2 s. With GPUs
an agent takes {with_gpus} of a core, without {without}; that is {of_each} for each GPU.
"""


@dataclass(frozen=True, slots=True)
class Gpus:
    """`without`: the background of the same agents without GPUs, in the same seconds as that of those with them."""

    without: float
    compared: SideBySide

    @property
    def of_each(self) -> float:
        """What the reading of one GPU takes."""
        return (self.compared.ours.background - self.without) / COUNT


def seconds(size: Size) -> float:
    """About how long it takes."""
    return size.pairs + _SETTLE + size.seconds()


def measure(node_exporter: Path, folder: Path, size: Size, advance: Advance) -> Gpus:
    environment = _driver(folder)
    with Servers(folder) as servers:
        with_gpus, without = (gpus_only(folder, gpu=gpu) for gpu in ("auto", "disabled"))
        ours = Kind([servers.ours(with_gpus, environment) for _ in range(size.pairs)])
        blind = Kind([servers.ours(without, environment) for _ in range(size.pairs)])
        theirs = Kind([servers.theirs(node_exporter) for _ in range(size.pairs)])
        servers.wait()
        wait(_SETTLE, advance)
        for agent in ours.servers:
            require_gpus(_page(agent))
        watch_idle((ours, blind, theirs), size.idle, advance)
        servers.end(blind.servers)
        return Gpus(blind.background, compare(servers, ours, theirs, size, advance))


def require_gpus(page: str) -> None:
    """An agent that reads no GPU would cost little. Errors: RagpulseError."""
    if (found := exposition.values(page, _UP).count(1.0)) != COUNT:
        raise RagpulseError(f"an agent was to read {COUNT} simulated GPUs and reads {found}")


def judge(found: Gpus) -> Iterator[Judgement]:
    yield Judgement(f"scrape p99 with {COUNT} GPUs, ours / node_exporter's", ratios(found.compared).p99, P99_RATIO)
    memory = found.compared.ours.holdings.rss / 2**20
    yield Judgement(f"resident memory with {COUNT} GPUs, MiB", memory, _MOST_MEMORY)
    yield Judgement("CPU of reading a GPU, share of a core", found.of_each, _MOST_CPU)


def section(found: Gpus) -> str:
    compared = found.compared
    text = _SECTION.format(
        count=COUNT,
        scenario=SCENARIO,
        size=compared.size,
        stale=compared.stale,
        all=compared.size.pairs * compared.size.rounds,
        with_gpus=percent(compared.ours.background),
        without=percent(found.without),
        of_each=percent(found.of_each),
    )
    return text + "\n" + costs.table_of(compared)


def _driver(folder: Path) -> dict[str, str]:
    """The environment of an agent that finds the compiled library."""
    told = folder / "gpus.scenario"
    nvml_stub.write(told, NvmlLibrary(named(SCENARIO)))
    return nvml_stub.environment(nvml_stub.compile_into(folder), told)


def _page(agent: Server) -> str:
    target = agent.target()
    answer = target.connection.scrape()
    target.connection.close()  # it would count among the descriptors
    return exposition.text(answer.raw)
