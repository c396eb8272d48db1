"""Which faults no alert tells, and why: of a whole component, of one way to fail, or of one cell of the two."""

from alerts.coverage import COMPONENTS, COVERAGE, MODES, Cell, Component, Mode

_OF_A_COMPONENT: dict[Component, str] = {
    "swarm": "no source reads Docker Swarm: what it runs is told where it is probed as a service",
    "certificate": "a certificate ends, or is wrong; nothing else can happen to it",
}
_OF_A_MODE: dict[Mode, str] = {
    "full": "told of the file systems of its node",
    "expiring": "only certificates show when they end; a key that has ended is refused, which is told",
    "clock": "the clock is the node's",
    "rebooting": "only nodes boot; a service that starts anew is told if it cannot work meanwhile",
    "under pressure": "told of the node that it runs on",
    "lost": "nothing of it is counted that could be lost",
    "throttled": "nothing holds it back by itself",
    "wedged": "told as hung",
    "out of memory": "the kernel's kill is told of the node, what follows of the service",
    "damaged": "nothing reads its data back",
    "unrestorable": "asked of backups only",
    "never": "asked of backups only",
    "saturated": "it has no queue of which a number is known",
    "stale": "its readings are withheld when they are old, and the source is told of",
    "vanished": "told as down",
    "misconfigured": "what can be known without it is told by `ragpulse check`",
}
_OF_A_CELL: dict[Cell, str] = {
    ("node", "stale"): "its readings come from the agent: see there",
    ("node", "misconfigured"): "`ragpulse check` compares node and cluster file; it is not done all the time",
    ("node", "lost"): "told as down or vanished",
    ("network", "saturated"): "how full a link may be is declared nowhere; its traffic is on the board",
    ("network", "full"): "see saturated",
    ("network", "throttled"): "told as slow where the cluster file says how fast it must be",
    ("gpu", "full"): "an engine takes all of its memory on purpose; its cache is told as vllm full",
    ("gpu", "out of memory"): "unified memory is told of the node; of a card's own, the engine fails and is told",
    ("gpu", "misconfigured"): "the driver's settings are not judged",
    ("vllm", "lost"): "its GPUs and its nodes of Ray are told of",
    ("vllm", "damaged"): "no golden answers: what a model says is not judged",
    ("ray", "slow"): "what waits for it is the engine, which is told",
    ("ray", "saturated"): "its tasks and object store are on the board; a full one shows in the engine",
    ("ray", "stale"): "its pages are read by the agent, and a source that cannot is told of",
    ("chroma", "stale"): "that records no longer come is on the board: whether they must is known to their owner",
    ("memory", "saturated"): "its queue is not known",
    ("memory", "vanished"): "told as down; records that vanish, as lost",
    ("memory", "damaged"): "what comes back otherwise than it was written is told as lost",
    ("rag", "misconfigured"): "a dimension or model that does not fit breaks the path, which is told as erroring",
    ("backup", "down"): "it is a run, not a process: one that does not happen is told as stale",
    ("backup", "slow"): "how long a run may take is declared nowhere; it is on the board",
    ("backup", "lost"): "an archive that is gone is told as stale or damaged",
    ("agent", "slow"): "the duration of its runs is on the board; a run beyond its deadline is told as erroring",
    ("agent", "saturated"): "a page that takes too long is told as down",
    ("agent", "damaged"): "it keeps nothing",
    ("prometheus", "stale"): "what it has not scraped is told as down of the target",
    ("prometheus", "vanished"): "told as down by its pair; Watchdog is silent without it",
    ("alertmanager", "slow"): "the time of a notification is measured by the drill, not all the time",
    ("alertmanager", "damaged"): "it keeps silences and what it told: lost, it tells once more",
}  # fmt: skip


def reasons() -> dict[Cell, str]:
    """Every cell without an alert → why. Errors: KeyError for one of which nothing is said."""
    told = {cell for covered in COVERAGE.values() for cell in covered.cells}
    return {
        (component, mode): _reason(component, mode)
        for component in COMPONENTS
        for mode in MODES
        if (component, mode) not in told
    }


def unused() -> set[Cell]:
    """Reasons of cells that an alert tells."""
    return _OF_A_CELL.keys() - reasons().keys()


def _reason(component: Component, mode: Mode) -> str:
    return _OF_A_CELL.get((component, mode)) or _OF_A_COMPONENT.get(component) or _OF_A_MODE[mode]
