"""Ray on the board of inference: are its nodes, GPUs and actors there, and who runs which rank of an engine?"""

from collections.abc import Iterator

from dashboards import ray_queries as asked
from dashboards.links import Down, cell
from dashboards.panel import Folded, Panel, Row
from dashboards.panels import BAD, GOOD, Column, Key, Limits, Line, table, timeline, trend
from ragpulse.catalogue import ray

_HEIGHT = 8
_RATIO, _COUNT, _PER_SECOND = "percentunit", "short", "ops"
_ALIVE = {0: ("Dead", BAD), 1: ("Alive", GOOD)}
_FULL = Limits(warning=0.8, bad=0.95)
_NODE = Key("ray_node", "Node", Down("node", choose={"node": cell("Node")}))


def rows() -> Iterator[Row | Folded]:
    yield Row([_nodes(), _alive(), _ranks()], _HEIGHT, "Ray")
    yield Folded("Ray: what runs on it", [Row([_object_store(), _actors(), _tasks(), _evictions()], _HEIGHT)])


def _nodes() -> Panel:
    return table(
        "Nodes of Ray",
        "Each node as Ray's head sees it, with the GPUs that Ray counts there. Fewer GPUs than the machine has: Ray has"
        " lost one; restart Ray on that node.",
        [Key("service", "Service"), _NODE],
        [
            Column(asked.by_node(ray.NODE_ALIVE), "Alive", words=_ALIVE),
            Column(asked.by_node(ray.GPUS_REGISTERED), "GPUs"),
            Column(asked.object_store(), "Store", _RATIO, _FULL),
        ],
        without_data="Its head does not tell",
    )


def _alive() -> Panel:
    return timeline(
        "Alive, by node",
        "As Ray's head sees its nodes. It takes Ray up to 15 s to find one dead; a gap is time in which the head itself"
        " could not be read.",
        Line(asked.by_node(ray.NODE_ALIVE), "{{ray_node}}"),
        _ALIVE,
    )


def _ranks() -> Panel:
    return table(
        "Ranks",
        "Which node runs which rank of an engine, and how that is known: reported by Ray, or assumed from the order of"
        " the cluster file. A rank on a dead node ends the whole engine.",
        [Key("service", "Service"), Key("rank", "Rank"), _NODE, Key("source", "Known")],
        [Column(asked.ranks())],
        by="Rank",
        without_data="None is known",
    )


def _object_store() -> Panel:
    return trend(
        "Object store used",
        "Share of each node's object store. Near the limit Ray writes to disk, and everything on it waits.",
        [Line(asked.object_store(over_time=True), "{{ray_node}}")],
        _RATIO,
        top=1,
        limits=_FULL,
    )


def _actors() -> Panel:
    return trend(
        "Actors",
        "By state, over all nodes. DEAD counts all that ever ended: it grows when one dies; look at the engine then.",
        [Line(asked.by_state(ray.ACTORS), "{{service}} {{state}}")],
        _COUNT,
    )


def _tasks() -> Panel:
    return trend(
        "Tasks that wait or run",
        "By state, over all nodes; those that have ended are left out. Many that wait for a node: there is none with"
        " room for them.",
        [Line(asked.open_tasks(), "{{service}} {{state}}")],
        _COUNT,
    )


def _evictions() -> Panel:
    return trend(
        "Workers ended for want of memory",
        "Per second and node. Each is a part of an engine or a program that was killed: give that node less to do.",
        [Line(asked.evictions(), "{{ray_node}}")],
        _PER_SECOND,
    )
