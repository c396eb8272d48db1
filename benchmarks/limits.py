"""What must a release keep to, and was it kept? Each limit is changed only with the value that was measured and why."""

from dataclasses import dataclass

from benchmarks.demo import Background
from benchmarks.hung import Hung
from benchmarks.side_by_side import SideBySide

P50_RATIO = 0.12  # ours / node_exporter's, fresh scrapes
P99_RATIO = 0.25
RSS_RATIO = 2.5
SERIES_RATIO = 1.0  # at least: a cheaper page that says less would be no feat
BACKGROUND_SHARE = 0.01  # of a core, each agent of the demo
DEMO_SERIES = 1500  # each agent of the demo
HUNG_P99_RATIO = 1.5  # hung / healthy


@dataclass(frozen=True, slots=True)
class Judgement:
    """`at_least`: the limit is from below."""

    what: str
    measured: float
    limit: float
    at_least: bool = False

    @property
    def kept(self) -> bool:
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


@dataclass(frozen=True, slots=True)
class Ratios:
    """Ours / node_exporter's."""

    p50: float
    p99: float
    rss: float
    cpu: float

    def __str__(self) -> str:
        return f"ratio p50={self.p50:.3f} p99={self.p99:.3f} rss={self.rss:.2f} cpu={self.cpu:.3f}"


def ratios(found: SideBySide) -> Ratios:
    ours, theirs = found.ours, found.theirs
    return Ratios(
        p50=ours.fresh.p50 / theirs.fresh.p50,
        p99=ours.fresh.p99 / theirs.fresh.p99,
        rss=ours.holdings.rss / theirs.holdings.rss,
        cpu=ours.fresh_cpu / theirs.fresh_cpu,
    )


def judge(found: SideBySide, demo: list[Background], hung: Hung) -> list[Judgement]:
    ratio = ratios(found)
    agents = [process for process in demo if process.series is not None]
    return [
        Judgement("scrape p50, ours / node_exporter's", ratio.p50, P50_RATIO),
        Judgement("scrape p99, ours / node_exporter's", ratio.p99, P99_RATIO),
        Judgement("resident memory, ours / node_exporter's", ratio.rss, RSS_RATIO),
        Judgement(
            "series, ours / node_exporter's", found.ours.series / found.theirs.series, SERIES_RATIO, at_least=True
        ),
        Judgement(
            "background CPU of an agent of the demo, share of a core",
            max(max(agent.alone, agent.scraped) for agent in agents),
            BACKGROUND_SHARE,
        ),
        Judgement("series of an agent of the demo", max(agent.series or 0 for agent in agents), DEMO_SERIES),
        Judgement(
            "scrape p99 while all sources but one hang / while all work",
            hung.hung.latency.p99 / hung.healthy.latency.p99,
            HUNG_P99_RATIO,
        ),
    ]
