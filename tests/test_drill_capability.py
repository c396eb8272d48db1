"""Whether this process may do what a fault needs, and what is said where it may not."""

from pathlib import Path

import pytest

from ragpulse.drill.capability import Capability, lacks


@pytest.mark.parametrize(
    ("held", "capability", "says"),
    [
        ("0000000000200000", Capability.SYS_ADMIN, None),
        ("0000000000001000", Capability.NET_ADMIN, None),
        ("0000000000200000", Capability.NET_ADMIN, "needs root with CAP_NET_ADMIN, to cut a way"),
        ("0000000000000000", Capability.SYS_ADMIN, "needs root with CAP_SYS_ADMIN, to cut a way"),
        ("000001ffffdfffff", Capability.SYS_ADMIN, "needs root with CAP_SYS_ADMIN, to cut a way"),
    ],
)
def test_what_is_lacking_is_named(
    monkeypatch: pytest.MonkeyPatch, held: str, capability: Capability, says: str | None
) -> None:
    monkeypatch.setattr(Path, "read_text", lambda _: f"Name:\tpython\nCapPrm:\t000001ffffffffff\nCapEff:\t{held}\n")
    assert lacks(capability, "cut a way") == says
