"""How are packages had from an archive without touching the machine's own apt?

apt-get runs with lists, cache, sources and preferences of its own in a folder that goes away; proxies and certificates
stay as the machine has them. Works as any user. Errors: AptError with apt's own last words.
"""

import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from ragpulse.errors import RagpulseError
from ragpulse.stack.apt_sources import Entry

_SECONDS = 240  # for one call; a slow mirror needs a while for an index of 10 MB

_CONFIGURATION = """\
Dir::State "{folder}/state";
Dir::State::lists "{folder}/lists";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Cache::archives "{folder}/cache/archives";
Dir::Etc::sourcelist "{folder}/archive.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
// The folder may lie where apt's own user cannot look; only what is signed is taken anyway.
APT::Sandbox::User "root";
APT::Default-Release "";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
// What the machine does after an update of its own lists is not for ours.
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""


class AptError(RagpulseError):
    """The archive, or a package of it, cannot be had."""


class PrivateApt:
    def __init__(self, folder: Path, entries: Iterable[Entry], architecture: str) -> None:
        """`folder` exists and is ours alone."""
        self._folder = folder
        for needed in ("state", "lists/partial", "cache/archives/partial", "packages"):
            (folder / needed).mkdir(parents=True)
        (folder / "status").touch()
        (folder / "archive.sources").write_text("\n".join(entry.as_deb822(architecture) for entry in entries))
        (folder / "apt.conf").write_text(_CONFIGURATION.format(folder=folder))

    def update(self) -> None:
        """Errors: AptError."""
        self._run(*self._apt("apt-get"), "--error-on=any", "update")

    def has(self, package: str) -> bool:
        return package in self._run(*self._apt("apt-cache"), "pkgnames", package).split()

    def download(self, packages: Sequence[str]) -> list[Path]:
        """The packages' files, their signatures checked. Errors: AptError."""
        self._run(*self._apt("apt-get"), "download", *packages)
        return sorted((self._folder / "packages").glob("*.deb"))

    def unpack(self, package: Path, into: Path) -> None:
        """Errors: AptError."""
        self._run("dpkg-deb", "-x", str(package), str(into))

    def _apt(self, program: str) -> tuple[str, ...]:
        """Read after the machine's own configuration, which a file named by APT_CONFIG would be before."""
        return (program, "-qq", "-c", str(self._folder / "apt.conf"))

    def _run(self, *command: str) -> str:
        try:
            result = subprocess.run(
                command,
                cwd=self._folder / "packages",
                env={**os.environ, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=_SECONDS,
            )
        except FileNotFoundError:
            raise AptError(f"there is no {command[0]} on this machine") from None
        except subprocess.TimeoutExpired:
            raise AptError(f"{command[0]} took more than {_SECONDS} s") from None
        if result.returncode != 0:
            raise AptError(_last_words(result.stderr) or f"{command[0]} ended with {result.returncode}")
        return result.stdout


def _last_words(stderr: str) -> str:
    """The first error says what is wrong; those after it are consequences."""
    errors = [line.removeprefix("E:").strip() for line in stderr.splitlines() if line.startswith("E:")]
    return errors[0] if errors else " ".join(stderr.split())[-300:]
