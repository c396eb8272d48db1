"""The real agent over a simulated driver: `python -m tests.fakes.gpu_agent FILE NODE SCENARIO`.

SIGUSR1 replaces the driver: the library that is loaded does not fit the new one. SIGUSR2 loses the first GPU.
"""

import signal
import sys
from pathlib import Path

import pynvml

from exporters import agent, ending, log
from exporters.nvml import Nvml
from ragpulse import read_apart
from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.scenario import named
from tests.fakes.nvml_library import install

MISMATCH = "NVML_ERROR_LIB_RM_VERSION_MISMATCH"

if __name__ == "__main__":
    file, node, scenario = sys.argv[1:]
    library = NvmlLibrary(named(scenario))
    install(library)

    def replace(*_: object) -> None:
        library.fault = library.init_error = MISMATCH

    signal.signal(signal.SIGUSR1, replace)
    signal.signal(signal.SIGUSR2, lambda *_: library.lose(0))
    log.to_stderr()
    ending.leave(agent.run(lambda: read_apart.read(Path(file)), node, None, Nvml(load=lambda: pynvml)))
