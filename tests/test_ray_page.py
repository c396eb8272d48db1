"""What is taken from a page of Ray: the recorded figures, as a second reader finds them; nothing without bound."""

import math
from collections import defaultdict
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporters import ray_page
from exporters.ray_page import MAX_LINES
from exporters.source import SourceError
from ragpulse.catalogue.ray import ACTOR_STATES, TASK_STATES

CAPTURES = Path(__file__).parent / "captures" / "ray"
PAGES = sorted(CAPTURES.glob("*.prom"))
MANY = 10_000


def by_the_library(text: str) -> dict[str, dict[str, float]]:
    """The whole page through the official parser: family → "State" or "Name" of its lines → their sum."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for family in text_string_to_metric_families(text):
        for line in family.samples:
            found[line.name][line.labels.get("Name" if line.name == "ray_resources" else "State", "")] += line.value
    return found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_figure_of_every_recording_is_that_of_a_second_reader(path: Path) -> None:
    expected = by_the_library(path.read_text())
    page = ray_page.read(path.read_bytes())

    def one(name: str, otherwise: float | None) -> float | None:
        return sum(expected[name].values()) if name in expected else otherwise

    assert page.nodes == one("ray_local_resource_view_node_count", None)
    assert page.node_failures == one("ray_node_failure_total", 0)
    assert page.object_store_used == one("ray_object_store_used_memory", None)
    if page.object_store_used is not None:
        assert page.object_store_total == page.object_store_used + sum(
            expected["ray_object_store_available_memory"].values()
        )
    assert page.gpus_registered == (expected["ray_resources"].get("GPU", 0) if "ray_resources" in expected else None)
    assert page.gpus_reported == (0 if "ray_node_cpu_count" in expected else None)
    assert {state: value for state, value in page.actors.items() if value} == {
        state: value for state, value in expected["ray_actors"].items() if value
    }
    assert {state: value for state, value in page.tasks.items() if value} == {
        state: value for state, value in expected["ray_tasks"].items() if value
    }
    assert page.version == ("2.60.0" if page.nodes else None)
    assert page.dropped == 0


def test_the_recordings_hold_what_these_tests_are_about() -> None:
    pages = [ray_page.read(path.read_bytes()) for path in PAGES]
    assert {page.nodes for page in pages} == {None, 1, 2}
    assert any(page.node_failures for page in pages)
    assert any(page.actors["DEAD"] for page in pages)
    assert any(page.gpus_registered for page in pages)


def test_of_a_page_without_the_scheduler_s_count_the_autoscaler_s_is_taken() -> None:
    body = (CAPTURES / "ray-2.60.0-head-vllm-load.prom").read_bytes()
    assert ray_page.read(body.replace(b"\nray_local_resource_view_node_count{", b"\nother{")).nodes == 2


def test_names_that_only_begin_alike_and_the_libraries_own_are_not_taken() -> None:
    page = ray_page.read(b'# TYPE x gauge\nray_actors_x{State="DEAD"} 5\nxray_actors{State="DEAD"} 5\n')
    assert page == ray_page.RayPage()


def test_ten_thousand_names_of_tasks_are_too_many_and_counted() -> None:
    """Made up."""
    assert MAX_LINES < MANY
    line = 'ray_tasks{{Name="t{}",State="FINISHED"}} 1.0\n'
    few, many = ("# TYPE ray_tasks gauge\n" + "".join(map(line.format, range(count))) for count in (100, MANY))
    page = ray_page.read(few.encode())
    assert (page.tasks["FINISHED"], page.dropped) == (100, 0), "by state, whatever their names"
    page = ray_page.read(many.encode())
    assert (page.tasks["FINISHED"], page.dropped) == (0, MANY), "a part of a sum would be a wrong number"


def test_states_that_no_version_known_here_has_are_counted_and_not_told() -> None:
    lines = "".join(f'ray_actors{{State="S{number}"}} 1.0\n' for number in range(3000))
    page = ray_page.read(("# TYPE ray_actors gauge\n" + lines).encode())
    assert set(page.actors) == set(ACTOR_STATES)
    assert set(page.tasks) == set(TASK_STATES)
    assert page.dropped == 3000


@pytest.mark.parametrize("value", ["NaN", "+Inf", "1e300", "many", ""])
def test_a_value_that_none_can_have_is_an_error(value: str) -> None:
    with pytest.raises(SourceError):
        ray_page.read(f'# TYPE ray_actors gauge\nray_actors{{State="DEAD"}} {value}\n'.encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"welcome\n",
        b'# TYPE ray_actors gauge\nray_actors{State="DEAD"} 1',
        b'# TYPE ray_actors gauge\nray_actors{State="DEAD} 1\n',
        b'# TYPE ray_actors gauge\nray_actors{State="\xff"} 1\n',
        b'# TYPE ray_actors gauge\nray_actors{State="' + b"x" * 5000 + b'"} 1\n',
    ],
    ids=["nothing", "a text", "cut off", "no end of a quote", "no UTF-8", "a long line"],
)
def test_what_is_no_page_is_an_error(body: bytes) -> None:
    with pytest.raises(SourceError):
        ray_page.read(body)


def test_a_version_that_is_no_label_is_not_told() -> None:
    page = ray_page.read(f'# TYPE ray_actors gauge\nray_actors{{State="DEAD",Version="{"1" * 600}"}} 1\n'.encode())
    assert page.version is None
    assert math.isclose(page.actors["DEAD"], 1)
