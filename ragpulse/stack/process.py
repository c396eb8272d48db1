"""One process that `up` starts: what to run, where it listens, how to know that it is ready."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Listen:
    """A socket that a process opens. `setting` is what the operator changes when the port is taken."""

    address: str
    port: int
    setting: str

    def __str__(self) -> str:
        """As it stands in a URL: an IPv6 address in brackets."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Process:
    """name: as in logs and `status`. about: one line for people. ready_url: answers 2xx once the process is ready.

    task: runs once to its end; exit status 0 means done, anything else is tried again with back-off.
    look_url: what a person opens in a browser, if anything. environment: added to the supervisor's own.
    """

    name: str
    argv: tuple[str, ...]
    about: str
    listens: tuple[Listen, ...] = ()
    ready_url: str | None = None
    look_url: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    task: bool = False
