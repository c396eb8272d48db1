"""Blocks that were packed by themselves, in any order, are one gzip member that everybody can read."""

import gzip
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.packed import block, gzipped

TEXTS = st.lists(st.binary(max_size=3000), max_size=20)


@pytest.mark.no_cover
@given(TEXTS)
def test_what_is_unpacked_is_what_was_packed_one_after_the_other(texts: list[bytes]) -> None:
    blocks = [block(text) for text in texts]
    for ordered in (blocks, blocks[::-1]):
        body = gzipped(ordered)
        reader = zlib.decompressobj(31)
        assert reader.decompress(body) == b"".join(each.text for each in ordered)
        assert reader.eof
        assert not reader.unused_data, "one member, and nothing after it"


def test_a_block_does_not_depend_on_what_was_packed_before_it() -> None:
    line = b'ragpulse_service_up{service="chroma"} 1\n'
    first = block(line)
    block(line * 1000)
    assert block(line) == first


def test_many_threads_pack_at_once() -> None:
    texts = [str(number).encode() * 500 for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        blocks = list(pool.map(block, texts))
    assert gzip.decompress(gzipped(blocks)) == b"".join(texts)


def test_a_body_that_was_cut_is_seen_to_be() -> None:
    body = gzipped([block(b"up 1\n")])
    with pytest.raises(EOFError):
        gzip.decompress(body[:-1])
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(body[:-8] + b"\0" * 8)
