"""Inference: what is vLLM doing, how fast, what holds it back, and is all of it there?"""

from collections.abc import Iterator

from dashboards import engines as engines_of_vllm
from dashboards import inference_queries as queries
from dashboards import queries as shared
from dashboards import ray, targets, tiles
from dashboards.links import Down
from dashboards.panel import Board, Folded, Panel, Row
from dashboards.panels import BAD, GOOD, UNKNOWN, WARNING, Line, count_of_bad, timeline, trend
from ragpulse.catalogue import vllm, vllm_canary
from ragpulse.inventory import Cluster
from ragpulse.metric import Metric
from ragpulse.objectives import Slo
from ragpulse.services import Ray, Vllm

_VERDICT_HEIGHT, _HEIGHT = 4, 8
_RATIO, _TOKENS_PER_SECOND, _SECONDS, _COUNT, _PER_SECOND = "percentunit", "tok/s", "s", "short", "ops"
_JUDGED: tuple[Slo, ...] = ("time_to_first_token", "throughput", "gpu_utilization")
_COLOURS = {"serving": GOOD, "saturated": WARNING, "loading": WARNING}


def _rows(cluster: Cluster) -> Iterator[Row | Folded]:
    judged = [
        targets.verdict(cluster, slo, Down("overview", targets.attained_title(slo)))
        for slo in targets.slos(cluster)
        if slo in _JUDGED
    ]
    engines = tuple(name for name, service in cluster.services.items() if isinstance(service, Vllm | Ray))
    yield Row([*([_engines(engines)] if engines else []), tiles.pages(), *judged], _VERDICT_HEIGHT)
    if cluster.of_kind(Vllm):
        yield from _vllm(cluster)
        yield from engines_of_vllm.rows(cluster)
    if cluster.of_kind(Ray):
        yield from ray.rows()


def _engines(names: tuple[str, ...]) -> Panel:
    return count_of_bad(
        "Engines not up",
        "vLLM and Ray where they are down or degraded; grey while none is and one is unknown. The Overview says which;"
        " then look at its alert.",
        shared.not_up(kind="service", component=names),
        Down("overview", "Inference"),
    )


def _vllm(cluster: Cluster) -> Iterator[Row | Folded]:
    yield Row([_state(), _tokens(cluster), _requests()], _HEIGHT, "vLLM")
    latency = Row([_first_token(), _between_tokens(), _errors()], _HEIGHT)
    cache = Row([_kv_cache(), _preemptions(), _prefix_cache()], _HEIGHT)
    over_ray = bool(cluster.of_kind(Ray))
    rest = Row([_efficiency(), *([_ray()] if over_ray else []), _not_offered()], _HEIGHT)
    yield Folded("vLLM: latency, cache, errors", [latency, cache, rest])


def _state() -> Panel:
    return timeline(
        "What vLLM is doing",
        "Judged by its numbers, its health page and our canaries. Stalled: it answers and no token comes. Saturated: it"
        " works, and requests wait.",
        Line(queries.state(), "{{service}}"),
        {number: (state, _COLOURS.get(state, BAD)) for number, state in enumerate(vllm.STATES, start=1)},
    )


def _tokens(cluster: Cluster) -> Panel:
    target = [Line(shared.objective(cluster, "throughput"), "target while requests wait", target=True)]
    return trend(
        "Tokens per second",
        "Tokens generated, and prompt tokens read. Compare with the requests beside it: few tokens while many wait is"
        " a slow or stalled engine.",
        [
            Line(queries.generated_tokens(), "{{service}} generated"),
            Line(queries.prompt_tokens(), "{{service}} prompt"),
            *(target if cluster.targets.throughput else []),
        ],
        _TOKENS_PER_SECOND,
    )


def _requests() -> Panel:
    return trend(
        "Requests",
        "Requests in execution, and those that wait for it. A queue that stays means more demand than the engine"
        " can serve.",
        [
            Line(queries.running(), "{{service}} running"),
            Line(queries.waiting(), "{{service}} waiting"),
        ],
        _COUNT,
        without_data="No engine has told",
    )


