"""The real agent on a machine of a test's making: `python -m tests.fakes.closed_machine ROOT`. The log says where."""

import sys
from pathlib import Path

from exporters import log
from exporters.agent import serve
from exporters.ending import leave
from exporters.node_cpu import NodeCpu
from exporters.node_info import NodeInfo
from exporters.node_memory import NodeMemory
from exporters.node_pressure import NodePressure
from exporters.planned import Planned
from exporters.server import listener

INTERVAL = 0.1

if __name__ == "__main__":
    log.to_stderr()
    sources = [source(Path(sys.argv[1])) for source in (NodeCpu, NodeMemory, NodePressure, NodeInfo)]
    for source in sources:
        source.interval = INTERVAL
    with listener("127.0.0.1", 0, "the port of the test") as bound:
        planned = [Planned(source) for source in sources]
        serve((planned, ""), "alpha", bound, lambda: (planned, ""))
    leave(0)
