"""Round trips through a memory service that cannot be made, or that cost what nobody has agreed to."""

from collections.abc import Iterator

from ragpulse.consistency.contradiction import Contradiction
from ragpulse.inventory import Cluster
from ragpulse.location import Path_
from ragpulse.memory_presets import COSTS_TOKENS, PRESETS
from ragpulse.services import Memory


def contradictions(cluster: Cluster) -> Iterator[Contradiction]:
    for name, memory in cluster.of_kind(Memory).items():
        if memory.roundtrip.enabled:
            yield from _of_one(("services", name), memory)


def _of_one(at: Path_, memory: Memory) -> Iterator[Contradiction]:
    trip, because = memory.roundtrip, ((*at, "preset"),)
    if memory.preset in COSTS_TOKENS and not trip.accept_costs:
        text = (
            f"a store in {memory.preset} calls a language model: each trip costs tokens, and is readable only later;"
            " write accept_costs: true beside it if that is wanted"
        )
        yield Contradiction((*at, "roundtrip", "enabled"), text, because)
    missing = [step for step in ("write", "read", "delete") if getattr(trip, step) is None]
    if missing:
        tried = [preset for preset, values in PRESETS.items() if "roundtrip" in values]
        text = (
            f"needs {', '.join(missing)}: preset {memory.preset} has none of its own ({', '.join(tried)} has); write"
            " them beside it"
        )
        yield Contradiction((*at, "roundtrip"), text, because)
