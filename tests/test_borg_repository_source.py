"""What a stat tells of a real repository, while nobody touches it and while it is written."""

import time

import pytest

from exporters.borg_repository import BorgRepository
from exporters.source import SourceError
from ragpulse.catalogue.backup import LAST_COMMIT, LOCK_AGE, REPOSITORY_FILESYSTEM, REPOSITORY_FREE
from ragpulse.metric import Metric
from tests.fakes.borg import Repository


def told(source: BorgRepository) -> dict[Metric, float]:
    return {sample.metric: sample.value for sample in source.read()}


def test_a_repository_at_rest_is_not_locked_and_tells_its_last_change(repository: Repository) -> None:
    before = time.time()
    assert repository.borg("create", "::second", "data").returncode == 0
    found = told(BorgRepository("nightly", repository.path))
    assert before - 1 <= found[LAST_COMMIT] <= time.time()
    assert found[LOCK_AGE] == 0
    assert 0 < found[REPOSITORY_FREE] < found[REPOSITORY_FILESYSTEM]


def test_one_that_is_written_has_been_locked_since_then(repository: Repository) -> None:
    with repository.being_backed_up():
        since = (repository.path / "lock.exclusive").stat().st_mtime
        assert told(BorgRepository("nightly", repository.path, lambda: since + 60))[LOCK_AGE] == 60
        assert told(BorgRepository("nightly", repository.path, lambda: since - 5))[LOCK_AGE] == 0, "the clock was set"
    assert told(BorgRepository("nightly", repository.path))[LOCK_AGE] == 0


def test_a_new_one_has_no_change_yet(repository: Repository) -> None:
    for index in repository.path.glob("index.*"):
        index.unlink()
    assert LAST_COMMIT not in told(BorgRepository("nightly", repository.path))


@pytest.mark.parametrize(
    ("name", "words"), [("nowhere", "No such file or directory"), ("data", "holds no Borg repository")]
)
def test_a_folder_that_is_none_is_an_error_that_names_it(repository: Repository, name: str, words: str) -> None:
    with pytest.raises(SourceError, match=f"{repository.folder / name}: {words}"):
        told(BorgRepository("nightly", repository.folder / name))
