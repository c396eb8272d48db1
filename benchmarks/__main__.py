"""`python -m benchmarks [--quick]`: measure everything, judge it, write docs/benchmarks.md.

The last line on standard output is `ratio p50=… p99=… rss=… cpu=…`, ours / node_exporter's. Exit status 1 when a limit
is missed or something could not be measured. `--quick` tries everything in four minutes and writes nothing.
"""

import argparse
import os
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import (
    chroma_cost,
    curves,
    generating,
    gpus,
    hung,
    node_exporter,
    overview_page,
    rag_stages,
    vllm_page,
)
from benchmarks.cluster_files import web_services_only
from benchmarks.demo import background, running_demo
from benchmarks.document import Results, document
from benchmarks.limits import judge, ratios
from benchmarks.machine import this_machine
from benchmarks.progress import say, stage
from benchmarks.side_by_side import Size, side_by_side
from benchmarks.started import Servers
from ragpulse import atomic
from ragpulse.errors import RagpulseError

_ROOT = Path(__file__).parents[1]
_DOCUMENT = _ROOT / "docs" / "benchmarks.md"
# Of the demo, what nobody needs while exporters are compared: they look at its services alone.
_IN_THE_WAY = ("load", "agent-alpha", "agent-beta", "alertmanager", "overview", "receiver")


@dataclass(frozen=True, slots=True)
class Extent:
    """`background`, `idle`: seconds. `hung`, `curves`: scrapes of each agent. `polls`: of each page of vLLM. `walks`:
    of a RAG path, for each of its stages. `loads`: of the Overview page.
    """

    background: float
    size: Size
    gpus: Size
    hung: int
    curves: int
    idle: float
    polls: int
    chroma: chroma_cost.Extent
    walks: int
    loads: int


# 26 × 24 makes 624 fresh scrapes of each kind, 13 × 24 with GPUs 312.
_WHOLE = Extent(
    background=60,
    size=Size(pairs=26, rounds=24, back_to_back=600, idle=10),
    gpus=Size(pairs=13, rounds=24, back_to_back=300, idle=30),
    hung=600,
    curves=100,
    idle=10,
    polls=100,
    chroma=chroma_cost.Extent(off=60, on=120),
    walks=100,
    loads=200,
)
_QUICK = Extent(
    background=5,
    size=Size(pairs=3, rounds=2, back_to_back=60, idle=2),
    gpus=Size(pairs=2, rounds=2, back_to_back=60, idle=10),
    hung=60,
    curves=4,
    idle=3,
    polls=10,
    chroma=chroma_cost.Extent(off=5, on=10),
    walks=10,
    loads=20,
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a trial of four minutes; writes nothing")
    quick = parser.parse_args().quick
    # An end from outside is an end in order: what was started is ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        results = _measure(_QUICK if quick else _WHOLE)
    except RagpulseError as error:
        say(f"ragpulse: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    text = document(results)
    if not quick:
        atomic.write(_DOCUMENT, text)
    print(text)
    for judgement in results.judgements:
        if not judgement.kept:
            say(f"missed: {judgement.what} is {judgement.measured:.4g}, the limit is {judgement.limit:g}")
    print(ratios(results.side_by_side), flush=True)
    return 0 if all(judgement.kept for judgement in results.judgements) else 1


def _start_once(folder: Path) -> None:
    """So that Python finds its modules compiled, as it does on a node: compiling leaves a third more in memory."""
    say("starting each program once")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with Servers(folder) as servers:
        _, url = servers.web_service()
        servers.ours(web_services_only(1, url, "5s", folder))
        servers.made_up("--sources=1", "--series=1", "--interval=5")
        servers.wait()


def _measure(extent: Extent) -> Results:
    """Errors: RagpulseError."""
    theirs = node_exporter.provide(say)
    machine = this_machine(node_exporter.version(theirs))
    with tempfile.TemporaryDirectory(prefix="ragpulse-bench-") as made:
        folder = Path(made)
        _start_once(folder)
        say("starting the demo")
        with running_demo(folder) as demo:
            with stage("the demo in the background", 2 * extent.background) as advance:
                in_background = background(demo, extent.background, advance)
            with stage("beside node_exporter", extent.size.seconds()) as advance:
                demo.hold(*_IN_THE_WAY)
                compared = side_by_side(demo.cluster_file, theirs, folder, extent.size, advance)
            with stage("a RAG path with a slow stage", rag_stages.seconds(extent.walks)) as advance:
                walked = rag_stages.measure(demo.cluster_file, extent.walks, advance)
        with stage(f"with {gpus.COUNT} GPUs", gpus.seconds(extent.gpus)) as advance:
            with_gpus = gpus.measure(theirs, folder, extent.gpus, advance)
        with stage("while sources hang", hung.seconds(extent.hung)) as advance:
            while_hung = hung.measure(folder, extent.hung, advance)
        with stage("how the cost grows", curves.seconds(extent.curves, extent.idle)) as advance:
            grown = curves.measure(folder, extent.curves, extent.idle, advance)
        say("polling pages of vLLM")
        polled = vllm_page.measure(folder, extent.polls)
        with stage("Chroma while it is watched", chroma_cost.seconds(extent.chroma)) as advance:
            watched = chroma_cost.measure(folder, extent.chroma, advance)
        with stage("the Overview page", overview_page.seconds(extent.loads)) as advance:
            shown = overview_page.measure(folder, extent.loads, advance)
        say("generating for few and many nodes")
        generated = generating.measure(_ROOT / "cluster.example.yaml")
    return Results(
        machine=machine,
        side_by_side=compared,
        demo=in_background,
        demo_seconds=extent.background,
        gpus=with_gpus,
        hung=while_hung,
        curves=grown,
        polled=polled,
        watched=watched,
        walked=walked,
        shown=shown,
        generated=generated,
        judgements=[
            *judge(compared, in_background, while_hung),
            *gpus.judge(with_gpus),
            *vllm_page.judge(polled),
            *chroma_cost.judge(watched),
            *rag_stages.judge(walked),
            overview_page.judge(shown),
            generating.judge(generated),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
