"""The engines of vLLM on the board of inference: each one now, where its time goes, and their machines on one axis."""

from collections.abc import Iterator

from alerts.vllm_demand import NEARLY_FULL
from dashboards import engine_queries as asked
from dashboards import network_queries
from dashboards.links import Down
from dashboards.panel import Folded, Panel, Row
from dashboards.panels import Column, Key, Limits, Line, not_offered, table, trend
from ragpulse.catalogue import vllm
from ragpulse.inventory import Cluster

_HEIGHT, _TABLE_HEIGHT, _STRIP_HEIGHT = 8, 7, 6
_TOKENS_PER_SECOND, _SECONDS, _RATIO, _PER_SECOND, _COUNT = "tok/s", "s", "percentunit", "ops", "short"
_FULL = Limits(warning=NEARLY_FULL, bad=0.98)


def rows(cluster: Cluster) -> Iterator[Row | Folded]:
    yield Row([_engines()], _TABLE_HEIGHT, "Engines")
    busy, links = [_busy()] if cluster.reads_gpus() else [], [_links()] if len(cluster.nodes) > 1 else []
    on_one_axis = [Row([each], _STRIP_HEIGHT) for each in (*busy, *links, _tokens())]
    yield Folded("Nodes, links and engines on one time axis", on_one_axis)
    yield Folded(
        "vLLM: where its time goes",
        [Row([_phases(), _finished(), _demand()], _HEIGHT), Row([_step(), _speculation(), _loading()], _HEIGHT)],
    )


def _engines() -> Panel:
    return table(
        "Engines now",
        "Each engine: what it does, what waits for it, how full its KV cache is. One that is much fuller than others"
        " gets more than its share of requests: look at who balances the load.",
        [Key("service", "Service"), Key("model", "Model"), Key("engine", "Engine")],
        [
            Column(asked.now(vllm.REQUESTS_RUNNING), "Running"),
            Column(asked.now(vllm.REQUESTS_WAITING), "Waiting"),
            Column(asked.now(vllm.KV_CACHE_USAGE), "KV cache", _RATIO, _FULL),
            Column(asked.recently(vllm.GENERATION_TOKENS), "Tokens/s", _TOKENS_PER_SECOND),
            Column(asked.recently(vllm.PREEMPTIONS), "Preempted/s", _PER_SECOND, Limits(warning=0.001, bad=1)),
        ],
        without_data="No engine tells",
    )  # fmt: skip


def _busy() -> Panel:
    return trend(
        "GPUs busy, by node",
        "Mean of each node's GPUs. Of an engine over two nodes both work in step: one that idles while the other is"
        " busy waits for it, or for the link between them.",
        [Line(asked.nodes_busy(), "{{node}}")],
        _RATIO,
        Down("machines", "GPU busy"),
        top=1,
    )


def _links() -> Panel:
    return trend(
        "Busiest link, by node",
        "Share of the line rate of each node's fullest link. Full while GPUs idle: the link holds the engine back;"
        " empty while they idle: look at the requests.",
        [Line(f"max by (node) ({network_queries.utilisation()})", "{{node}}")],
        _RATIO,
        Down("network", "Share of the line rate"),
        top=1,
    )


def _tokens() -> Panel:
    return trend(
        "Tokens generated, by engine",
        "What comes out of it at the same moments. It falls with the GPUs: too little work or a machine held back; it"
        " falls while they are busy: long prompts, or many preemptions.",
        [Line(asked.by_engine(vllm.GENERATION_TOKENS), "{{service}} engine {{engine}}")],
        _TOKENS_PER_SECOND,
    )


def _phases() -> Panel:
    return trend(
        "Mean time of a request, by phase",
        "Waiting, prefill and decode of those that ended, one on the other. The part that grew says what to look at:"
        " demand, length of prompts, or speed of the engine.",
        [
            Line(asked.mean_of(vllm.QUEUE_TIME), "{{service}} waiting", colour="purple"),
            Line(asked.mean_of(vllm.PREFILL_TIME), "{{service}} prefill", colour="light-blue"),
            Line(asked.mean_of(vllm.DECODE_TIME), "{{service}} decode", colour="blue"),
            not_offered(vllm.PREFILL_TIME),
        ],
        _SECONDS,
        stacked=True,
        without_data="No traffic",
    )


def _finished() -> Panel:
    return trend(
        "How requests end",
        "Per second and reason. Length that grows: answers are cut at their limit; error: look at the server's log;"
        " aborts that vLLM does count are clients that gave up.",
        [Line(asked.finished(), "{{service}} {{reason}}"), not_offered(vllm.REQUESTS_FINISHED)],
        _PER_SECOND,
        without_data="No traffic",
    )


def _demand() -> Panel:
    return trend(
        "Demand",
        "Share of time in which requests waited, and tokens per second in that time, which the target of throughput"
        " judges. Always high: more demand than it serves; fewer requests at once, or another engine.",
        [Line(asked.demand(), "{{service}}")],
        _RATIO,
        top=1,
    )


def _step() -> Panel:
    return trend(
        "Tokens of a step",
        "Mean number of tokens that one step of the engine took in: its batch. Small while many wait: something other"
        " than the GPU limits it, like room in the KV cache.",
        [Line(asked.tokens_of_a_step(), "{{service}}"), not_offered(vllm.TOKENS_PER_STEP)],
        _COUNT,
        without_data="No traffic",
    )


def _speculation() -> Panel:
    return trend(
        "Drafted tokens that are accepted",
        "Of speculative decoding. Low: the draft model guesses badly for these prompts, and costs more than it saves.",
        [Line(asked.accepted(), "{{service}}"), not_offered(vllm.DRAFT_TOKENS)],
        _RATIO,
        top=1,
        without_data="Not in use",
    )


def _loading() -> Panel:
    return trend(
        "Time to load",
        "How long the server has been loading, or took to load last time, as far as it shows from outside. Longer than"
        " usual: the disk or the network that the weights come over.",
        [Line(asked.loading(), "{{service}}")],
        _SECONDS,
        without_data="Not seen yet",
    )
