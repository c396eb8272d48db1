"""Nodes, services and backups: in which state is each, and what of it is known to be wrong?"""

from collections.abc import Iterator
from dataclasses import replace

from ragpulse.inventory import Cluster
from ragpulse.overview.answers import Answers, Failure
from ragpulse.overview.facts import Component, ComponentState, Since, Stretch
from ragpulse.overview.since import since
from ragpulse.overview.timeline import STATES, timeline
from ragpulse.overview.who_measures import agents_are_down, missing, nobody
from ragpulse.rag_stages import stages
from ragpulse.services import WATCHED, Rag
from ragpulse.units import human_duration
from ragpulse.vantage import vantages

_NOT_WATCHED = "not watched by this version"
# What the reasons of the catalogue mean, for somebody who reads them for the first time.
_MEANING = {
    "timeout": "no answer in time",
    "connect": "no connection",
    "auth": "the credentials are refused",
    "http_4xx": "it refuses the request",
    "http_5xx": "an error of its own",
    "invalid": "the answer makes no sense",
    "deadline": "the probe itself was cut",
    "stream_error": "an error inside a stream that began well",
    "stream_broken": "a stream ended before its end",
    "empty": "nothing came of it",
    "wrong_model": "another model answered",
    "saturated": "it is full, and works",
    "dimension_mismatch": "its vectors are of another model",
}
_REASONS_SHOWN = 3


def components(cluster: Cluster, answers: Answers | None, problem: str) -> tuple[Component, ...]:
    """In the order of the cluster file. Without answers the watched ones are unknown, for `problem`."""
    return tuple(
        replace(found, timeline=_timeline(found, kind, answers))
        for kind, each in (("node", _nodes), ("service", _services), ("backup", _backups))
        for found in each(cluster, answers, problem)
    )


def _nodes(cluster: Cluster, answers: Answers | None, problem: str) -> Iterator[Component]:
    for name in cluster.nodes:
        state, reason = _recorded(name, answers, problem, "node")
        if answers is not None and state in {"up", "degraded"} and missing((name,), answers):
            # The rule that records the state runs after the scrape that failed: the scrape knows first.
            state, reason = "unknown", "its agent has just stopped answering"
        elif state == "up":
            reason = "its agent answers"
        elif state == "degraded" and answers is not None:
            reason = _told_of(answers, component=name, node=name) or "its agent answers; what was wrong has just ended"
        elif state == "down":
            reason = "its agent does not answer: the node, its network or the agent is down"
        yield Component(
            name=name, kind="node", anchor=f"component-{name}", nodes=(name,), state=state, reason=reason,
            watched=True, since=_since(name, state, answers, "node"),
        )  # fmt: skip


def _told_of(answers: Answers, **labels: str) -> str:
    """What the firing alerts about one thing say, those that page first; a summary begins with its name."""
    firing = [
        (active.labels.get("severity") != "page", active.annotations.get("summary", rule.name))
        for rule in answers.rules
        for active in rule.alerts
        if active.state == "firing" and labels.items() <= active.labels.items()
    ]
    name = labels["component"]
    said = [summary.removeprefix(f"{name}: ").removesuffix(".") for _, summary in sorted(firing)]
    more = f"; and {len(said) - _REASONS_SHOWN} more" if len(said) > _REASONS_SHOWN else ""
    return "; ".join(said[:_REASONS_SHOWN]) + more


def _services(cluster: Cluster, answers: Answers | None, problem: str) -> Iterator[Component]:
    for name, service in cluster.services.items():
        watched = isinstance(service, WATCHED)
        state: ComponentState = "unknown"
        reason = _NOT_WATCHED
        if watched:
            state, reason = _service(cluster, name, answers, problem)
        yield Component(
            name=name, kind=service.kind, anchor=_anchor(name, service.kind, cluster), nodes=service.nodes,
            state=state, reason=reason, watched=watched,
            since=_since(name, state, answers, "service") if watched else Since(),
        )  # fmt: skip


def _service(cluster: Cluster, name: str, answers: Answers | None, problem: str) -> tuple[ComponentState, str]:
    state, reason = _recorded(name, answers, problem, "service")
    if answers is None:
        return state, reason
    eyes = vantages(cluster, name)
    if len(gone := missing(eyes, answers)) == len(eyes):
        return "unknown", f"nothing measures it: {nobody(gone, answers)}"
    vllm = answers.vllm_state.get(name)
    doing = f"vLLM is {vllm}" if vllm else ""
    if state == "up":
        return state, doing or "answers and can do its work"
    if state == "unknown":
        return state, reason
    dead = [node for node in cluster.services[name].nodes if answers.agent_up.get(node) is False]
    lost = [f"{agents_are_down(tuple(dead))}, where it lives"] if dead else []
    parts = [*lost, *_failing(name, answers), *([doing] if doing else []), *_meaning(cluster, name, answers)]
    return state, "; ".join(parts) or "no probe says why"


