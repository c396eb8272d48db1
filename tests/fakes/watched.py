"""What a probe or source of a service gets to know of its service, with times short enough for a test."""

from exporters.probe import Plan

QUICK = 0.5  # seconds that a request may take where the test waits for it to fail
PATIENT = 10.0  # where it must not fail, however busy the machine is


def plan(kind: str, *, request_timeout: float = PATIENT, **targets: float) -> Plan:
    """The service bears the name of its kind and lives on `sark`."""
    return Plan(service=kind, nodes=("sark",), interval=10.0, request_timeout=request_timeout, targets=targets)