def _first_token() -> Panel:
    return trend(
        "First token: users and canaries",
        "What half and 95 % of users, and 95 % of our canaries, stayed below, and what 95 % of requests waited before"
        " they ran (not measured below 0.3 s). High waiting: more demand than it serves; else long prompts.",
        [
            *_users_and_canaries(vllm.TTFT, vllm_canary.TTFT),
            Line(queries.slowest(vllm.QUEUE_TIME, 0.95), "{{service}} waited, 95 %", colour="light-purple"),
        ],
        _SECONDS,
    )


def _between_tokens() -> Panel:
    return trend(
        "Inter-token latency",
        "Time from one token to the next: what half and 95 % of users, and 95 % of our canaries, stayed below. It grows"
        " with the batch; alone it tells of a slow GPU or link.",
        _users_and_canaries(vllm.ITL, vllm_canary.ITL),
        _SECONDS,
    )


def _users_and_canaries(of_users: Metric, of_canaries: Metric) -> list[Line]:
    return [
        Line(queries.slowest(of_users, 0.5), "{{service}} users, 50 %", quantile=0.5),
        Line(queries.slowest(of_users, 0.95), "{{service}} users, 95 %", quantile=0.95),
        Line(queries.slowest(of_canaries, 0.95), "{{service}} canaries, 95 %", colour="purple"),
    ]


def _errors() -> Panel:
    return trend(
        "Errors",
        "Shares of requests: answered 5xx, 4xx (wrong requests), refused because a queue is full; of canaries: failed,"
        " or later than a target. A stream that a client gave up counts as 2xx: vLLM does not count aborts.",
        [
            Line(queries.answered("5xx"), "{{service}} 5xx", colour="dark-purple"),
            Line(queries.answered("4xx"), "{{service}} 4xx", colour="light-blue"),
            Line(queries.rejected(), "{{service}} queue full", colour="blue"),
            Line(queries.canaries_late(), "{{service}} canaries failed or late", colour="light-purple"),
        ],
        _RATIO,
        top=1,
        without_data="No traffic",
    )


def _kv_cache() -> Panel:
    return trend(
        "KV cache used",
        "Share of the KV cache in use, by engine. At the top requests wait, or are thrown out of execution.",
        [Line(queries.kv_cache(), "{{service}} engine {{engine}}")],
        _RATIO,
        top=1,
        without_data="No engine has told",
    )


def _preemptions() -> Panel:
    return trend(
        "Preemptions",
        "Requests thrown out of execution for want of KV cache, per second. Each begins anew: fewer requests at once"
        " are faster.",
        [Line(queries.preemptions(), "{{service}}")],
        _PER_SECOND,
    )


def _prefix_cache() -> Panel:
    return trend(
        "Prefix cache hits",
        "Share of prompt tokens that were found in the prefix cache. A fall means other prompts, or less room for them;"
        " nothing is drawn while nobody asks.",
        [Line(queries.prefix_cache_hits(), "{{service}}")],
        _RATIO,
        top=1,
    )


def _efficiency() -> Panel:
    return trend(
        "Tokens per joule",
        "Tokens generated for each joule that the GPUs of its nodes drew, whoever used them. It rises with the batch: a"
        " fall under the same load is a GPU that is held back, or shared.",
        [Line(queries.tokens_per_joule(), "{{service}}")],
        _COUNT,
    )


def _ray() -> Panel:
    return trend(
        "Ray nodes",
        "Nodes that live as Ray's head counts them, and those that the cluster file expects. A node less, and an engine"
        " over all of them has failed.",
        [
            Line(queries.ray_nodes(), "{{service}} alive"),
            Line(queries.ray_nodes_expected(), "{{service}} expected", target=True),
        ],
        _COUNT,
    )


def _not_offered() -> Panel:
    return timeline(
        "Not offered by this version",
        "What this vLLM does not say of itself, by its version or its options. A panel that rests on it is empty for"
        " that reason, and nothing is broken.",
        Line(queries.not_offered(), "{{service}} {{metric}}"),
        {0: ("not offered", UNKNOWN)},
        without_data="Everything is offered",
    )


BOARD = Board(
    name="inference",
    title="Inference",
    question="Does vLLM serve as promised, and what holds it back?",
    rows=_rows,
)
