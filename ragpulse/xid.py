"""What does an XID error mean, and what is to be done? XID codes are how NVIDIA's driver numbers what went wrong.

Source: NVIDIA's "Xid Errors" (docs.nvidia.com/deploy/xid-errors, its catalog for Ampere and newer), in words of our
own. `critical`: those that operators of many GPUs page for, as the GPU or machine is out of service until somebody acts
(the list of nvidia_gpu_exporter's alerts); `warning`: something of GPU or driver failed, which may mend itself;
`application`: the program that used the GPU is the first suspect.
"""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "warning", "application"]

_RESET = "reset the GPU (stop what uses it and the node's agent, then nvidia-smi --gpu-reset) or restart the machine"
_RESTART_PROGRAM = "restart the program; if it happens again with another program, suspect the GPU"
_DEBUG_PROGRAM = "look for an error in the program, for instance with compute-sanitizer"
_NOTHING = "nothing by itself; look at the other errors of the same moment"


@dataclass(frozen=True, slots=True)
class Xid:
    code: int
    meaning: str
    action: str
    severity: Severity


XIDS: tuple[Xid, ...] = (
    Xid(8, "the GPU stopped working on a channel", _RESTART_PROGRAM, "application"),
    Xid(11, "a program sent a corrupt stream of commands", _DEBUG_PROGRAM, "application"),
    Xid(13, "a kernel did something illegal, mostly beyond the end of an array", _DEBUG_PROGRAM, "application"),
    Xid(31, "a program touched GPU memory that it does not have", _DEBUG_PROGRAM, "application"),
    Xid(32, "a corrupt stream of commands, mostly from a bad PCIe link", "check how the card sits", "warning"),
    Xid(38, "the firmware of the driver failed", _RESTART_PROGRAM, "warning"),
    Xid(43, "a program ran into a fault of its own; the GPU is well", _DEBUG_PROGRAM, "application"),
    Xid(45, "a program on the GPU was ended: by hand, or for another error", _NOTHING, "application"),
    Xid(46, "the GPU stopped working", _RESET, "warning"),
    Xid(48, "memory error that could not be corrected (double bit)", _RESET, "critical"),
    Xid(54, "a power cable of the board is not connected", "switch the machine off and connect it", "warning"),
    Xid(62, "the controller inside the GPU halted", _RESET, "critical"),
    Xid(63, "a faulty row of memory was put out of use, for good after the next reset", _NOTHING, "warning"),
    Xid(64, "a faulty row of memory could not be put out of use", f"{_RESET}; plan its replacement", "critical"),
    Xid(69, "a program sent what the graphics engine does not know", _DEBUG_PROGRAM, "application"),
    Xid(74, "an NVLink to another GPU or switch failed", f"{_RESET}; look at the other end, too", "critical"),
    Xid(
        79, "the GPU has fallen off the bus", "restart the machine; then check seat, cable, power and heat", "critical"
    ),
    Xid(92, "memory errors, corrected ones, come often", "plan the replacement of the GPU", "warning"),
    Xid(94, "memory error, contained in one program", "restart that program; reset the GPU when convenient", "warning"),
    Xid(95, "memory error that no program could contain", _RESET, "critical"),
    Xid(109, "the GPU could not switch from one program to the next", _RESET, "warning"),
    Xid(110, "security fault; seldom anything but hardware", "switch the machine off and on again", "warning"),
    Xid(119, "the controller inside the GPU (GSP) did not answer the driver", _RESET, "critical"),
    Xid(120, "the controller inside the GPU (GSP) failed", _RESET, "critical"),
    Xid(121, "errors, corrected ones, between CPU and GPU (C2C)", "reset the GPU when convenient", "warning"),
    Xid(136, "an NVLink could not be trained", f"{_RESET}; check the link", "warning"),
    Xid(137, "a program touched memory of another GPU that it does not have", _DEBUG_PROGRAM, "application"),
    Xid(140, "memory error that was not corrected, nor its row put out of use", _RESET, "warning"),
    Xid(143, "the GPU could not be initialised", _RESET, "warning"),
    *(Xid(code, "an NVLink of the fifth generation failed", _RESET, "warning") for code in range(144, 151)),
    Xid(154, "the driver now asks for something to recover the GPU", "do what the recovery action names", "warning"),
    Xid(155, "an NVLink went down, perhaps on purpose", _RESET, "warning"),
    Xid(156, "a faulty part of the GPU was put out of use, for good after the next reset", _RESET, "warning"),
    Xid(157, "a faulty part of the GPU could not be put out of use", "plan its replacement", "warning"),
    Xid(158, "the GPU did not answer in time", _RESET, "warning"),
)

BY_CODE = {str(xid.code): xid for xid in XIDS}
CRITICAL = tuple(xid.code for xid in XIDS if xid.severity == "critical")
# These have a series at 0 before the first of them: a counter that is born at 1 shows no increase.
AWAITED = (*CRITICAL, 94)


def meaning(code: str) -> str:
    known = BY_CODE.get(code)
    return f"XID {code}: {known.meaning}; {known.action}" if known else f"XID {code}: see NVIDIA's catalog"
