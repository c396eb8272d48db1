"""Which fault of which component is told by which alert, who acts on it, and why it is not drilled, where it is not.

A cell is a component and a way to fail. Every cell has an alert here or a reason in `alerts.uncovered`: a test holds
that, and that no alert is missing here.
"""

from dataclasses import dataclass
from typing import Literal, get_args

Component = Literal[
    "node", "network", "gpu", "vllm", "ray", "chroma", "memory", "http", "rag", "swarm", "backup", "agent",
    "prometheus", "alertmanager", "certificate",
]  # fmt: skip
Mode = Literal[
    "down", "hung", "slow", "erroring", "saturated", "stale", "vanished", "misconfigured", "full", "expiring", "clock",
    "rebooting", "under pressure", "lost", "throttled", "wedged", "out of memory", "damaged", "unrestorable", "never",
]  # fmt: skip
Cell = tuple[Component, Mode]
Owner = Literal["node", "network", "service", "backup", "monitoring"]

COMPONENTS: tuple[Component, ...] = get_args(Component)
MODES: tuple[Mode, ...] = get_args(Mode)

_HARDWARE = "needs hardware that fails"
_DAYS = "takes hours or days to come about"
_WINDOW = "a verdict over minutes or days, not a fault"
_CLOCK = "would set this machine's clock"
_ONE_MACHINE = "the demo's nodes share one machine"
_BENEATH = "what the drill breaks beneath a path has a page of its own"
_NOT_MADE = "not among the drill's faults"


@dataclass(frozen=True, slots=True)
class Covered:
    """owner: whose operator acts. undrilled: why `ragpulse drill` does not measure it; empty where it must."""

    cells: tuple[Cell, ...]
    owner: Owner
    undrilled: str = ""


def _of(components: str, modes: str, owner: Owner, undrilled: str = "") -> Covered:
    """Both as words with commas between them."""
    cells = tuple(_cell(component, mode) for component in components.split(", ") for mode in modes.split(", "))
    return Covered(cells, owner, undrilled)


def _cell(component: str, mode: str) -> Cell:
    return next(name for name in COMPONENTS if name == component), next(name for name in MODES if name == mode)


_PROBED = "vllm, chroma, memory, http"
_BUDGETED = "vllm, chroma, memory, http, rag"

