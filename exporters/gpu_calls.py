"""Every question that the agent asks of a GPU: what `--self-test` tries and `--record` writes down.

A call is named as in NVML's C interface, for that is what its documentation and a scenario file go by. A test watches
the sources and fails when one asks what does not stand here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from exporters import gpu_fields
from exporters.gpu_fields import ALL_LINKS
from exporters.nvml_gpu import Gpu

LINKS = range(18)  # as many NVLinks as a GPU can have
ERROR = "NVML_ERROR_"  # how a scenario says that an answer is an error


@dataclass(frozen=True, slots=True)
class Call:
    """`asked`: the numbers that belong to the question (which sensor). `counter`: grows, but for a driver reload."""

    function: str
    asked: tuple[int, ...] = ()
    counter: bool = False

    @property
    def name(self) -> str:
        return self.function + (f"({', '.join(map(str, self.asked))})" if self.asked else "")

    def ask(self, gpu: Gpu) -> tuple[Any, str | None]:
        """As `Gpu.ask_why`."""
        wanted = self.function.removeprefix("nvmlDevice")
        if wanted == "GetMemoryInfo_v2":
            return gpu.ask_why("GetMemoryInfo", gpu.binding.nvmlMemory_v2)
        return gpu.ask_why(wanted, *self.asked)


@dataclass(frozen=True, slots=True)
class Field:
    """Of nvmlDeviceGetFieldValues. `scope`: which link, where it is a field of links."""

    number: int
    name: str
    scope: int = 0
    counter: bool = False

    @property
    def wanted(self) -> gpu_fields.Field:
        return gpu_fields.Field(self.number, self.scope)


def is_error(answer: object) -> bool:
    return isinstance(answer, str) and answer.startswith(ERROR)


def error_named(reason: str) -> str:
    """`gpu_is_lost` → `NVML_ERROR_GPU_IS_LOST`."""
    return ERROR + reason.upper()


def _each(function: str, asked: Iterable[int], *, counter: bool = False) -> tuple[Call, ...]:
    return tuple(Call(function, (number,), counter=counter) for number in asked)


def _each_link(number: int, name: str) -> tuple[Field, ...]:
    return tuple(Field(number, name, link, counter=True) for link in LINKS)


CALLS: tuple[Call, ...] = (
    *map(
        Call,
        (
            "nvmlDeviceGetUUID", "nvmlDeviceGetName", "nvmlDeviceGetVbiosVersion", "nvmlDeviceGetGspFirmwareVersion",
            "nvmlDeviceGetAddressingMode", "nvmlDeviceGetMemoryInfo", "nvmlDeviceGetMemoryInfo_v2",
            "nvmlDeviceGetUtilizationRates", "nvmlDeviceGetEncoderUtilization", "nvmlDeviceGetDecoderUtilization",
            "nvmlDeviceGetJpgUtilization", "nvmlDeviceGetOfaUtilization", "nvmlDeviceGetPowerUsage",
        ),
    ),
    Call("nvmlDeviceGetTotalEnergyConsumption", counter=True),
    *map(
        Call,
        (
            "nvmlDeviceGetEnforcedPowerLimit", "nvmlDeviceGetPowerManagementLimit",
            "nvmlDeviceGetPowerManagementDefaultLimit", "nvmlDeviceGetPowerManagementLimitConstraints",
        ),
    ),
    Call("nvmlDeviceGetTemperature", (0,)),
    *_each("nvmlDeviceGetTemperatureThreshold", range(4)),
    Call("nvmlDeviceGetMarginTemperature"),
    *_each("nvmlDeviceGetClockInfo", range(4)),
    *_each("nvmlDeviceGetMaxClockInfo", range(4)),
    Call("nvmlDeviceGetPerformanceState"),
    Call("nvmlDeviceGetCurrentClocksEventReasons"),
    Call("nvmlDeviceGetCurrentClocksThrottleReasons"),  # its name before driver 535
    *_each("nvmlDeviceGetViolationStatus", range(3), counter=True),
    Call("nvmlDeviceGetNumFans"),
    *_each("nvmlDeviceGetFanSpeed_v2", range(3)),
    *map(
        Call,
        (
            "nvmlDeviceGetCurrPcieLinkGeneration", "nvmlDeviceGetMaxPcieLinkGeneration",
            "nvmlDeviceGetCurrPcieLinkWidth", "nvmlDeviceGetMaxPcieLinkWidth",
        ),
    ),
    *_each("nvmlDeviceGetNvLinkState", LINKS),
    Call("nvmlDeviceGetSupportedEventTypes"),
    Call("nvmlDeviceGetMigMode"),
    Call("nvmlDeviceGetMaxMigDeviceCount"),
)  # fmt: skip

FIELDS: tuple[Field, ...] = (
    Field(5, "ECC corrected", counter=True),
    Field(6, "ECC uncorrected", counter=True),
    Field(29, "pages retired: single bit"),
    Field(30, "pages retired: double bit"),
    Field(31, "pages retired: pending"),
    Field(38, "NVLink CRC of flow control", counter=True),
    Field(45, "NVLink CRC of data", counter=True),
    Field(52, "NVLink replays", counter=True),
    Field(59, "NVLink recoveries", counter=True),
    Field(74, "throttled: power cap", counter=True),
    Field(75, "throttled: thermal policy", counter=True),
    Field(76, "throttled: sync boost", counter=True),
    Field(82, "memory temperature"),
    Field(91, "NVLinks"),
    Field(94, "PCIe replays", counter=True),
    Field(138, "NVLink data sent", ALL_LINKS, counter=True),
    Field(139, "NVLink data received", ALL_LINKS, counter=True),
    Field(142, "rows remapped: corrected"),
    Field(143, "rows remapped: uncorrected"),
    Field(144, "rows remapped: pending"),
    Field(145, "rows remapped: failed"),
    Field(160, "NVLink ECC of data", counter=True),
    *_each_link(161, "NVLink replays of a link"),
    *_each_link(162, "NVLink recoveries of a link"),
    *_each_link(163, "NVLink CRC of a link"),
    Field(193, "temperature limit: shutdown"),
    Field(194, "temperature limit: slowdown"),
    Field(195, "temperature limit: memory"),
    Field(196, "temperature limit: GPU"),
    Field(197, "PCIe sent", counter=True),
    Field(198, "PCIe received", counter=True),
    *_each_link(202, "NVLink bytes sent of a link"),
    *_each_link(204, "NVLink bytes received of a link"),
    Field(230, "recovery action"),
    Field(251, "throttled: software thermal (before driver 580.82)", counter=True),
    Field(252, "throttled: hardware thermal (before driver 580.82)", counter=True),
    Field(253, "throttled: power brake (before driver 580.82)", counter=True),
    Field(269, "throttled: software thermal (since driver 580.82)", counter=True),
    Field(270, "throttled: hardware thermal (since driver 580.82)", counter=True),
    Field(271, "throttled: power brake (since driver 580.82)", counter=True),
)

SAMPLES = {1: "utilization", 0: "power"}  # nvmlSamplingType_t
