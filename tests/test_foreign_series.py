"""What boards ask of Prometheus and Alertmanager is really on their pages, in both generations."""

import json
import re
from collections.abc import Iterator, Mapping

import httpx
import pytest

from ragpulse.foreign import OF_ALERTMANAGER, OF_PROMETHEUS, SAMPLES_APPENDED
from ragpulse.promql import PromqlError, series, series_increase, series_rate
from ragpulse.stack.process import Process
from tests.fakes.binaries import binary
from tests.fakes.running import answers, free_ports, running, until


@pytest.fixture(scope="module", params=[0, 1], ids=["generation 0", "generation 1"])
def pages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The pages of a Prometheus with a rule, and of an Alertmanager."""
    folder, generation = tmp_path_factory.mktemp("foreign"), request.param
    rules = {"groups": [{"name": "g", "interval": "1s", "rules": [{"record": "a", "expr": "vector(1)"}]}]}
    (folder / "rules.yml").write_text(json.dumps(rules))
    (folder / "prometheus.yml").write_text(json.dumps({"rule_files": ["rules.yml"]}))
    (folder / "alertmanager.yml").write_text(
        json.dumps({"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]})
    )
    ports = free_ports(2)
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    prometheus, alertmanager = (
        Process(
            name,
            (
                str(binary(name, generation)),
                f"--config.file={folder / name}.yml",
                f"--web.listen-address=127.0.0.1:{port}",
                *more,
            ),
            "a real one",
        )
        for name, port, more in zip(
            ("prometheus", "alertmanager"),
            ports,
            (
                [f"--storage.tsdb.path={folder / 'data'}"],
                [f"--storage.path={folder / 'silences'}", "--cluster.listen-address="],
            ),
            strict=True,
        )
    )
    with running(prometheus, folder / "prometheus.log"), running(alertmanager, folder / "alertmanager.log"):
        for url in urls:
            until(lambda url=url: answers(f"{url}/-/ready"), url)  # type: ignore[misc]
        # The first evaluation of the rule is what appends the first sample.
        until(lambda: SAMPLES_APPENDED in httpx.get(f"{urls[0]}/metrics").text, SAMPLES_APPENDED)
        yield {name: httpx.get(f"{url}/metrics").text for name, url in zip(("prom", "alert"), urls, strict=True)}


def _missing(page: str, expected: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [name for name, labels in expected.items() if not _stands(page, name, labels)]


def _stands(page: str, name: str, labels: tuple[str, ...]) -> bool:
    series = [line for line in page.splitlines() if re.match(re.escape(name) + "[{ ]", line)]
    return any(all(f"{label}=" in line for label in labels) for line in series)


def test_each_name_with_its_labels_is_on_the_page(pages: dict[str, str]) -> None:
    assert not _missing(pages["prom"], OF_PROMETHEUS)
    assert not _missing(pages["alert"], OF_ALERTMANAGER)


def test_a_name_that_nobody_has_is_missed(pages: dict[str, str]) -> None:
    assert _missing(pages["prom"], {"prometheus_tsdb_head_serie": ()}) == ["prometheus_tsdb_head_serie"]
    assert _missing(pages["alert"], {"alertmanager_alerts": ("stat",)}) == ["alertmanager_alerts"]


def test_an_unknown_name_or_label_or_a_rate_of_a_gauge_cannot_be_written() -> None:
    assert series_rate("prometheus_tsdb_head_samples_appended_total", 60.0, job="p").startswith("rate(prometheus_")
    with pytest.raises(PromqlError, match="neither recorded"):
        series("prometheus_tsdb_head_serie")
    with pytest.raises(PromqlError, match="has no label state"):
        series("prometheus_tsdb_head_series", state="x")
    with pytest.raises(PromqlError, match="is no counter"):
        series_increase("prometheus_tsdb_head_series", 60.0)
