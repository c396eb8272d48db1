"""The engine behind vLLM does nothing any more: all of it is stopped, or its steps alone while its pages answer."""

from ragpulse.demo.vllm_standin.faults import Fault as Told
from ragpulse.drill.fault import Fault

_HUNG = (90.0, 90.0)

STOPPED = Fault(
    "engine-stopped",
    "vLLM gets SIGSTOP: its port is open, nothing answers",
    lambda rig: rig.stopped("vllm"),
    "ServiceDown",
    limits=_HUNG,
)
HUNG = Fault(
    "metrics-frozen",
    "vLLM's engine hangs: health and metrics answer, the figures are frozen",
    lambda rig: rig.told(Told.HANG),
    "VllmStalled",
    limits=_HUNG,
)
