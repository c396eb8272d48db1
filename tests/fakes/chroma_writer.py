"""Writes collections with Chroma's own client: runs under the interpreter of the Chroma environment, not under ours.

Arguments: address, port, token, and JSON of name → [records, dimension]. A count of 0 leaves a collection empty.
"""

import json
import random
import sys

import chromadb
from chromadb.config import Settings


def main() -> None:
    host, port, token, wanted = sys.argv[1:]
    client = chromadb.HttpClient(
        host=host,
        port=int(port),
        settings=Settings(
            anonymized_telemetry=False,
            chroma_client_auth_provider="chromadb.auth.token_authn.TokenAuthClientProvider",
            chroma_client_auth_credentials=token,
        ),
    )
    numbers = random.Random(1)  # noqa: S311 - not a secret
    for name, (count, dimension) in json.loads(wanted).items():
        collection = client.get_or_create_collection(name)
        if count:
            collection.add(
                ids=[f"{name}-{index}" for index in range(count)],
                embeddings=[[numbers.gauss(0, 1) for _ in range(dimension)] for _ in range(count)],
            )


main()
