"""At which temperatures does the driver act, and between which limits may the power limit be set? Changes hardly ever.

Source: NVML. Thresholds are temperatures on most cards; newer ones tell some as margins only (T.limit, fields 193-196):
what is left at the margin of now when the driver acts. Celsius, watts. A limit of 0 is how a card without one answers.
Errors: NvmlError.
"""

from dataclasses import dataclass

from exporters.gpu_fields import Field, field_values
from exporters.nvml_gpu import Gpu

_MILLI = 1000.0
# By our name: nvmlTemperatureThresholds_t, and the field of the same limit as a margin.
_TEMPERATURES = {"shutdown": (0, 193), "slowdown": (1, 194), "memory_max": (2, 195), "gpu_max": (3, 196)}
_SLOWED_DOWN_BY = ("gpu_max", "slowdown")


@dataclass(frozen=True, slots=True)
class Limits:
    celsius: dict[str, float]
    margins: dict[str, float]
    watts: dict[str, float]

    def margin(self, celsius: float) -> float | None:
        """Degrees until the driver slows the chip down, by its thresholds."""
        limits = [self.celsius[name] for name in _SLOWED_DOWN_BY if name in self.celsius]
        return min(limits) - celsius if limits else None


def limits(gpu: Gpu) -> Limits:
    fields = {name: Field(field) for name, (_, field) in _TEMPERATURES.items()}
    said = field_values(gpu, tuple(fields.values()))
    celsius = {name: gpu.ask("GetTemperatureThreshold", kind) for name, (kind, _) in _TEMPERATURES.items()}
    return Limits(
        celsius={name: float(limit) for name, limit in celsius.items() if limit},
        margins={name: said[field] for name, field in fields.items() if field in said},
        watts={name: milliwatts / _MILLI for name, milliwatts in _power(gpu).items() if milliwatts},
    )


def _power(gpu: Gpu) -> dict[str, int | None]:
    lowest, highest = gpu.ask("GetPowerManagementLimitConstraints") or (None, None)
    return {"default": gpu.ask("GetPowerManagementDefaultLimit"), "min": lowest, "max": highest}
