"""Server-sent events from bytes that are cut anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.http_answer import WrongAnswer
from exporters.sse import MAX_EVENT_BYTES, EventReader
from tests.fakes.completion_stream import STREAM, cut_at


def events(*chunks: bytes) -> list[str]:
    reader = EventReader()
    return [event for chunk in chunks for event in reader.feed(chunk)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"data: a\n\n", ["a"]),
        (b"data:a\n\ndata: b\n\n", ["a", "b"]),
        (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", ["a", "b", "c"]),
        (b"data: a\ndata: b\n\n", ["a\nb"]),
        (b": a comment\nevent: x\nid: 7\nretry: 1\ndata: a\n\n", ["a"]),
        (b"data:  two spaces\n\n", [" two spaces"]),
        (b"\n\n\ndata: a\n\n", ["a"]),
        (b"data: not ended\n", []),
    ],
)
def test_lines_are_read_as_the_standard_says(text: bytes, expected: list[str]) -> None:
    assert events(text) == expected


@given(st.lists(st.integers(0, len(STREAM)), max_size=30), st.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_a_recorded_stream_gives_the_same_events_wherever_it_is_cut(cuts: list[int], ending: bytes) -> None:
    stream = STREAM.replace(b"\n", ending)
    assert events(*cut_at(stream, cuts)) == events(STREAM)
    assert len(events(STREAM)) == 6


@given(st.text(alphabet="aä€😀", min_size=1))
def test_a_character_may_be_cut_in_two(text: str) -> None:
    stream = f"data: {text}\n\n".encode()
    assert events(*(stream[place : place + 1] for place in range(len(stream)))) == [text]


@pytest.mark.parametrize("piece", [b"data: " + b"x" * 70_000, b"data: " + b"x" * 1000 + b"\n", b"data:\n" * 1000])
def test_an_event_without_end_is_refused_at_the_limit(piece: bytes) -> None:
    with pytest.raises(WrongAnswer, match=f"larger than {MAX_EVENT_BYTES}"):
        events(*[piece] * 100)


def test_what_is_no_text_is_said_to_be_none() -> None:
    with pytest.raises(WrongAnswer, match="UTF-8"):
        events(b"data: \xff\n\n")
