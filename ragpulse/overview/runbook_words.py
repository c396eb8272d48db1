"""What the words in a runbook's commands stand for here, so that each command can be pasted as it is shown.

docs/runbooks/README.md explains them. SERVICE, NODE and BACKUP are what the alert is about: they come with the link to
the page, count only where they name a part of this cluster, and stand as they are until the reader has chosen.
"""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ragpulse import endpoints
from ragpulse.inventory import Cluster
from ragpulse.services import WATCHED
from ragpulse.stack.identity import STATE_VARIABLE

_WORD = re.compile(r"\b(?:PROMETHEUS|ALERTMANAGER|STATE|BIN|PROMTOOL|AMTOOL|AGENTS|SERVICE|NODE|BACKUP)\b")
_USUAL_STATE = ".ragpulse"

Kind = Literal["service", "node", "backup"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a runbook is about: the name that is chosen, or None, and those that could be chosen instead."""

    kind: Kind
    chosen: str | None
    others: tuple[str, ...]


class Words:
    """`prometheus`, `alertmanager`: base URLs. `environment`: where the state folder and the tools are named."""

    def __init__(self, cluster: Cluster, *, prometheus: str, alertmanager: str, environment: Mapping[str, str]) -> None:
        self._cluster = cluster
        watched = [name for name, service in cluster.services.items() if isinstance(service, WATCHED)]
        self._names: dict[Kind, list[str]] = {
            "service": watched, "node": list(cluster.nodes), "backup": list(cluster.backups),
        }  # fmt: skip
        self._known = {
            "PROMETHEUS": shlex.quote(prometheus.rstrip("/")),
            "ALERTMANAGER": shlex.quote(alertmanager.rstrip("/")),
            "STATE": shlex.quote(environment.get(STATE_VARIABLE) or _USUAL_STATE),
            "BIN": shlex.quote(str(Path(sys.executable).parent)),
            "PROMTOOL": _program("promtool", environment),
            "AMTOOL": _program("amtool", environment),
        }

    def subjects(self, text: str, asked: Mapping[str, str]) -> tuple[Subject, ...]:
        """Those that a runbook's text speaks of, with what a link asked for."""
        used = set(_WORD.findall(text))
        return tuple(_subject(kind, names, asked) for kind, names in self._names.items() if kind.upper() in used)

    def fill(self, text: str, subjects: tuple[Subject, ...]) -> str:
        chosen = {subject.kind: subject.chosen for subject in subjects if subject.chosen}
        nodes = [chosen["node"]] if "node" in chosen else self._names["node"]
        words = {
            **self._known,
            **{kind.upper(): name for kind, name in chosen.items()},
            "AGENTS": " ".join(shlex.quote(f"http://{endpoints.agent(self._cluster, node)}") for node in nodes),
        }
        return _WORD.sub(lambda match: words.get(match[0], match[0]), text)


def _subject(kind: Kind, names: Sequence[str], asked: Mapping[str, str]) -> Subject:
    chosen = next((name for name in names if name == asked.get(kind)), None)
    return Subject(kind, chosen, tuple(name for name in names if name != chosen))


def _program(name: str, environment: Mapping[str, str]) -> str:
    """Where the stack itself looks for it; the bare name when it is in neither place."""
    folders = [environment[each] for each in ("RAGPULSE_BIN", "PATH") if environment.get(each)]
    return shlex.quote(shutil.which(name, path=os.pathsep.join(folders)) or name)
