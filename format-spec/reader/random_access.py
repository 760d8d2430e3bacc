"""Reads a dump from its tail: header, footer, index frames, and the blocks that they list. Written from ../README.md, *Random access*.

    with open("dump.kgd", "rb") as stream:
        for block in read_blocks(stream): ...       as those of kgdump_reader

Each frame that is touched is checked; DumpError for what is wrong with one. What is not touched is not seen."""
import io
from zlib import crc32
import msgpack
from kgdump_reader import END, FOOTER, INDEX_BLOCKS, TAIL, Dump, codec, key
from strict_msgpack import Cursor, list_of, need, row_of, uint, up_to

LISTED = row_of(uint, up_to(2**32 + 32), codec, up_to(2**32 - 1), up_to(2**32 - 1), uint, key, key)
INDEX = row_of(uint, uint, list_of(LISTED, INDEX_BLOCKS))


def frame_at(dump, offset, kind):
    """The payload of a frame of that kind at an offset. Its sequence can't be known."""
    dump.stream.seek(offset)
    dump.at, dump.sequence = offset, int.from_bytes(dump.stream.read(16)[12:], "big")
    dump.stream.seek(offset)
    found, payload, _ = dump.frame()
    need(found == kind, "FRAME_MISPLACED", f"a frame of kind {found!a} stands where one of kind {kind!a} should")
    return payload


def open_dump(stream):
    """The dump, its header read, and its footer."""
    dump = Dump(stream)
    dump.magic()
    dump.grammar("H", frame_at(dump, 17, "H"), 17)
    size = stream.seek(0, io.SEEK_END)
    tail_at = max(0, size - 31)
    stream.seek(tail_at)
    tail = stream.read(31)
    need(len(tail) == 31 and tail[:3] == TAIL and tail[23:] == END, "TRUNCATED", "it does not end as a complete dump does")
    footer_at, length, crc = int.from_bytes(tail[3:11], "big"), int.from_bytes(tail[11:19], "big"), int.from_bytes(tail[19:23], "big")
    sound = crc == crc32(tail[2:19]) and length == size and footer_at < tail_at
    need(sound, "TAIL_DAMAGED", "the tail is not the one of this dump")
    payload = frame_at(dump, footer_at, "F")
    need(dump.at == tail_at, "TAIL_DAMAGED", "the tail does not follow the footer")
    footer = Cursor(payload, dump.version[1] > 1).payload(FOOTER)
    dump.adds_up(footer)
    end, blocks, last = 17, 0, 0
    for offset, frame_length, keyspace, first, count, _ in footer["indexes"]:
        fits = offset >= end + 45 * count and frame_length >= 33 + 11 * count and offset + frame_length <= footer_at
        sound = fits and last <= keyspace < len(footer["keyspaces"]) and first == blocks and count > 0
        need(sound, "INDEX_WRONG", "the footer's list of index frames is not in order")
        end, blocks, last = offset + frame_length, blocks + count, keyspace
    return dump, footer


def index_frames(dump, footer):
    """Of each index frame that the footer lists its keyspace and the blocks, none of which can be elsewhere."""
    start = 17
    for offset, frame_length, keyspace, first, count, first_key in footer["indexes"]:
        cursor = Cursor(frame_at(dump, offset, "I"), False)
        found, number, blocks = INDEX(cursor, "index")
        cursor.end()
        listed = dump.at == offset + frame_length and (found, number, len(blocks)) == (keyspace, first, count)
        need(listed, "INDEX_WRONG", "the index frame is not the one that the footer lists")
        own = blocks[0][6]
        need(first_key == (own if len(own) <= 256 else None), "INDEX_WRONG", "its first key is another")
        end = start
        for block in blocks:
            need(end <= block[0] and block[0] + block[1] <= offset and block[1] > 33 + block[4], "INDEX_WRONG", "a block can't be there")
            end = block[0] + block[1]
        start = offset + frame_length
        yield keyspace, blocks


def read_blocks(stream):
    """Yields all blocks, as the index lists them."""
    dump, footer = open_dump(stream)
    seen, number = {}, 0
    for keyspace, blocks in index_frames(dump, footer):
        dump.inside, dump.ended = dump.header["keyspaces"][keyspace], [None] * keyspace
        if keyspace not in seen:
            seen[keyspace], dump.last = [0, 0, 0], None
            dump.begin(dump.inside["order"])
        for block in blocks:
            dump.blocks, dump.waiting, dump.gap = number, [], None
            _, found = dump.grammar("B", frame_at(dump, block[0], "B"), block[0])
            need(dump.waiting == [msgpack.packb(block)], "INDEX_WRONG", "the block is not the one that the index lists")
            seen[keyspace] = [total + more for total, more in zip(seen[keyspace], (block[5], block[3], block[4]))]
            number += 1
            yield found
    for keyspace, sums in seen.items():
        said = footer["keyspaces"][keyspace]
        need(sums == [said["entries"], said["rawBytes"], said["storedBytes"]], "INDEX_WRONG", "the blocks do not add up to what the footer says")
