import base64
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ragpulse.overview import runbooks
from ragpulse.overview.facts import Overview
from ragpulse.overview.page import Pages, as_json
from ragpulse.overview.tiles import tiles
from tests.fakes import mixed_cluster as mixed
from tests.fakes.overview_of import overview_of
from tests.fakes.prometheus_api import QUERY, Answering

HOSTILE = """</code></style><script>alert(1)</script>"'><img src=x onerror=alert(1)>`{{ 7*7 }}`"""
STYLE = Path(runbooks.__file__).parent / "templates" / "style.css"
NOT_CLOSED = {"meta", "link", "use", "path", "circle"}

NOTE = "A demo: both agents read one machine."


class Parsed(HTMLParser):
    """Tags with their attributes, the text, and whether all that was opened was closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in NOT_CLOSED:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in NOT_CLOSED:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data

    def classes(self) -> set[str]:
        return {name for _, attributes in self.tags for name in (attributes.get("class") or "").split()}

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def html(overview: Overview, *, note: str = "", refreshing: bool = True) -> str:
    return Pages(note=note, zone=UTC).overview(overview, refreshing=refreshing)


def test_the_page_says_each_verdict_with_value_target_since_when_and_how_it_is_measured() -> None:
    text = re.sub(r"\s+", " ", Parsed(html(overview_of(mixed.mixed()))).text)
    for said in (
        "2 targets missed: chroma (availability, response time)",
        "missed since 14:10:40",
        "0 % in the last minute",
        "52 % in 5 min",
        "99.9 % of probes answered",
        "probe ready from beta",
        "no demand: no request waited",
        "no GPU on its nodes",
        "judged at 1 s, the next lower edge of its histogram",
        "probes query, ready from beta fail: auth (the credentials are refused)",
        "not watched by this version",
        'max by (service) (ragpulse_service_ready{service="chroma"}) == 0',
        "alerting path alive",
        "as of 14:13:20 UTC",
    ):
        assert said in text, said


def test_the_page_shows_a_fact_beside_a_target_that_is_not_judged() -> None:
    facts = overview_of(mixed.mixed())
    fact = "63% of the last hour inside the band of 0.8 to 0.9, 30% below, 7% above"
    judged = tuple(replace(each, fact=fact) if each.slo == "gpu_utilization" else each for each in facts.objectives)
    assert html(replace(facts, objectives=judged)).count(fact) == 1
    assert fact not in html(facts)


def test_it_is_whole_html_whose_links_and_labels_lead_somewhere() -> None:
    page = Parsed(html(overview_of(mixed.mixed()), note=NOTE))
    assert page.open == []
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    inside = [link["href"] or "" for link in page.all("a")] + [use["href"] or "" for use in page.all("use")]
    assert {link[1:] for link in inside if link.startswith("#")} <= set(ids)
    assert {name for _, attributes in page.tags for name in (attributes.get("aria-labelledby") or "").split()} <= set(
        ids
    )
    assert {f"component-{name}" for name in ("alpha", "beta", "chroma", "memory", "vllm", "swarm", "nightly")} <= set(
        ids
    )


def test_tables_say_what_their_headings_head() -> None:
    page = Parsed(html(overview_of(mixed.mixed())))
    assert {heading.get("scope") for heading in page.all("th")} == {"col", "row", "rowgroup"}
    assert len(page.all("h1")) == 1
    assert page.all("html") == [{"lang": "en"}]
    assert all(graphic.get("aria-hidden") or graphic.get("aria-label") for graphic in page.all("svg"))


def test_nothing_is_loaded_from_elsewhere_and_no_script_is_needed() -> None:
    page = Parsed(html(overview_of(mixed.mixed()), note=NOTE))
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "img", "iframe", "object", "embed", "form", "base"}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on") or name == "style"]
    assert all((link["href"] or "").startswith("data:") for link in page.all("link"))
    assert "url(" not in STYLE.read_text()
    assert "@import" not in STYLE.read_text()


def test_the_policy_allows_the_pages_own_style_and_nothing_else() -> None:
    pages = Pages(note="", zone=UTC)
    style = re.search(r"<style>(.*?)</style>", pages.overview(overview_of(mixed.mixed()), refreshing=True), re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in pages.policy
    assert "default-src 'none'" in pages.policy


def hostile() -> Answering:
    answering = mixed.mixed()
    answering.instant[mixed.FAILURES] = [
        ({"service": "chroma", "check": HOSTILE, "reason": HOSTILE, "node": HOSTILE}, 1.0)
    ]
    answering.instant[mixed.VLLM] = [({"service": "vllm", "state": HOSTILE}, 1)]
    alert = mixed.alert(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    alert["labels"][HOSTILE] = HOSTILE
    answering.alert_rules.append(mixed.alert_rule(HOSTILE, HOSTILE, alert))
    return answering


def test_what_comes_from_outside_is_text_and_never_markup(tmp_path: Path) -> None:
    notifications = tmp_path / "n.jsonl"
    told = {"status": HOSTILE, "labels": {"alertname": HOSTILE}, "annotations": {"summary": HOSTILE}}
    notifications.write_text(json.dumps({"received": 1, "body": {"alerts": [told]}}) + "\n")
    page = Parsed(html(overview_of(hostile(), notifications)))
    harmless = Parsed(html(overview_of(mixed.mixed(), tmp_path / "none")))
    assert page.open == []
    assert {tag for tag, _ in page.tags} - {tag for tag, _ in harmless.tags} <= {"article", "dd", "dl", "dt", "time"}
    assert page.text.count("alert(1)") >= 10
    assert "49" not in re.sub(r"\d\d:\d\d:\d\d", "", page.text)


@pytest.mark.parametrize(
    ("answering", "why"),
    [
        pytest.param(Answering(broken={QUERY: (500, b"")}), "Prometheus cannot be asked", id="Prometheus fails"),
        pytest.param(Answering(), "no data yet", id="Prometheus knows nothing"),
    ],
)
def test_without_data_nothing_is_green(answering: Answering, why: str) -> None:
    page = Parsed(html(overview_of(answering)))
    assert not page.classes() & {"met", "up", "resolved", "missed", "down", "firing"}
    assert "#i-good" not in {use["href"] for use in page.all("use")}
    assert why in page.text
    assert "%2f9e5b" not in (page.all("link")[0]["href"] or "")


def test_four_states_differ_in_word_and_glyph_and_colour() -> None:
    page = html(overview_of(mixed.mixed()))
    badges = re.findall(r'class="badge (\w+)"><svg aria-hidden="true"><use href="#i-(\w+)"/></svg>([^<]+)', page)
    assert {
        ("met", "good", "met"),
        ("missed", "bad", "missed"),
        ("unknown", "unknown", "not judgeable"),
        ("idle", "idle", "not judgeable"),
        ("up", "good", "up"),
        ("degraded", "warn", "degraded"),
    } <= set(badges)


def luminance(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_colour_can_be_read_on_what_lies_under_it(scheme: int) -> None:
    blocks = re.findall(r":root \{(.*?)\}", STYLE.read_text(), re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[scheme]))
    pairs = [
        *((ink, under) for ink in ("ink", "soft", "link") for under in ("page", "card", "unknown-card", "bad-wash")),
        *((ink, under) for ink in ("ink", "soft") for under in ("good-card", "warn-card", "idle-card")),
        ("good", "card"), ("good", "good-card"), ("good", "page"), ("bad", "card"), ("bad", "bad-wash"),
        ("bad", "page"), ("on-bad", "bad-card"), ("warn", "card"), ("warn", "warn-card"), ("warn", "page"),
        ("unknown", "card"), ("unknown", "unknown-card"), ("unknown", "page"), ("idle", "card"), ("idle", "idle-card"),
    ]  # fmt: skip
    too_weak = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    assert not {pair: ratio for pair, ratio in too_weak.items() if ratio < 4.5}


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        (["met", "missed", "unknown"], "missed"),
        (["met", "unknown", "idle"], "unknown"),
        (["met", "idle", "unmeasured"], "met"),
        (["idle", "unmeasured"], "idle"),
        (["unmeasured"], "unmeasured"),
    ],
)
def test_a_tile_is_met_only_when_nothing_of_it_is_missed_or_unknown(states: list[str], shown: str) -> None:
    one: Any = overview_of(mixed.mixed()).objectives[0]
    (tile,) = tiles([replace(one, state=state) for state in states])
    assert tile.state == shown


def test_a_tile_shows_the_service_that_is_farthest_from_the_target() -> None:
    tile = next(tile for tile in tiles(overview_of(mixed.mixed()).objectives) if tile.slo == "availability")
    assert (tile.worst.service, tile.counts) == ("chroma", "2 met · 1 missed")


def test_the_note_of_the_cluster_file_stands_on_each_page() -> None:
    overview = overview_of(mixed.mixed())
    pages = Pages(note=NOTE, zone=UTC)
    assert NOTE in pages.overview(overview, refreshing=True)
    assert NOTE in pages.runbook("A", runbooks.html("text"))
    assert 'class="note"' not in html(overview)
    assert as_json(overview, note=NOTE)["banner"]["note"] == NOTE


def test_the_json_has_the_same_facts() -> None:
    found = json.loads(json.dumps(as_json(overview_of(mixed.mixed()), note=NOTE), allow_nan=False))
    assert {(o["slo"], o["service"]): o["verdict"] for o in found["objectives"]}["availability", "chroma"] == "missed"
    assert {c["name"]: c["state"] for c in found["components"]}["chroma"] == "degraded"
    assert found["alerts"]["shown"][0]["name"] == "ServiceNotReady"
    assert found["banner"]["state"] == "missed"


def many_nodes(count: int) -> Overview:
    text = "cluster: big\nnodes:\n" + "".join(
        f"  n{i}: {{address: 127.0.{i // 250}.{i % 250 + 1}}}\n" for i in range(count)
    )
    answering = mixed.mixed()
    answering.instant[mixed.STATE] = [(mixed.component(f"n{i}", "node"), 3) for i in range(count)]
    answering.instant[mixed.AGENTS] = [({"node": f"n{i}"}, 1) for i in range(count)]
    answering.over[mixed.STATE] = [(mixed.component(f"n{i}", "node"), [(mixed.NOW - 999, 3)]) for i in range(count)]
    labels = {f"label{i}": "x" * 40 for i in range(5)}
    alert = {**mixed.alert("page", "n1", "s" * 100, "1"), "labels": labels}
    answering.alert_rules.append(mixed.alert_rule("Storm", "e" * 200, *[alert] * 300))
    return overview_of(answering, of=mixed.cluster(text))


def test_the_page_stays_below_200_kilobytes_with_200_nodes_and_300_alerts() -> None:
    page = html(many_nodes(200))
    assert len(page.encode()) < 200_000
    assert "and 252 more alerts" in page


def test_a_page_without_refreshing_offers_to_start_it_again() -> None:
    overview = overview_of(mixed.mixed())
    assert 'href="/?refresh=off"' in html(overview)
    assert "refreshing is off" in html(overview, refreshing=False)
