"""Is an objective met, missed, or not judgeable, and why not? Recorded verdicts, and what explains a missing one."""

from collections.abc import Mapping
from dataclasses import replace

from ragpulse import recorded
from ragpulse.catalogue.vllm_canary import CHECK as CANARY
from ragpulse.inventory import Cluster
from ragpulse.measuring import measuring_nodes, takes_all
from ragpulse.objectives import Objective, in_demand, objectives
from ragpulse.overview import gpus
from ragpulse.overview.answers import Answers, Key, key
from ragpulse.overview.facts import Budget, History, Since, Verdict, VerdictState
from ragpulse.overview.quantities import in_window, quantity
from ragpulse.overview.since import since
from ragpulse.overview.who_measures import agents_are_down, missing, nobody

WORDS: dict[VerdictState, str] = {
    "met": "met",
    "missed": "missed",
    "idle": "not judgeable",
    "unmeasured": "not judgeable",
    "unknown": "not judgeable",
}
_NO_DEMAND = "no demand: no request waited"
_FULL = "vLLM is saturated: canaries meet a full engine, which is late and no outage"
_STALLED = "vLLM is stalled: it has requests and makes no progress"


def verdicts(
    cluster: Cluster, answers: Answers | None, problem: str, budgets: Mapping[Key, Budget]
) -> tuple[Verdict, ...]:
    """One for each objective of the cluster file, in its order. Without answers all are unknown, for `problem`."""
    # A mean of tokens per second has no budget of its own; what it has is counted by the share of demand time.
    in_demand_spent = {(each.slo, each.service): budgets.get(key(each)) for each in in_demand(cluster)}
    return tuple(
        replace(
            _verdict(cluster, objective, answers, problem),
            budget=budgets.get(key(objective)) or in_demand_spent.get((objective.slo, objective.service)),
        )
        for objective in objectives(cluster)
    )


def _verdict(cluster: Cluster, objective: Objective, answers: Answers | None, problem: str) -> Verdict:
    name = key(objective)
    state, why, note = _judge(cluster, objective, answers, problem)
    short = answers.short.get(name) if answers else None
    long = answers.long.get(name) if answers else None
    short_window, long_window = recorded.short_window(cluster), recorded.long_window(cluster)
    return Verdict(
        slo=objective.slo, service=objective.service, check=objective.check,
        state=state, verdict=WORDS[state], why=why,
        value=short, value_long=long, unit=objective.unit,
        value_text="" if short is None else f"{quantity(short, objective.unit)} {in_window(short_window)}",
        value_long_text="" if long is None else f"{quantity(long, objective.unit)} {in_window(long_window)}",
        objective=objective.value, objective_text=objective.text, measured=objective.measured,
        note="; ".join(part for part in (objective.note, note) if part),
        fact=_fact(cluster, objective, answers),
        since=_since(name, state, answers),
        history=_history(name, answers),
    )  # fmt: skip


def _judge(
    cluster: Cluster, objective: Objective, answers: Answers | None, problem: str
) -> tuple[VerdictState, str, str]:
    """State, why it is not judgeable, and what to note of a verdict."""
    if objective.unmeasured:
        return "unmeasured", objective.unmeasured, ""
    if answers is None:
        return "unknown", problem, ""
    nodes = measuring_nodes(cluster, objective)
    gone = missing(nodes, answers)
    if gone if takes_all(objective) else len(gone) == len(nodes):
        return "unknown", f"nothing measures it: {nobody(gone, answers)}", ""
    note = f"{agents_are_down(gone)}: the others judge alone" if gone else ""
    met = answers.met.get(key(objective))
    if met is None:
        return *_why_not(objective, nodes, answers), note
    return ("met" if met == 1 else "missed"), "", note


def _why_not(objective: Objective, nodes: tuple[str, ...], answers: Answers) -> tuple[VerdictState, str]:
    if objective.slo == "gpu_utilization" and (reason := gpus.why_not(objective.service, nodes, answers)):
        return reason
    name = key(objective)
    if answers.component.get((objective.service, "service")) == 1:
        return "unknown", f"{objective.service} is down: it tells nothing"
    total = answers.total.get(name)
    if total == 0:
        return _nothing_to_judge(objective, answers.vllm_state.get(objective.service, ""))
    if total is not None or name in answers.short:
        return "unknown", "learning: not enough data yet"
    return "unknown", "no data yet"


def _nothing_to_judge(objective: Objective, vllm: str) -> tuple[VerdictState, str]:
    """`vllm`: in which state vLLM is, where the service is one. Stuck requests show in no histogram: it looks idle."""
    of_users = objective.slo == "throughput" or objective.edge is not None
    if objective.check == CANARY and vllm == "saturated":
        return "idle", _FULL
    if not of_users:
        return "unknown", "no probe ran in the last minute"
    if vllm == "stalled":
        return "unknown", _STALLED
    return "idle", _NO_DEMAND if objective.slo == "throughput" else "no traffic"


def _fact(cluster: Cluster, objective: Objective, answers: Answers | None) -> str:
    if answers is None or objective.slo != "gpu_utilization":
        return ""
    return gpus.time_in_band(cluster, measuring_nodes(cluster, objective), answers)


def _since(name: Key, state: VerdictState, answers: Answers | None) -> Since:
    if answers is None:
        return Since()
    value = {"met": 1.0, "missed": 0.0}.get(state)
    return since(answers.times, answers.met_history.get(name, {}), value, answers.begin)


def _history(name: Key, answers: Answers | None) -> History | None:
    if answers is None or name not in answers.value_history:
        return None
    span = answers.history
    return History(span.start, span.end, span.step, answers.value_history[name])
