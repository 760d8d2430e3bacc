#!/usr/bin/env python3
"""Reads kgdump dumps of format version 1. Written from ../README.md, as an example for readers in other languages.

    python3 kgdump_reader.py [--entries] [DUMP]      without DUMP, or with "-", it reads standard input

As a library: `for kind, value in read_dump(stream)`, `stream` being anything with `read(n)`, a pipe too. One block at a time is in
memory. A dump is whole only when the loop ends: until then, be ready to throw away what came. Damage raises DumpError.

The package msgpack decodes entries (many, simple, and C is fast) and encodes the index that is expected; strict_msgpack decodes
all other payloads, and says why. [R…] are the requirements of the specification that a place meets. Python 3.9 or newer."""
import argparse, collections, hashlib, json, operator, re, struct, sys
from zlib import crc32
import msgpack
from compressed import CODECS, unpack
from strict_msgpack import Cursor, DumpError, bytes_to, list_of, map_of, need, or_nil, row_of, text, that, uint, up_to

MAGIC, FRAME, TAIL, END = b"\xc7\x0eKKGDUMP\r\n\x1a\n", b"\x92\xc7\x18", b"\xc7\x1cZ", b"KGDEND\r\n"
MINOR, MIB, NAME = 1, 1 << 20, 65535
KEY, VALUE, RAW_BLOCK, PAYLOAD = 16 * MIB, 1024 * MIB, 1040 * MIB + 10, 1072 * MIB + 74
KEYSPACES, INDEX_FRAMES, INDEX_BLOCKS, FOOTER_KEY, EXPANSION, FREE_EXPANSION = 65536, 262144, 1024, 256, 256, 16 * MIB
PAYLOADS = {"H": 16 * MIB, "F": 32 * MIB, "B": PAYLOAD, "I": MIB + 2 * KEY + 128, "G": 2 * KEY + 256,
            "S": MIB // 8, "E": MIB // 8, "A": MIB // 8}
TOTALS = ("entries", "keyBytes", "valueBytes", "blocks", "rawBytes", "storedBytes", "gaps")
# The maps of the specification [R22].
def distinct(read): return that(read, lambda maps: len({each["name"] for each in maps}) == len(maps))  # [R23]
def one_of(*words): return that(text, words.__contains__)
uuid = that(text, re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch)
digest = that(Cursor.bin, lambda value: len(value) == 32)
codec = that(uint, lambda value: value < len(CODECS), "CODEC_UNKNOWN")  # [R24]
name, key = bytes_to(NAME), bytes_to(KEY)
KEYSPACE = dict(name=name, order=one_of("bytewise", "reverse-bytewise"), entries=uint, bytes=uint, options=Cursor.text_map)
BASE = dict(id=uuid, keyspaces=distinct(list_of(map_of(name=name, entries=uint, digest=digest), KEYSPACES)))
SOURCE = dict(engine=text, version=text, database=or_nil(text), sequence=or_nil(up_to(2**64 - 1)))
def header_of(minor): return dict(  # The source has options since version 1.1.
    format=row_of(uint, uint), id=uuid, time=up_to(8_640_000_000_000_000), producer=text, kind=one_of("full", "delta"),
    base=or_nil(map_of(**BASE)), salvaged=or_nil(map_of(id=or_nil(uuid))), source=map_of(**SOURCE, **(dict(options=Cursor.text_map) if minor else {})), codec=codec,
    blockSize=that(up_to(2**32 - 1), lambda value: value > 0), filter=or_nil(text),
    keyspaces=distinct(list_of(map_of(**KEYSPACE), KEYSPACES)))
START = dict(keyspace=uint, name=name, order=text)
BLOCK = row_of(uint, codec, up_to(2**32 - 1), uint, key, key, bytes_to(PAYLOAD))
GAP = dict(keyspace=uint, after=or_nil(key), before=or_nil(key), blocks=or_nil(uint), entries=or_nil(uint), bytes=or_nil(uint))
SUMS = dict.fromkeys(TOTALS, uint)
END_OF_KEYSPACE = dict(SUMS, digest=digest, result=or_nil(map_of(entries=uint, digest=digest)))
LOCATION = row_of(uint, uint, uint, uint, up_to(INDEX_BLOCKS), or_nil(bytes_to(FOOTER_KEY)))
FOOTER = dict(SUMS, keyspaces=list_of(map_of(**END_OF_KEYSPACE), 2**32), indexes=list_of(LOCATION, INDEX_FRAMES))

def entries_of(raw, deletions, before):
    """The entries as pairs of bytes; the value of a removed key is None."""
    unpacker = msgpack.Unpacker(max_buffer_size=len(raw), max_str_len=0, max_array_len=0, max_map_len=0, max_ext_len=0)
    unpacker.feed(raw)
    try:
        items = list(unpacker)
    except (ValueError, msgpack.UnpackException) as error:
        raise DumpError("ENTRIES_MALFORMED", f"something else than bins: {error}") from error
    entries, size, last = list(zip(items[0::2], items[1::2])), 0, None
    for own, value in entries:
        bins = type(own) is bytes and (type(value) is bytes or value is None and deletions)
        need(bins, "ENTRIES_MALFORMED", "a key or value is no bin")  # [R36]
        need(len(own) <= KEY and (value is None or len(value) <= VALUE), "LIMIT_EXCEEDED", "a key or value is too long")
        need(last is None or before(last, own), "ORDER_BROKEN", "a key does not come after the one before it")  # [R38]
        last = own
        for each in (own, value):
            size += 1 if each is None else len(each) + (2 if len(each) < 256 else 3 if len(each) < 65536 else 5)
    # Bytes that make no whole entry, and forms that are not the shortest, leave a difference [R35].
    need(size == len(raw) and len(items) % 2 == 0, "ENTRIES_MALFORMED", "not whole entries in their shortest form")
    return entries

class Dump:
    """Follows one dump through its grammar. `place` is where an error found now is: offset and block."""
    def __init__(self, stream):
        self.stream, self.at, self.place, self.sequence, self.marker = stream, 0, (0, None), 0, None
        self.header, self.inside, self.ended, self.blocks, self.indexes, self.waiting = None, None, [], 0, [], []

    def read(self, length):
        parts, left = [], length
        while left > 0 and (part := self.stream.read(min(left, MIB))):
            parts.append(part)
            left -= len(part)
        self.at += length - left
        return b"".join(parts)

    def need_all(self, data, length):  # [R9]
        self.place = (self.at, self.place[1]) if len(data) < length else self.place
        need(len(data) >= length, "TRUNCATED", "the dump is cut off")
        return data

    def magic(self):
        data = self.read(17)
        need(MAGIC.startswith(data[:13]), "NOT_A_DUMP", "the input is not a dump")  # [R1]
        self.need_all(data, 17)
        self.version = list(struct.unpack(">HH", data[13:]))
        need(self.version[0] == 1, "VERSION_UNSUPPORTED", "format version {}.{}".format(*self.version))  # [R2]

    def frame(self):
        start = self.at
        self.place = (start, self.blocks if self.inside else None)
        head = self.read(33)
        other = head != b"" and (TAIL.startswith(head[:3]) or MAGIC.startswith(head[:13]))
        need(not other, "FRAME_MISPLACED", "a tail or another dump stands here")  # [R8]
        self.need_all(head, 33 if FRAME.startswith(head[:3]) else 0)
        whole = len(head) == 33 and head[:3] == FRAME and head[28] == 0xC6 and head[16:20] == head[29:33]
        need(whole and crc32(head[3:24]) == int.from_bytes(head[24:28], "big"), "FRAME_DAMAGED", "no frame's head")  # [R3]
        kind, (marker, sequence, length, crc) = chr(head[3]), struct.unpack(">8sIII", head[4:24])
        self.marker = self.marker or marker
        need(marker == self.marker, "FRAME_FOREIGN", "a frame of another dump")  # [R4]
        need(sequence == self.sequence, "SEQUENCE_BROKEN", f"frame {sequence} instead of {self.sequence}")  # [R5]
        self.sequence += 1
        need(length <= PAYLOADS.get(kind, 16 * MIB), "LIMIT_EXCEEDED", f"a payload of {length} bytes")  # [R6]
        payload = self.need_all(self.read(length), length)
        need(crc32(payload) == crc, "CHECKSUM_MISMATCH", "the payload's checksum is wrong")  # [R7]
        self.place = (start, self.blocks if kind == "B" else None)
        return kind, payload, start

    def grammar(self, kind, payload, start):
        """What a frame means: an event, or None. Where each may stand is [R8]."""
        cursor = Cursor(payload, self.version[1] > MINOR)
        allowed = (kind == "H") == (self.header is None) and kind not in ("BIGE" if self.inside is None else "SF")
        need(allowed, "FRAME_MISPLACED", f"a frame of kind {kind!a} stands here")
        if kind not in "HSBIGEFA":
            need(cursor.newer and "a" <= kind <= "z", "FRAME_UNKNOWN", f"kind {kind!a}")  # [R50] [R51]
            return None
        return getattr(self, "frame_" + kind)(cursor, start)

    def frame_H(self, cursor, start):
        need(hashlib.sha256(cursor.data).digest()[:8] == self.marker, "FRAME_FOREIGN", "the header of another dump")  # [R53]
        self.header = header = cursor.payload(header_of(self.version[1]))
        need(header["format"] == self.version, "MALFORMED", "the version is not that of the magic")  # [R21]
        need((header["kind"] == "delta") == (header["base"] is not None), "MALFORMED", "the base does not fit the kind")
        return "header", header

    def frame_S(self, cursor, start):
        found, place = cursor.payload(START), len(self.ended)
        due = place < len(self.header["keyspaces"])
        need(due and found["keyspace"] == place, "FRAME_MISPLACED", "a keyspace begins here")
        self.inside = self.header["keyspaces"][place]
        need(found.items() <= dict(self.inside, keyspace=place).items(), "MALFORMED", "not the name or order in the header")  # [R25]
        self.begin(found["order"])
        return "keyspace-start", found

    def begin(self, order):
        self.before = operator.lt if order == "bytewise" else operator.gt
        self.totals, self.hash, self.last, self.gap = dict.fromkeys(TOTALS, 0), hashlib.sha256(), None, None

    def frame_B(self, cursor, start):
        need(len(self.waiting) < INDEX_BLOCKS and sum(map(len, self.waiting)) < MIB, "INDEX_WRONG", "an index is due")  # [R39]
        keyspace, codec, raw_length, count, first, last, data = BLOCK(cursor, "block")
        cursor.end()
        need(keyspace < len(self.header["keyspaces"]), "MALFORMED", f"there is no keyspace {keyspace}")  # [R26]
        need(codec in (0, self.header["codec"]), "MALFORMED", "another codec than the header's")  # [R27]
        need(raw_length <= RAW_BLOCK, "LIMIT_EXCEEDED", f"{raw_length} raw bytes")
        need(raw_length <= max(FREE_EXPANSION, EXPANSION * len(data)), "LIMIT_EXCEEDED", "it claims to expand too far")  # [R29]
        need(len(data) < raw_length if codec else len(data) == raw_length, "MALFORMED", "data of a length that cannot be")  # [R28]
        need(1 <= count <= raw_length // 3 and (count > 1 or first == last), "MALFORMED", "entries that cannot be")  # [R30] [R31]
        need(count == 1 or self.before(first, last), "ORDER_BROKEN", "the last key does not come after the first")
        need(keyspace == len(self.ended), "FRAME_MISPLACED", "a block of another keyspace")  # [R26]
        need(self.last is None or self.before(self.last, first), "ORDER_BROKEN", "it does not come after the block before it")
        self.close_gap(first)
        raw = unpack(codec, data, raw_length)
        entries = entries_of(raw, self.header["kind"] == "delta", self.before)
        found = [len(entries), entries[0][0], entries[-1][0]]
        need(found == [count, first, last], "ENTRIES_MALFORMED", "the entries are not those that the block announces")  # [R37]
        if not self.waiting:
            self.listed = (self.blocks, first)
        self.waiting.append(msgpack.packb([start, self.at - start, codec, raw_length, len(data), count, first, last]))
        lengths = [sum(map(len, filter(None, column))) for column in zip(*entries)]
        sizes = (count, *lengths, 1, raw_length, len(data), 0)
        self.totals = {total: self.totals[total] + more for total, more in zip(TOTALS, sizes)}
        self.hash.update(raw)
        self.last, self.blocks = last, self.blocks + 1
        return "block", {"number": self.blocks - 1, "keyspace": keyspace, "offset": start, "raw": raw, "entries": entries}

    def frame_I(self, cursor, start):
        need(self.waiting, "FRAME_MISPLACED", "no block waits for an index")
        (first, first_key), count, place = self.listed, len(self.waiting), len(self.ended)
        head = b"\x93" + msgpack.packb(place) + msgpack.packb(first) + msgpack.Packer().pack_array_header(count)
        need(len(self.indexes) < INDEX_FRAMES, "LIMIT_EXCEEDED", "too many index frames")
        need(cursor.data == head + b"".join(self.waiting), "INDEX_WRONG", "the index does not list the blocks before it")  # [R40]
        self.indexes.append([start, self.at - start, place, first, count, first_key if len(first_key) <= FOOTER_KEY else None])
        self.waiting = []

    def frame_G(self, cursor, start):
        need(self.header["salvaged"] is not None, "FRAME_MISPLACED", "a gap in a dump that was not salvaged")  # [R42]
        gap = cursor.payload(GAP)
        need(gap["keyspace"] == len(self.ended), "FRAME_MISPLACED", "a gap of another keyspace")
        need(self.gap is None and gap["after"] == self.last, "GAP_WRONG", "it does not fit what is before it")  # [R41]
        self.gap, self.totals["gaps"] = gap, self.totals["gaps"] + 1
        return "gap", gap

    def close_gap(self, following):
        need(self.gap is None or self.gap["before"] == following, "GAP_WRONG", "the gap does not fit what is behind it")
        self.gap = None

    def frame_E(self, cursor, start):
        need(not self.waiting, "INDEX_WRONG", "an index frame is due")
        self.close_gap(None)
        found = cursor.payload(dict(END_OF_KEYSPACE, keyspace=uint))
        self.fit_result(found)
        need(found.pop("keyspace") == len(self.ended), "FRAME_MISPLACED", "another keyspace ends here")
        need({total: found[total] for total in TOTALS} == self.totals, "TOTALS_MISMATCH", "not the sums of the blocks")  # [R43]
        need(found["digest"] == self.hash.digest(), "DIGEST_MISMATCH", "the digest is not that of the entries")  # [R44]
        self.ended.append(found)
        self.inside = None
        return "keyspace-end", found

    def fit_result(self, end):  # [R45]
        need((end["result"] is not None) == (self.header["kind"] == "delta"), "MALFORMED", "the result does not fit the kind")

    def frame_F(self, cursor, start):
        need(len(self.ended) == len(self.header["keyspaces"]), "FRAME_MISPLACED", "a footer stands here")
        footer = cursor.payload(FOOTER)
        self.adds_up(footer)
        for said, real in zip(footer["keyspaces"], self.ended):  # [R47]
            need([said[total] for total in TOTALS] == [real[total] for total in TOTALS], "TOTALS_MISMATCH", "not those of the keyspace")
            need(said == real, "DIGEST_MISMATCH", "not those of the keyspace")
        need(footer["indexes"] == self.indexes, "INDEX_WRONG", "not the index frames of the dump")  # [R48]
        self.tail(start)
        return "footer", footer

    def adds_up(self, footer):
        need(len(footer["keyspaces"]) == len(self.header["keyspaces"]), "MALFORMED", "not the number of keyspaces")
        for end in footer["keyspaces"]:
            self.fit_result(end)
        for total in TOTALS:
            need(footer[total] == sum(end[total] for end in footer["keyspaces"]), "TOTALS_MISMATCH", f"{total} does not add up")  # [R46]
        listed = collections.Counter()
        for _, _, place, _, count, _ in footer["indexes"]:
            listed[place] += count
        once = all(said["blocks"] == listed[place] for place, said in enumerate(footer["keyspaces"]))
        need(once, "INDEX_WRONG", "the index does not list each block of each keyspace once")  # [R48]

    def frame_A(self, cursor, start):
        raise DumpError("ABORTED", "the producer gave up: " + cursor.payload(dict(reason=text))["reason"])  # [R49]

    def tail(self, footer):
        self.place = (self.at, None)
        data = self.need_all(self.read(31), 1)
        need(not FRAME.startswith(data[:3]), "FRAME_MISPLACED", "another frame follows the footer")
        self.need_all(data, 31 if TAIL.startswith(data[:3]) else 0)
        expected = b"Z" + struct.pack(">QQ", footer, self.at)
        expected = TAIL[:2] + expected + struct.pack(">I", crc32(expected)) + END
        need(data == expected, "TAIL_DAMAGED", "the tail is not the one of this dump")  # [R11]
        self.place = (self.at, None)
        need(self.read(1) == b"", "TRAILING_DATA", "something follows the dump")  # [R10]

def read_dump(stream):
    """Yields what a dump holds, in order, as pairs of a kind and a value; the footer last, when nothing follows the dump."""
    dump, kind = Dump(stream), ""
    try:
        dump.magic()
        while kind != "F":
            kind, payload, start = dump.frame()
            event = dump.grammar(kind, payload, start)
            if event is not None:
                yield event
    except DumpError as error:
        error.offset, error.block = dump.place
        raise

def main():
    parser = argparse.ArgumentParser(description="Checks a kgdump dump and says what it holds, as JSON; bytes in hexadecimal.")
    parser.add_argument("dump", nargs="?", default="-", help="a file; standard input without it")
    parser.add_argument("--entries", action="store_true", help="a line for each entry, before the summary")
    options = parser.parse_args()
    stream = sys.stdin.buffer if options.dump == "-" else open(options.dump, "rb")
    try:
        for kind, value in read_dump(stream):
            for own, content in value["entries"] if kind == "block" and options.entries else ():
                print(json.dumps({"keyspace": value["keyspace"], "key": own, "value": content}, default=bytes.hex))
            if kind in ("header", "gap", "footer"):
                print(json.dumps({kind: value}, default=bytes.hex))
    except DumpError as error:
        print(json.dumps({"message": str(error), **vars(error)}), file=sys.stderr)
        return 3

if __name__ == "__main__":
    sys.exit(main())
