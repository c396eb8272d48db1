"""An agent that stops: nothing on a board that rests on it stays good, from the first evaluation on that knows of it.

What the agents of `worlds.py` publish, for twelve minutes, judged by the rules as they are shipped, every 10 s. At the
end one agent, or all of them, say nothing any more, as Prometheus writes it down after a scrape that failed. What rests
on an agent is found out: it is what would not be good if that agent told of nothing but trouble.

How soon Prometheus knows: `docs/dashboards.md`.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from alerts.render import render
from ragpulse import foreign, prometheus_configuration, units
from ragpulse.promql import AGENT_JOB
from ragpulse.vantage import monitors
from tests.fakes import worlds
from tests.fakes.binaries import binary, each_generation
from tests.fakes.board_colour import colour, judged
from tests.fakes.board_json import EXAMPLE, Json, example, filled_in, panels
from tests.fakes.rule_tests import SHORT_LIVED
from tests.fakes.world_values import NODES, ONE, Value
