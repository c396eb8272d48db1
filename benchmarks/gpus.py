"""What does an agent with eight GPUs cost, beside node_exporter and beside an agent that leaves them alone?

The GPUs are simulated: a libnvidia-ml.so.1 of our own, compiled from C, under the unmodified binding. So this is the
cost of our side; what a call costs in the real driver has to be measured on hardware (`ragpulse agent --self-test`).
Seconds, bytes, shares of a core. Errors: RagpulseError.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cluster_files import gpus_only
from benchmarks.limits import P99_RATIO, Judgement
from benchmarks.markdown import Row, mebibytes, milliseconds, percent, table
from benchmarks.pacing import Advance, wait
from benchmarks.process import cpu_shares
from benchmarks.side_by_side import SideBySide, Size, beside
from benchmarks.started import Servers
from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.scenario import named
from tests.fakes import nvml_stub

SCENARIO = "h100x8_mig"
GPUS = 8
MAX_RSS = 64 * 1024**2
MAX_CPU_OF_A_GPU = 0.003  # of a core
_SECTION = """
## Eight GPUs

An agent with {gpus} simulated H100 (one of them cut into MIG instances) that reads nothing else but its own machine,
beside node_exporter as above: {pairs} processes of each kind, each scraped {rounds} times. CPU of a GPU is what that
agent takes while nobody asks, less what one takes that leaves the GPUs alone (`gpu: disabled`), over {idle:g} s, shared
out: all that is read of a GPU counts, not only its utilisation every 2 s.
"""


@dataclass(frozen=True, slots=True)
class Gpus:
    """with_gpus, without: shares of a core while nobody asks."""

    compared: SideBySide
    with_gpus: float
    without: float

    @property
    def of_a_gpu(self) -> float:
        return (self.with_gpus - self.without) / GPUS


def seconds(size: Size) -> float:
    """About how long it takes."""
    return size.seconds() + size.idle


def measure(node_exporter: Path, folder: Path, size: Size, advance: Advance) -> Gpus:
    environment = _simulated(folder)
    with Servers(folder) as servers:
        pair = {gpu: servers.ours(gpus_only(folder, gpu=gpu), environment).pid for gpu in ("auto", "disabled")}
        servers.wait()
        wait(size.idle / 4, advance)  # what is read once is read
        shares = cpu_shares(pair, lambda: wait(size.idle, advance))
    with Servers(folder) as servers:
        cluster = gpus_only(folder, gpu="auto")
        agents = [servers.ours(cluster, environment) for _ in range(size.pairs)]
        compared = beside(servers, agents, node_exporter, size, advance)
    return Gpus(compared, shares["auto"], shares["disabled"])


def judge(found: Gpus) -> Iterator[Judgement]:
    ours, theirs = found.compared.ours, found.compared.theirs
    ratio = ours.fresh.p99 / theirs.fresh.p99
    yield Judgement(f"scrape p99 with {GPUS} GPUs, ours / node_exporter's", ratio, P99_RATIO)
    yield Judgement(f"resident memory with {GPUS} GPUs, bytes", ours.holdings.rss, MAX_RSS)
    yield Judgement("CPU of a GPU, share of a core", found.of_a_gpu, MAX_CPU_OF_A_GPU)


def section(found: Gpus) -> str:
    size = found.compared.size
    text = _SECTION.format(gpus=GPUS, pairs=size.pairs, rounds=size.rounds, idle=size.idle)
    return text + "\n" + table(("", f"agent with {GPUS} GPUs", "node_exporter"), _rows(found))


def _rows(found: Gpus) -> Iterator[Row]:
    ours, theirs = found.compared.ours, found.compared.theirs
    yield "fresh p50, ms", milliseconds(ours.fresh.p50), milliseconds(theirs.fresh.p50)
    yield "fresh p99, ms", milliseconds(ours.fresh.p99), milliseconds(theirs.fresh.p99)
    yield "fresh scrapes counted", str(ours.fresh.count), str(theirs.fresh.count)
    yield "series", str(ours.series), str(theirs.series)
    yield "RSS, MiB", mebibytes(ours.holdings.rss), mebibytes(theirs.holdings.rss)
    yield "threads", str(ours.holdings.threads), str(theirs.holdings.threads)
    yield "CPU while nobody asks", percent(found.with_gpus), percent(theirs.background)
    yield "the same, GPUs left alone", percent(found.without), ""
    yield "CPU of a GPU", percent(found.of_a_gpu), ""


def _simulated(folder: Path) -> dict[str, str]:
    """The environment of an agent that finds the GPUs."""
    driver = folder / "driver"
    driver.mkdir()
    nvml_stub.compile_into(driver)
    scenario = folder / "gpus.txt"
    nvml_stub.write(scenario, NvmlLibrary(named(SCENARIO)))
    return nvml_stub.environment(driver, scenario)
