"""The list of faults, in the order in which they are made. One file each, or one for those of a kind."""

from ragpulse.drill.fault import Fault
from ragpulse.drill.faults import (
    backup_stale,
    database_locked,
    disk_full,
    engine,
    errors,
    gone,
    link_gone,
    memory_way,
    token_wrong,
)

FAULTS: tuple[Fault, ...] = (
    gone.CHROMA,
    engine.STOPPED,
    engine.HUNG,
    token_wrong.FAULT,
    database_locked.FAULT,
    disk_full.FAULT,
    backup_stale.FAULT,
    gone.PROMETHEUS,
    link_gone.FAULT,
    memory_way.ONE_LOST,
    memory_way.SLOW,
    errors.MANY,
    # Last, for a lost node explains for two minutes what follows.
    gone.NODE,
    gone.MONITORING_NODE,
    gone.SERVICES_NODE,
    errors.SOME,
)
