"""Text that is packed once, when it is written, and joined to whole gzip bodies as often as it is asked for.

A block ends where deflate forgets all before it (a full flush), so blocks can stand in any order: whoever asks pays for
a checksum and no compression. In return each block is packed by itself, and a page of many short ones takes more than
twice the bytes.
RFC 1951 and 1952.
"""

import struct
import threading
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_LEVEL = 1  # higher ones save few bytes of short blocks
_RAW = -15  # zlib's name for deflate without a frame
_MEMORY = 4  # small tables: forgetting is what a full flush costs, and a block needs no larger ones
_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"  # no name, no time, fastest, whatever system
_LAST = b"\x03\x00"  # an empty block that says that it is the last
_WHOLE = 1 << 32

_packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW, _MEMORY)
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Block:
    text: bytes
    packed: bytes


def block(text: bytes) -> Block:
    with _one_at_a_time:
        return Block(text, _packer.compress(text) + _packer.flush(zlib.Z_FULL_FLUSH))


def joined(blocks: Sequence[Block]) -> Block:
    return Block(b"".join(each.text for each in blocks), b"".join(each.packed for each in blocks))


def gzipped(blocks: Iterable[Block]) -> bytes:
    """The texts of all blocks, one after the other, as one gzip member."""
    checksum, length, parts = 0, 0, [_HEAD]
    for each in blocks:
        checksum = zlib.crc32(each.text, checksum)
        length += len(each.text)
        parts.append(each.packed)
    parts += (_LAST, struct.pack("<II", checksum, length % _WHOLE))
    return b"".join(parts)
