"""Exports a RocksDB store as one would write it in Python: all families, MessagePack, an LZ4 frame.

    python export.py [--pieces] STORE OUT      prints the number of entries

With --pieces, entries are joined to pieces of 1 MiB before they are compressed, which is faster.
"""
import sys

import lz4.frame
import msgpack
from rocksdict import AccessType, Options, Rdict

PIECE = 1 << 20


def entries(store):
    # Raw mode: keys and values are bytes, as other programs than rocksdict wrote them.
    names = Rdict.list_cf(store)
    families = {name: Options(raw_mode=True) for name in names}
    source = Rdict(store, Options(raw_mode=True), column_families=families, access_type=AccessType.read_only())
    for name in names:
        for key, value in source.get_column_family(name).items():
            yield name, key, value
    source.close()


def pieces(packed):
    joined = bytearray()
    for piece in packed:
        joined += piece
        if len(joined) >= PIECE:
            yield joined
            joined = bytearray()
    yield joined


def main(store, out, in_pieces):
    count = 0

    def packed():
        nonlocal count
        pack = msgpack.Packer().pack
        for entry in entries(store):
            count += 1
            yield pack(entry)

    with lz4.frame.open(out, "wb") as target:
        for piece in pieces(packed()) if in_pieces else packed():
            target.write(piece)
    print(count)


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--pieces"]
    main(*words, in_pieces="--pieces" in sys.argv)
