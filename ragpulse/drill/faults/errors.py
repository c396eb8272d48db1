"""vLLM answers some requests with an error: many, which is told at once, or so few that only a budget shows them."""

from ragpulse.demo.vllm_standin.faults import Fault as Told
from ragpulse.drill.fault import Fault

MANY = Fault(
    "many-errors",
    "vLLM answers every fourth request with an error",
    lambda rig: rig.told(Told.MANY_ERRORS),
    "VllmErrorRate",
    within=600.0,
)
SOME = Fault(
    "some-errors",
    "vLLM answers 5 % of all requests with an error",
    lambda rig: rig.told(Told.SOME_ERRORS),
    "ErrorBudgetBurningFast",
    within=3600.0,  # of a window of an hour, half must have been measured
    alone=True,  # budgets say nothing while another page about the service has left its traces
)
