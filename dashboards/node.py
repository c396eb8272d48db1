"""Node: what is wrong with this one machine?"""

from collections.abc import Iterator

from dashboards import node_devices, node_parts
from dashboards import node_queries as queries
from dashboards.links import Down
from dashboards.panel import Board, Folded, Panel, Row
from dashboards.panels import component_states, count_of_bad
from ragpulse.inventory import Cluster

_VERDICT_HEIGHT, _HEIGHT = 4, 8


def _rows(cluster: Cluster) -> Iterator[Row | Folded]:
    yield Row([*_known(), *_whole(cluster)], _VERDICT_HEIGHT)
    yield Row([node_parts.services(), node_parts.sources()], _HEIGHT, "What lives here, and what is read of it")
    yield Row([node_parts.processor(), node_parts.load(), node_parts.pressure()], _HEIGHT, "Processor and memory")
    yield Row([node_parts.memory(), node_parts.swap(), node_parts.paging()], _HEIGHT)
    if cluster.reads_gpus():
        yield Row([node_parts.gpus()], _HEIGHT, "GPUs")
    yield Folded(
        "Disks",
        [
            Row([node_devices.filesystems(), node_devices.filled()], _HEIGHT),
            Row([node_devices.disks(), node_devices.disk_bytes()], _HEIGHT),
        ],
    )
    yield Folded("Network", [Row([node_devices.traffic(), node_devices.packets_lost()], _HEIGHT)])
    yield Folded(
        "Temperatures, clock, processes",
        [Row([node_devices.temperatures(), node_devices.clock(), node_devices.processes()], _HEIGHT)],
    )


def _known() -> Iterator[Panel]:
    yield component_states(
        "State",
        "The machine as the rules see it; unknown is what nobody measures. Degraded: something of it cannot be read, or"
        " an alert about it pages.",
        queries.state(),
        Down("machines"),
    )
    yield count_of_bad(
        "Alerts about it",
        "Pages and tickets about this machine that fire now. A click leads to the list with their runbooks.",
        queries.alerts(),
        Down("overview", "Alerts firing"),
    )
    yield count_of_bad(
        "Silent sources",
        "What its agent should read and has not read for several intervals. The table below says which; the agent's"
        " page says why.",
        queries.silent_sources(),
        Down("node", "Sources"),
        Down("monitoring"),
    )


def _whole(cluster: Cluster) -> Iterator[Panel]:
    yield count_of_bad(
        "File systems astray",
        "Those that answer with errors or can only be read. Whoever writes there fails: look at the kernel's log and at"
        " the disk.",
        queries.filesystems_astray(),
        Down("node", "File systems"),
    )
    yield count_of_bad(
        "Killed for memory",
        "Processes that the kernel killed within the hour because memory ran out. Look below who took it.",
        queries.killed(),
        Down("node", "Memory"),
        Down("overview", "Alerts firing"),
    )
    yield count_of_bad(
        "Links down",
        "Interfaces of our networks without a carrier. Look at the cable and at the other end of it.",
        queries.links_down(),
        Down("network", "Links"),
    )
    yield count_of_bad(
        "Clock astray",
        "1 when the kernel does not call its clock synchronised. Times of this node and of others cannot be compared:"
        " start the time service.",
        queries.clock_astray(),
        Down("node", "Clock"),
        Down("monitoring", "Clocks"),
    )
    if cluster.reads_gpus():
        yield count_of_bad(
            "GPUs lost",
            "GPUs that were seen and do not answer any more. Look at the alert; most often only a restart of the"
            " machine brings one back.",
            queries.gpus_lost(),
            Down("node", "GPUs here"),
        )


BOARD = Board(
    name="node",
    title="Node",
    question="What is wrong with this one machine?",
    rows=_rows,
    one_node=True,
)
