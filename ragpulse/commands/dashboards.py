"""`ragpulse dashboards push|pull`: the boards of a cluster to a Grafana, and what was changed there back into files.

Exit status 2 for a wrong option, 1 where Grafana refuses or somebody changed a board.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import httpx
import typer

from dashboards import exchange
from dashboards.grafana_api import Grafana, GrafanaError
from dashboards.render import boards
from ragpulse import atomic, cluster_file, refusal, urls
from ragpulse.errors import RagpulseError
from ragpulse.generated import json_text
from ragpulse.secret_file import MAX_BYTES, secret_in
from ragpulse.stack.telling import Telling

app = typer.Typer(help="Bring the boards to a Grafana, or fetch what was changed there.", no_args_is_help=True)

_Url = Annotated[str, typer.Option(metavar="URL", help="The Grafana.")]
_Token = Annotated[Path, typer.Option(help="File that holds the token of a service account.")]
_HERE = "http://127.0.0.1:3000"


class UsageError(RagpulseError):
    exit_code = 2


@app.command()
def push(
    *,
    token_file: _Token,
    url: _Url = _HERE,
    config: Annotated[Path, typer.Option(help="The cluster file.")] = Path("cluster.yaml"),
    folder: Annotated[str, typer.Option(metavar="UID", help="Folder for boards that are new.")] = exchange.FOLDER,
    force: Annotated[bool, typer.Option("--force", help="Also replace boards that somebody changed.")] = False,
) -> None:
    """Make or renew all boards of the cluster; none that somebody changed, unless forced."""
    cluster = cluster_file.load(config)
    telling = Telling()
    with _server(url, token_file) as server:
        wanted = {name.removesuffix(".json"): text for name, text in boards(cluster).items()}
        for line in exchange.push(server, wanted, folder, force=force):
            telling.say(line)


@app.command()
def pull(
    *,
    token_file: _Token,
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    url: _Url = _HERE,
    force: Annotated[bool, typer.Option("--force", help="Also replace files that differ.")] = False,
) -> None:
    """Write the boards as they are in Grafana into files, to compare or to keep them."""
    with _server(url, token_file) as server:
        found = {out / f"{name}.json": json_text(board) for name, board in exchange.pull(server).items()}
    if not found:
        raise GrafanaError(f"{url}: there is none of our boards; `ragpulse dashboards push` makes them")
    with refusal.told(out, "--out"):
        others = [file for file, text in found.items() if file.exists() and file.read_bytes() != text.encode()]
        if others and not force:
            names = ", ".join(file.name for file in others)
            raise UsageError(f"{out}: {names} differ from what is in Grafana: name another --out, or use --force")
        atomic.write_all(found)
    Telling().say(f"wrote {', '.join(file.name for file in found)} into {out}")


@contextmanager
def _server(url: str, token_file: Path) -> Iterator[Grafana]:
    try:
        place = urls.base_url(url)
    except ValueError as error:
        raise UsageError(f"--url: {error}") from error
    # trust_env: a proxy of the environment has no business here; redirects would take the token elsewhere
    with httpx.Client(trust_env=False, follow_redirects=False) as client:
        yield Grafana(client, place, _token(token_file))


def _token(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return secret_in(content.read(MAX_BYTES + 1))
    except OSError as error:
        raise UsageError(f"--token-file: {file}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"--token-file: {file}: {error}") from error
