"""What Borg says, recorded and odd, and which reason we hear in it."""

import json
from pathlib import Path

import pytest

from ragpulse.borg.messages import Said

RECORDED = Path(__file__).parent / "captures" / "borg"


def heard(*lines: str, named: tuple[str, ...] = ()) -> Said:
    said = Said(frozenset(named))
    for each in lines:
        said.hear(each)
    return said


def message(text: str, level: str = "WARNING", message_id: str | None = None) -> str:
    return json.dumps({"type": "log_message", "message": text, "levelname": level, "msgid": message_id})


@pytest.mark.parametrize(
    ("name", "reason", "message_id"),
    [
        ("error-repo-locked", "locked", "LockTimeout"),
        ("error-cache-locked-bypass", "locked", "LockTimeout"),
        ("error-wrong-passphrase", "passphrase", "PassphraseWrong"),
        ("error-no-passphrase", "passphrase", "NoPassphraseFailure"),
        ("error-no-repo", "repository", "Repository.DoesNotExist"),
        ("check-damaged-repo", "", ""),
    ],
)
def test_recorded_words_have_their_reason(name: str, reason: str, message_id: str) -> None:
    said = heard(*(RECORDED / f"{name}.jsonl").read_text().splitlines())
    assert (said.reason, said.message_id) == (reason, message_id)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("/srv/data: [Errno 2] No such file or directory: '/srv/data'", {"/srv/data"}),
        ("/srv/data: stat: [Errno 2] No such file or directory: '/srv/data'", {"/srv/data"}),
        ("/srv/data/tmp1: stat: [Errno 2] No such file or directory: 'tmp1'", set()),
        ("/srv/data/tmp1: open: [Errno 13] Permission denied: 'tmp1'", set()),
    ],
)
def test_a_path_that_was_named_is_missing_one_that_vanished_on_the_way_is_not(text: str, missing: set[str]) -> None:
    assert heard(message(text), named=("create", "/srv/data")).missing == missing


def test_what_is_for_people_is_shown_as_they_know_it() -> None:
    said = Said()
    assert said.hear("Enter passphrase for key /srv/borg: ") == "Enter passphrase for key /srv/borg: "
    assert said.hear(message("Keeping archive: first")) == "Keeping archive: first"
    assert said.hear('{"type": "file_status", "status": "A", "path": "data/large"}') == "A data/large"
    assert said.hear('{"type": "progress_percent", "msgid": "check", "finished": true}') is None
    for odd in ("[" * 9999, "[]", "7", '{"type": "log_message", "message": null}', '{"type": ["log_message"]}'):
        said.hear(odd)
    assert (said.reason, said.message_id) == ("", "")


def test_the_first_word_of_what_went_wrong_counts_and_an_odd_id_is_none() -> None:
    said = heard(
        message("Local Exception", "ERROR", "<script>"),
        message("b: read: [Errno 28] No space left on device"),
        message("Repository is damaged", "ERROR", "IntegrityError"),
    )
    assert (said.reason, said.message_id, said.words) == ("no_space", "IntegrityError", "Local Exception")
