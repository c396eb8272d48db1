"""One database of a real Chroma server, written and changed by requests of its v2 API, alike in both generations."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from ragpulse.services import Chroma, ChromaQuery

if TYPE_CHECKING:
    from tests.fakes.chroma_server import ChromaServer

_number = count()


@dataclass(frozen=True)
class Database:
    server: "ChromaServer"
    tenant: str = "default_tenant"
    name: str = "default_database"

    @classmethod
    def made(cls, server: "ChromaServer") -> "Database":
        """New, in a new tenant; their names are as odd as both generations allow."""
        made = cls(server, f"Größe & co? #{next(_number)}", "a.b_c-d")
        with server.client() as client:
            client.post("/api/v2/tenants", json={"name": made.tenant}).raise_for_status()
            client.post(f"{made._tenant}/databases", json={"name": made.name}).raise_for_status()
        return made

    def write(self, collections: Mapping[str, tuple[int, int]], texts: Sequence[str] | None = None) -> None:
        """Name → records and dimension. A count of 0 leaves a collection empty. `texts`: one for each record."""
        numbers = random.Random(1)  # noqa: S311 - not a secret
        with self.server.client() as client:
            for name, (records, dimension) in collections.items():
                made = client.post(self._collections, json={"name": name, "get_or_create": True})
                identity = made.raise_for_status().json()["id"]
                if records:
                    vectors = [[numbers.gauss(0, 1) for _ in range(dimension)] for _ in range(records)]
                    added = {
                        "ids": [f"{name}-{index}" for index in range(records)],
                        "embeddings": vectors,
                        "documents": texts,
                    }
                    client.post(f"{self._collections}/{identity}/add", json=added).raise_for_status()

    def delete(self, collection: str) -> None:
        with self.server.client() as client:
            client.delete(f"{self._collections}/{collection}").raise_for_status()

    def empty(self, collection: str, records: int) -> None:
        """Deletes so many records that `write` wrote, not the collection."""
        with self.server.client() as client:
            self.post(client, collection, "delete", {"ids": [f"{collection}-{index}" for index in range(records)]})

    def post(self, client: httpx.Client, collection: str, action: str, body: Mapping[str, Any]) -> Any:
        identity = client.get(f"{self._collections}/{collection}").raise_for_status().json()["id"]
        return client.post(f"{self._collections}/{identity}/{action}", json=body).raise_for_status().json()

    def contents(self) -> dict[str, int]:
        """Collection → records."""
        with self.server.client() as client:
            listed = client.get(self._collections).raise_for_status().json()
            return {
                each["name"]: client.get(f"{self._collections}/{each['id']}/count").raise_for_status().json()
                for each in listed
            }

    def service(self, collection: str | None = None, **more: str | None) -> Chroma:
        """As an operator writes it down; `more` replaces what is right."""
        written = {
            "token_file": str(self.server.token_file),
            "token_header": self.server.token_header,
            "token_prefix": self.server.token_prefix,
            "tenant": self.tenant,
            "database": self.name,
            "data_dir": str(self.server.data),
        }
        query = ChromaQuery(collection=collection) if collection else None
        return Chroma.model_validate(
            {"kind": "chroma", "nodes": ["sark"], "url": self.server.url, "query": query, **written, **more}
        )

    @property
    def _tenant(self) -> str:
        return f"/api/v2/tenants/{quote(self.tenant, safe='')}"

    @property
    def _collections(self) -> str:
        return f"{self._tenant}/databases/{self.name}/collections"
