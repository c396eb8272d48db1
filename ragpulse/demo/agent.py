"""The agent of a node of the demo: an agent as any other, but its GPU is a simulated DGX Spark that is used as vLLM is.

`python -m ragpulse.demo.agent --follow URL AGENT'S OPTIONS`: the library that NVML is read from is one of Python, under
the unmodified binding; the name of the GPU says that it is none.
"""

import argparse
import sys
import zlib
from typing import Any

from ragpulse.commands import agent
from ragpulse.demo.gpu.follower import Follower
from ragpulse.demo.gpu.library import NvmlLibrary
from ragpulse.demo.gpu.scenario import Scenario, named

_MACHINE = "spark_busy"


def scenario(node: str) -> Scenario:
    """Of one node: GPUs are told apart by their UUIDs, and simulated ones from true ones by their names.

    Nobody is simulated who would use it: what `/proc` says of a process would be true of another one.
    """
    told = named(_MACHINE)
    for device in told["devices"]:
        answers = device["answers"]
        answers["nvmlDeviceGetName"] += " (simulated)"
        answers["nvmlDeviceGetUUID"] = f"GPU-00000000-0000-4000-8000-{zlib.crc32(node.encode()):012d}"
        device["processes"] = "NVML_ERROR_NOT_SUPPORTED"
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, add_help=False)
    parser.add_argument("--follow", required=True, metavar="URL", help="the metrics of the stand-in for vLLM")
    parser.add_argument("--node", required=True)
    options, _ = parser.parse_known_args()
    told = scenario(options.node)
    library = NvmlLibrary(told)

    def load() -> Any:
        import pynvml  # noqa: PLC0415 - as in any agent, once there is something to read

        pynvml.nvmlLib = library
        return pynvml

    Follower(library, told["devices"][0]["load"], options.follow).start()
    agent.main(_without(sys.argv[1:], "--follow"), load)


def _without(arguments: list[str], option: str) -> list[str]:
    place = arguments.index(option)
    return arguments[:place] + arguments[place + 2 :]


if __name__ == "__main__":
    main()
