"""GPUs: what holds back one that is at work: a power supply that gave up, heat, a link below its width.

All of it matters under load only: an idle GPU lowers its clocks and its link by itself.
"""

from collections.abc import Iterator

from alerts.gpu_alert import busy, gpu_alert
from alerts.rule import Alert, Group
from ragpulse.catalogue.gpu import CLOCK, CLOCK_MAX, TEMPERATURE_MARGIN, THROTTLED
from ragpulse.catalogue.gpu_errors import PCIE_GENERATION, PCIE_WIDTH
from ragpulse.inventory import Cluster
from ragpulse.metric import Metric
from ragpulse.promql import instant, rate
from ragpulse.recorded import long_window, short_window

# The wedge as reported from DGX Sparks: busy at 94-96 % and 17-28 % of the highest clock, without any throttle reason.
_WEDGE_BUSY, _WEDGE_CLOCK, _UNEXPLAINED = 0.8, 0.4, 0.05
_AT_WORK = 0.5
_THROTTLED_SHARE = 0.1
# What the hardware does to save itself. The driver's own limits (power cap, its thermal target) are everyday life.
_EMERGENCIES = ("hw_thermal", "power_brake")
_MARGIN_CELSIUS = 3


def rules(cluster: Cluster) -> list[Group]:
    return [Group("gpu_limits", tuple(_alerts(cluster)))] if cluster.reads_gpus() else []


def _alerts(cluster: Cluster) -> Iterator[Alert]:
    short, long = short_window(cluster), long_window(cluster)
    clock = f"{instant(CLOCK, clock='sm')} / {instant(CLOCK_MAX, clock='sm')}"
    explained = f"sum by (node, gpu) ({rate(THROTTLED, short)}) > {_UNEXPLAINED}"
    yield gpu_alert(
        "GpuPowerWedge",
        f"{clock} < {_WEDGE_CLOCK} and on (node, gpu) {busy(short)} > {_WEDGE_BUSY} unless on (node, gpu) {explained}",
        hold=3 * short,
        severity="page",
        what="is busy at {{ $value | humanizePercentage }} of its highest clock, and nothing says why.",
        meaning="The power delivery has wedged, as is reported of DGX Sparks: everything takes several times as long"
        " until the machine was without mains power for a while. A restart does not help.",
    )
    at_work = f"and on (node, gpu) {busy(long)} > {_AT_WORK}"
    braked = f"{rate(THROTTLED, long, reason=_EMERGENCIES)} > {_THROTTLED_SHARE}"
    yield gpu_alert(
        "GpuThrottled",
        f"{braked} {at_work}",
        hold=long + short,
        severity="ticket",
        what="was held back by {{ $labels.reason }} for {{ $value | humanizePercentage }} of the time.",
        meaning="The hardware slows itself down to stay whole: by heat (hw_thermal) or because the power supply asks it"
        " to (power_brake). The same work takes longer.",
    )
    yield gpu_alert(
        "GpuHot",
        f"{instant(TEMPERATURE_MARGIN)} < {_MARGIN_CELSIUS} unless on (node, gpu) {braked}",
        hold=long,
        severity="ticket",
        what="is {{ $value | humanize }} degrees away from slowing down.",
        meaning="A little more heat and the driver lowers its clocks.",
    )
    # On unified memory there is no such link, and no sample of one.
    yield _pcie("lanes", PCIE_WIDTH, "over {{ $value }} PCIe lanes", at_work, long)
    yield _pcie("generation", PCIE_GENERATION, "over PCIe of generation {{ $value }}", at_work, long)


def _pcie(link: str, metric: Metric, over: str, at_work: str, hold: float) -> Alert:
    return gpu_alert(
        "GpuPcieDegraded",
        f"{instant(metric, of='current')} < ignoring (of) {instant(metric, of='max')} {at_work}",
        hold=hold,
        severity="ticket",
        what=f"is at work {over}, less than card and slot can do.",
        meaning="Loading models and copying to and from the host takes longer. The link is trained at power-on.",
        labels={"link": link},
    )
