"""ChromaDB: does it still guard its data where the cluster file names a token for it?"""

from alerts.rule import Alert, Group
from ragpulse.catalogue.chroma import AUTH_ENFORCED
from ragpulse.inventory import Cluster
from ragpulse.promql import instant
from ragpulse.services import Chroma
from ragpulse.vantage import home

_HOLD_INTERVALS = 3


def rules(cluster: Cluster) -> list[Group]:
    chromas = cluster.of_kind(Chroma)
    alerts = tuple(_unguarded(cluster, name) for name, chroma in chromas.items() if chroma.token_file is not None)
    return [Group("chroma", alerts)] if alerts else []


def _unguarded(cluster: Cluster, name: str) -> Alert:
    where = home(cluster, name)
    return Alert(
        "ChromaUnguarded",
        f"max by (service) ({instant(AUTH_ENFORCED, service=name)}) == 0",
        hold=_HOLD_INTERVALS * cluster.monitoring.scrape_interval,
        severity="ticket",
        component=name,
        summary=f"{name} on {where} serves requests without a token.",
        description="The cluster file names a token for it, yet it asks for none: whoever reaches it can read, change"
        " and delete its data. ChromaDB 1.x ignores the token settings of 0.5 and does not say so.",
        labels={"service": name, "node": where},
    )
