"""docs/cluster.schema.json: it takes each good file, refuses each wrong name, type and unit, and explains each key."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ragpulse import yaml_file
from ragpulse.key_tables import with_tables
from ragpulse.schema import schema_text

ROOT = Path(__file__).parent.parent
CLUSTERS = ROOT / "tests" / "clusters"
SCHEMA: dict[str, Any] = json.loads(schema_text())
VALIDATOR = Draft202012Validator(SCHEMA)


def in_folder(name: str) -> list[Path]:
    return sorted((CLUSTERS / name).iterdir())


def accepts(file: Path) -> bool:
    return bool(VALIDATOR.is_valid(yaml_file.read(file).value))


def test_it_is_a_schema_of_its_own_dialect() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", [ROOT / "cluster.example.yaml", *in_folder("good")], ids=lambda path: path.stem)
def test_a_good_file_is_accepted(file: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(yaml_file.read(file).value)] == []


@pytest.mark.parametrize("file", in_folder("structure"), ids=lambda path: path.stem)
def test_a_wrong_name_type_or_unit_is_refused(file: Path) -> None:
    assert not accepts(file)


@pytest.mark.parametrize("file", in_folder("meaning"), ids=lambda path: path.stem)
def test_what_a_schema_cannot_know_lies_apart_from_what_it_can(file: Path) -> None:
    assert accepts(file)


def parts() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "the file", SCHEMA
    yield from SCHEMA["$defs"].items()


@pytest.mark.parametrize(("name", "part"), list(parts()), ids=[name for name, _ in parts()])
def test_each_key_is_explained_and_no_other_is_allowed(name: str, part: dict[str, Any]) -> None:
    assert part["additionalProperties"] is False
    for key, value in part["properties"].items():
        assert value["description"], f"{name}.{key} has no text below it"


def test_the_file_with_every_key_has_every_key() -> None:
    written = {str(path[-1]) for path in yaml_file.read(CLUSTERS / "good" / "every_key.yaml").lines if path}
    known = {key for _, part in parts() for key in part["properties"]}
    assert known - written == set()


def test_defaults_are_written_as_in_the_file() -> None:
    monitoring = SCHEMA["$defs"]["Monitoring"]["properties"]
    assert monitoring["scrape_interval"]["default"] == "10s"
    assert monitoring["retention"]["default"] == "31d"
    assert SCHEMA["$defs"]["Throughput"]["properties"]["at_least"]["default"] == "1000 tokens/s"


def test_the_documentation_has_a_table_of_every_part() -> None:
    document = (ROOT / "docs" / "configuration-documentation.md").read_text()
    assert [name for name, _ in parts() if f"<!-- keys of {name} -->" not in document] == []
    assert with_tables(document, SCHEMA) == document


def test_a_table_of_an_unknown_part_is_refused() -> None:
    with pytest.raises(KeyError, match="Nonsense"):
        with_tables("<!-- keys of Nonsense -->\n<!-- end of keys -->", SCHEMA)


def test_the_example_leads_an_editor_to_it() -> None:
    first = (ROOT / "cluster.example.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=docs/cluster.schema.json"
    assert (ROOT / "docs" / "cluster.schema.json").read_text() == schema_text()


def test_reading_a_cluster_file_loads_neither_the_schema_nor_what_it_is_made_with() -> None:
    code = "import sys, ragpulse.cluster_file; print('pydantic.json_schema' in sys.modules, *sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not {"ragpulse.schema", "ragpulse.key_meanings", "jsonschema"} & set(loaded.split())