COVERAGE: dict[str, Covered] = {
    # Nodes and networks.
    "NodeDown": _of("node, agent", "down, hung", "node"),
    "NodeRebooted": _of("node", "rebooting", "node", _ONE_MACHINE),
    "NodeUnderPressure": _of("node", "under pressure, saturated, slow", "node", _NOT_MADE),
    "NodeHot": _of("node", "throttled", "node", _HARDWARE),
    "NodeClockUnsynchronised": _of("node", "clock", "node", _CLOCK),
    "NodeClockOff": _of("node", "clock", "node", _CLOCK),
    "NodeDiskFull": _of("node", "full", "node", _NOT_MADE),
    "NodeDiskFillingUp": _of("node", "full", "node", _DAYS),
    "NodeDiskReadOnly": _of("node", "damaged", "node", _HARDWARE),
    "NodeDiskUnreadable": _of("node", "erroring", "node", _HARDWARE),
    "MemoryWedgeForecast": _of("node", "out of memory, wedged", "node", "would take this machine's memory"),
    "OutOfMemoryKill": _of("node", "out of memory", "node", "would take this machine's memory"),
    "LinkDown": _of("network", "down, vanished", "network", _ONE_MACHINE),
    "LinkSlow": _of("network", "slow", "network", _HARDWARE),
    "LinkMtuWrong": _of("network", "misconfigured", "network", _ONE_MACHINE),
    "LinkErrors": _of("network", "erroring, damaged", "network", _HARDWARE),
    "PeerUnreachable": _of("network", "hung", "network"),
    "PeerLossy": _of("network", "lost", "network", _ONE_MACHINE),
    "RdmaLossy": _of("network", "lost", "network", _HARDWARE),
    # GPUs.
    "GpuLost": _of("gpu", "lost, vanished", "node", _HARDWARE),
    "GpuUnavailable": _of("gpu", "down", "node", _HARDWARE),
    "GpuBlind": _of("gpu", "hung, stale", "node", _HARDWARE),
    "GpuRecoveryNeeded": _of("gpu", "wedged, lost", "node", _HARDWARE),
    "GpuXid": _of("gpu", "erroring", "node", _HARDWARE),
    "GpuEccUncorrected": _of("gpu", "erroring", "node", _HARDWARE),
    "GpuRowRemapFailed": _of("gpu", "damaged", "node", _HARDWARE),
    "GpuRowRemapPending": _of("gpu", "damaged", "node", _HARDWARE),
    "GpuPowerWedge": _of("gpu", "wedged", "node", _HARDWARE),
    "GpuThrottled": _of("gpu", "throttled", "node", _HARDWARE),
    "GpuHot": _of("gpu", "throttled", "node", _HARDWARE),
    "GpuPcieDegraded": _of("gpu", "slow", "node", _HARDWARE),
    "GpuNoHeadroom": _of("gpu", "saturated", "service", _WINDOW),
    "GpuUtilizationBelowTarget": _of("gpu", "slow", "service", _WINDOW),
    # Every service.
    "ServiceDown": Covered(
        (*_of(_PROBED, "down", "service").cells, ("memory", "hung"), ("http", "hung"), ("certificate", "damaged")),
        "service",
    ),
    "ServiceNotReady": Covered(
        (
            *_of("chroma, memory, http", "erroring", "service").cells,
            ("vllm", "misconfigured"),
            ("http", "misconfigured"),
        ),
        "service",
        _NOT_MADE,
    ),
    "CertificateExpires": _of("certificate", "expiring", "service", _DAYS),
    "AvailabilityBelowTarget": _of(_BUDGETED, "erroring", "service", _WINDOW),
    "ErrorBudgetBurningFast": _of(_BUDGETED, "erroring", "service", "takes half an hour of a demo of its own"),
    "ErrorBudgetBurningSlow": _of(_BUDGETED, "erroring", "service", _WINDOW),
    "ResponseTimeAboveTarget": _of("vllm, chroma, memory, http", "slow", "service", _WINDOW),
    "TimeToFirstTokenAboveTarget": _of("vllm", "slow", "service", _WINDOW),
    "ThroughputBelowTarget": _of("vllm", "slow", "service", _WINDOW),
    # vLLM and Ray.
    "VllmStalled": _of("vllm", "hung, stale", "service"),
    "VllmRefusing": _of("vllm", "erroring", "service", _NOT_MADE),
    "VllmLoadingTooLong": _of("vllm", "down", "service", _NOT_MADE),
    "VllmErrorRate": _of("vllm", "erroring", "service"),
    "VllmSaturated": _of("vllm", "saturated", "service", _NOT_MADE),
    "VllmPreempting": _of("vllm", "saturated", "service", _NOT_MADE),
    "VllmKvCacheNearFull": _of("vllm", "full", "service", _NOT_MADE),
    "VllmMetricVanished": _of("vllm", "vanished", "service", _DAYS),
    "VllmStatsDisabled": _of("vllm", "misconfigured", "service", "a setting, not a fault"),
    "VllmCanaryOff": _of("vllm", "misconfigured", "service", "a setting, not a fault"),
    "RayHeadDown": _of("ray", "down, hung", "service", "the demo has no Ray"),
    "RayNodeLost": _of("ray", "lost", "service", "the demo has no Ray"),
    "RayNodesUnknown": _of("ray", "vanished", "service", "the demo has no Ray"),
    "RayGpuLost": _of("ray", "lost", "service", "the demo has no Ray"),
    "RayActorsDead": _of("ray", "erroring", "service", "the demo has no Ray"),
    # ChromaDB.
    "ChromaLocked": _of("chroma", "hung", "service"),
    "ChromaUnauthorized": _of("chroma", "misconfigured", "service"),
    "ChromaUnguarded": _of("chroma", "misconfigured", "service", "a setting, not a fault"),
    "ChromaDataMoved": _of("chroma", "lost", "service", _NOT_MADE),
    "ChromaDiskFull": _of("chroma", "full", "service"),
    "ChromaDiskFillingUp": _of("chroma", "full", "service", _DAYS),
    "ChromaLeaksDirectories": _of("chroma", "full", "service", _DAYS),
    "ChromaWalBacklog": _of("chroma", "saturated", "service", _DAYS),
    "CanaryMissing": _of("chroma", "vanished", "service", _NOT_MADE),
    "RecallLow": _of("chroma", "damaged", "service", _NOT_MADE),
    "RecallDropped": _of("chroma", "damaged", "service", _DAYS),
    "RecallDistanceDrift": _of("chroma", "damaged", "service", _NOT_MADE),
    # The memory service, and the path of a question.
    "MemoryStale": _of("memory", "stale", "service", _NOT_MADE),
    "MemoryKeyRefused": _of("memory", "misconfigured", "service", _NOT_MADE),
    "MemoryRoundTripFailed": _of("memory", "erroring", "service", _NOT_MADE),
    "MemoryWriteLost": _of("memory", "lost", "service", _NOT_MADE),
    "MemoryLeftovers": _of("memory", "full", "service", _NOT_MADE),
    "RagPathBroken": _of("rag", "down, hung, erroring", "service", _BENEATH),
    "RagPathSlow": _of("rag", "slow", "service", _BENEATH),
    # Backups.
    "BackupStale": _of("backup", "stale", "backup"),
    "BackupNeverSucceeded": _of("backup", "never", "backup", _NOT_MADE),
    "BackupFailed": _of("backup", "erroring", "backup", _NOT_MADE),
    "BackupDamaged": _of("backup", "damaged, unrestorable", "backup", _NOT_MADE),
    "BackupUnverified": _of("backup", "unrestorable", "backup", _DAYS),
    "BackupPathMissing": _of("backup", "misconfigured, vanished", "backup", _NOT_MADE),
    "BackupLockHeld": _of("backup", "hung", "backup", _DAYS),
    "BackupRepositoryFull": _of("backup", "full", "backup", _NOT_MADE),
    # The monitoring itself.
    "Watchdog": _of("prometheus, alertmanager", "lost", "monitoring", "fires always"),
    "TargetMissing": _of("node, agent", "vanished", "monitoring", _NOT_MADE),
    "TargetFlapping": _of("agent", "lost", "node", _NOT_MADE),
    "SourceFailing": _of("agent", "erroring", "node", _NOT_MADE),
    "SourceStale": _of("agent", "stale", "node", _NOT_MADE),
    "ConfigReloadRefused": _of("agent", "misconfigured", "monitoring", _NOT_MADE),
    "MonitoringDown": _of("prometheus, alertmanager", "down, hung", "monitoring"),
    "MonitoringConfigRefused": _of("prometheus, alertmanager", "misconfigured", "monitoring", _NOT_MADE),
    "PrometheusAlertmanagerMissing": _of("alertmanager", "vanished", "monitoring", _NOT_MADE),
    "NotificationsFailing": _of("alertmanager", "erroring", "monitoring", _NOT_MADE),
    "PrometheusRuleFailing": _of("prometheus", "erroring", "monitoring", _NOT_MADE),
    "PrometheusRulesLate": _of("prometheus", "slow, saturated", "monitoring", _NOT_MADE),
    "PrometheusStorageFailing": _of("prometheus", "full, damaged", "monitoring", _HARDWARE),
}
