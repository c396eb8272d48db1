"""On what was it measured? A class of machine, not the machine: it says nothing that names one."""

import os
import platform
import time
from dataclasses import dataclass

from benchmarks.connection import PROMETHEUS
from ragpulse import __version__
from ragpulse.drill.measured_on import commit, cores


@dataclass(frozen=True, slots=True)
class Machine:
    """`load`: the load average of a minute at the start; above a few tenths somebody else was at work."""

    date: str
    commit: str
    cores: str
    python: str
    load: float
    versions: str


def this_machine(node_exporter: str) -> Machine:
    askers = " and ".join(PROMETHEUS)
    return Machine(
        date=time.strftime("%Y-%m-%d", time.gmtime()),
        commit=commit(),
        cores=cores(),
        python=platform.python_version(),
        load=os.getloadavg()[0],
        versions=f"ragpulse {__version__}, node_exporter {node_exporter}, asked in the words of Prometheus {askers}",
    )
