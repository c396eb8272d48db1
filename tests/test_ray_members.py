"""Which node of the cluster file Ray means by an address: on any network, by a host name, or as the head itself."""

from collections.abc import Iterable

import pytest

from exporters.http_names import Names
from exporters.ray_members import Members

SECONDS = 5.0


def members(
    addresses: dict[str, Iterable[str]], own: Iterable[str] = (), hosts: dict[str, str] | None = None
) -> Members:
    def resolve(host: str, _: int) -> list[str]:
        if host not in (hosts or {}):
            raise OSError("unknown")
        return [(hosts or {})[host]]

    return Members(addresses, own=lambda: frozenset(own), names=Names(resolve))


@pytest.mark.parametrize(
    ("address", "node"),
    [
        ("192.0.2.69", "sark"),
        ("198.51.100.71", "clu"),
        ("2001:db8:0:0::71", "clu"),
        ("127.0.0.1", "sark"),
        ("192.0.2.2", None),
        ("clu.example", None),
    ],
)
def test_an_address_belongs_to_who_has_it_on_any_network(address: str, node: str | None) -> None:
    found = members(
        {"sark": ["192.0.2.69"], "clu": ["192.0.2.71", "198.51.100.71", "2001:db8::71"]},
        own=["192.0.2.69", "127.0.0.1"],
    )
    assert found.of(address, SECONDS) == node


def test_an_address_of_this_machine_means_the_head_unless_another_node_has_it() -> None:
    found = members({"sark": ["127.0.0.1"], "clu": ["127.0.0.2"]}, own=["127.0.0.1", "127.0.0.2", "192.0.2.2"])
    assert [found.of(address, SECONDS) for address in ("192.0.2.2", "127.0.0.2")] == ["sark", "clu"]


def test_the_head_is_the_head_at_any_address() -> None:
    assert members({"sark": ["192.0.2.69"]}).of("203.0.113.1", SECONDS, is_head=True) == "sark"


def test_host_names_are_looked_up_and_one_that_cannot_be_costs_nothing_else() -> None:
    found = members({"sark": ["sark.example"], "clu": ["clu.example"]}, hosts={"clu.example": "192.0.2.71"})
    assert found.of("192.0.2.71", SECONDS) == "clu"
    assert found.of("192.0.2.69", SECONDS) is None
    assert found.of("sark.example", SECONDS) == "sark", "as it is written"


def test_a_thousand_strangers_cost_one_look_up_a_run() -> None:
    asked: list[str] = []

    def resolve(host: str, _: int) -> list[str]:
        asked.append(host)
        raise OSError("unknown")

    found = Members({"sark": ["sark.example"]}, own=frozenset, names=Names(resolve))
    for _ in range(2):
        found.begin()
        assert {found.of(f"192.0.2.{last}", SECONDS) for last in range(256)} == {None}
    assert asked == ["sark.example"] * 2
