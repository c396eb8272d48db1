"""`ragpulse canary init|golden`: what the recall canary of a ChromaDB asks for, written once.

`init` writes our own golden set into a collection of its own; `golden` writes a golden file of a collection that there
is. Which of the two a service needs stands in the cluster file.
"""

from pathlib import Path
from typing import Annotated

import typer

from exporters.chroma_store import Store
from exporters.golden_reader import read_golden
from exporters.golden_writer import write_golden
from ragpulse import cluster_file, golden_file
from ragpulse.errors import ConfigError, Problem
from ragpulse.golden import RECORDS
from ragpulse.services import Chroma, ChromaCanary
from ragpulse.stack.telling import Telling

app = typer.Typer(help="Write what the recall canary of a ChromaDB asks for.", no_args_is_help=True)

_Service = Annotated[str | None, typer.Argument(help="ChromaDB in the cluster file [default: each that needs it].")]
_Config = Annotated[Path, typer.Option(help="The cluster file.")]


@app.command()
def init(
    service: _Service = None,
    *,
    config: _Config = Path("cluster.yaml"),
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for a server that does not answer yet.")] = 0,
) -> None:
    """Write our own golden set into a collection of its own; a second time there is nothing to do."""
    telling = Telling()
    for name, chroma, canary in _chosen(config, service, with_file=False):
        store = Store(name, chroma, canary.collection)
        with telling.at_work():
            store.wait(wait)
            added = write_golden(store, telling.step)
        telling.say(f"{name}: {store.name} holds {RECORDS} records, {added or 'none'} of them added now")


@app.command()
def golden(
    service: _Service = None,
    *,
    config: _Config = Path("cluster.yaml"),
    queries: Annotated[int, typer.Option(min=1, max=golden_file.MAX_QUERIES, help="Queries to be asked.")] = 20,
) -> None:
    """Write the golden file of a collection: queries, and what is exactly nearest to each."""
    telling = Telling()
    for name, chroma, canary in _chosen(config, service, with_file=True):
        file = Path(canary.golden_file or "")
        _keep_what_is_no_golden_file(file, canary.collection)
        with telling.at_work():
            found = read_golden(Store(name, chroma, canary.collection), queries, telling.step)
        golden_file.write(file, canary.collection, found)
        telling.say(f"{name}: {file} asks {len(found.queries)} queries of {canary.collection}")


def _chosen(config: Path, service: str | None, *, with_file: bool) -> list[tuple[str, Chroma, ChromaCanary]]:
    cluster = cluster_file.load(config)
    found = [
        (name, chroma, chroma.canary)
        for name, chroma in cluster.of_kind(Chroma).items()
        if service in (None, name) and chroma.canary is not None
    ]
    fitting = [one for one in found if (one[2].golden_file is not None) == with_file]
    if fitting:
        return fitting
    if service is not None and service not in cluster.services:
        text = f"has no {service}; it has: {', '.join(cluster.services)}"
    elif not found:
        text = f"no ChromaDB with a canary{f' is called {service}' if service else ''}; write `canary: {{}}` into one"
    elif with_file:
        text = f"the canary of {found[0][0]} has no golden_file; `ragpulse canary init` writes what it asks for"
    else:
        text = f"the canary of {found[0][0]} has a golden_file; `ragpulse canary golden` makes that"
    raise ConfigError(str(config), [Problem("services", text)])


def _keep_what_is_no_golden_file(file: Path, collection: str) -> None:
    """One that was made of this collection before is written anew."""
    try:
        golden_file.read(file, collection)
    except golden_file.GoldenFileError as error:
        if file.exists():
            raise golden_file.GoldenFileError(f"{error}; it was left as it is: remove it first") from None