def _failing(name: str, answers: Answers) -> list[str]:
    """``probes `ready`, `query` from beta fail: auth (the credentials are refused)``."""
    checks: dict[tuple[str, str], list[str]] = {}
    for failure in answers.failures:
        if failure.service == name:
            checks.setdefault((failure.node, failure.reason), []).append(_quoted(failure))
    return [
        f"probe{'s' * (len(found) > 1)} {', '.join(sorted(found))} from {node} fail{'s' * (len(found) == 1)}: "
        f"{reason}{f' ({_MEANING[reason]})' if reason in _MEANING else ''}"
        for (node, reason), found in list(checks.items())[:_REASONS_SHOWN]
    ]


def _quoted(failure: Failure) -> str:
    return f"`{failure.check}`"


def _meaning(cluster: Cluster, name: str, answers: Answers) -> list[str]:
    entry = cluster.services[name]
    if not isinstance(entry, Rag):
        return _readings(name, answers)
    asked = {stage.name: stage.service for stage in stages(cluster, entry)}
    failing = dict.fromkeys(answers.failing_stage.get(name, {}).values())
    return [f"it breaks at the stage `{stage}`{_because(asked.get(stage), answers)}" for stage in failing]


def _because(service: str | None, answers: Answers) -> str:
    """``: chroma, which it asks, is down``; nothing where that one is well, or none of this file."""
    if service is None:
        return ""
    state, _ = _recorded(service, answers, "", "service")
    return f": {service}, which it asks, is {state}" if state in {"down", "degraded"} else f", which asks {service}"


def _readings(name: str, answers: Answers) -> list[str]:
    up, ready = answers.service_up.get(name, {}), answers.service_ready.get(name, {})
    if up and not any(up.values()):
        return ["it does not answer"]
    if up and not all(up.values()):
        return [f"it does not answer {_those_without(up)}"]
    if ready and not any(ready.values()):
        return ["it answers but cannot do its work"]
    if ready and not all(ready.values()):
        return [f"it cannot do its work for {_those_without(ready)}"]
    return []


def _those_without(values: dict[str, float]) -> str:
    return ", ".join(sorted(node for node, value in values.items() if not value))


def _backups(cluster: Cluster, answers: Answers | None, problem: str) -> Iterator[Component]:
    for name, backup in cluster.backups.items():
        state, reason = _backup(name, backup.node, answers, problem)
        yield Component(
            name=name, kind=f"{backup.kind} backup", anchor=_anchor(name, "backup", cluster), nodes=(backup.node,),
            state=state, reason=reason, watched=True, since=_since(name, state, answers, "backup"),
        )  # fmt: skip


def _backup(name: str, node: str, answers: Answers | None, problem: str) -> tuple[ComponentState, str]:
    state, reason = _recorded(name, answers, problem, "backup")
    if answers is None:
        return state, reason
    if gone := missing((node,), answers):
        return "unknown", f"nothing reads it: {nobody(gone, answers)}"
    at = answers.backup_success.get(name)
    if state in {"down", "degraded"}:
        otherwise = "it has never succeeded" if at == 0 else "what was wrong has just ended"
        return state, _told_of(answers, component=name, backup=name) or otherwise
    if state == "up":
        return state, f"last succeeded {human_duration(answers.history.end - at)} ago" if at else "nothing is wrong"
    return state, reason


def _recorded(name: str, answers: Answers | None, problem: str, kind: str) -> tuple[ComponentState, str]:
    if answers is None:
        return "unknown", problem
    return STATES.get(answers.component.get((name, kind), 0), "unknown"), "no data yet"


def _since(name: str, state: ComponentState, answers: Answers | None, kind: str) -> Since:
    if answers is None:
        return Since()
    value = next((value for value, word in STATES.items() if word == state), None)
    history = answers.component_history.get((name, kind), {})
    # 0 is recorded for unknown, and nothing at all means unknown too.
    known = {time: value for time, value in history.items() if value in STATES}
    return since(answers.times, known, value, answers.begin)


def _timeline(found: Component, kind: str, answers: Answers | None) -> tuple[Stretch, ...]:
    if answers is None or not found.watched:
        return ()
    return timeline(answers.times, answers.component_history.get((found.name, kind), {}), answers.begin)


def _anchor(name: str, kind: str, cluster: Cluster) -> str:
    """`component-<name>`, which alerts link to; a name used twice keeps it for the first: node, service, backup."""
    taken = name in cluster.nodes or (kind == "backup" and name in cluster.services)
    return f"component-{kind}-{name}" if taken else f"component-{name}"
