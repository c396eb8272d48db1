"""The table of verbs. A verb's module is imported only when that verb is asked for; `ragpulse --help` imports none."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer

from ragpulse import __version__


@dataclass(frozen=True, slots=True)
class Verb:
    """target: `module:name` of a function with typer parameters, or of a typer app with verbs of its own."""

    name: str
    target: str
    help: str
    settings: Mapping[str, Any] = field(default_factory=dict)


# From the first word that is no option of ours, everything belongs to another program.
_HANDS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}


VERBS = (
    Verb("up", "ragpulse.commands.up:up", "Start what belongs on this machine, and wait until it is ready."),
    Verb("down", "ragpulse.commands.down:down", "Stop everything that `up` started."),
    Verb("status", "ragpulse.commands.status:status", "Show what runs, where to look and what is wrong."),
    Verb("generate", "ragpulse.commands.generate:generate", "Write everything that follows from the cluster file."),
    Verb("dashboards", "ragpulse.commands.dashboards:app", "Bring the boards to a Grafana, or fetch them."),
    Verb("check", "ragpulse.commands.check:check", "Judge every connection of the cluster from this node."),
    Verb("canary", "ragpulse.commands.canary:app", "Write what the recall canary of a ChromaDB asks for."),
    Verb("report", "ragpulse.commands.report:report", "Judge every target over a time, and compare with a baseline."),
    Verb("explain", "ragpulse.commands.explain:explain", "Say why an alert fires, or does not."),
    Verb(
        "maintenance", "ragpulse.commands.maintenance:app", "Announce work, so that nobody is told of what it breaks."
    ),
    Verb("overview", "ragpulse.commands.overview:overview", "Serve the Overview page."),
    Verb("notify", "ragpulse.commands.notify:app", "Prove that notifications arrive."),
    Verb("demo", "ragpulse.commands.demo:app", "Break a service of the demo, and mend it."),
    Verb("drill", "ragpulse.commands.drill:drill", "Break a demo on purpose, and time who is told."),
    Verb("borg-run", "ragpulse.commands.borg_run:borg_run", "Call Borg, and record what came of it.", _HANDS_ON),
    Verb("borg-verify", "ragpulse.commands.borg_verify:borg_verify", "Prove that the newest archive can be restored."),
)
# Taken by `ragpulse.__main__` before typer is loaded; here for the help alone.
AGENT_HELP = "Run the agent of one node."


def main(arguments: Sequence[str]) -> None:
    """Errors: SystemExit with the exit status; whatever the verb raises."""
    chosen = next((argument for argument in arguments if not argument.startswith("-")), None)
    _application(chosen)(args=list(arguments), prog_name="ragpulse")


def _application(chosen: str | None) -> typer.Typer:
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_ragpulse)
    for verb in VERBS:
        if verb.name != chosen:
            app.command(verb.name, help=verb.help)(_misplaced)
            continue
        module, _, name = verb.target.partition(":")
        found = getattr(importlib.import_module(module), name)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=verb.name)
        else:
            app.command(verb.name, context_settings=dict(verb.settings))(found)
    app.command("agent", help=AGENT_HELP)(_misplaced)
    return app


def _misplaced() -> None:
    raise typer.BadParameter("the verb must be the first word, its options after it")


def _show_version(asked: bool) -> None:  # noqa: FBT001 - typer calls it so
    if asked:
        print(f"ragpulse {__version__}")
        raise typer.Exit


def _ragpulse(
    *,
    _: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Is the cluster inside its targets, what is breaking them, who must act now?"""
