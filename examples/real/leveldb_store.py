"""Stores of LevelDB, by plyvel.

    python leveldb_store.py make KIND STORE SEED    makes a store; KIND is one of those below
    python leveldb_store.py digest STORE            entries, bytes, and a SHA-256 of all of them; changes the store, as opening does
"""
import hashlib
import os
import random
import signal
import struct
import sys

import plyvel


def some_bytes(rng, most):
    """Few bytes or many, mostly such as can be compressed."""
    length = rng.choice([0, 1, rng.randrange(most), rng.randrange(most)])
    return rng.randbytes(length) if rng.random() < 0.3 else (rng.choice([b"value ", b"\x00", b"abc123"]) * (length // 2 + 1))[:length]


def some_key(rng, keys):
    """A key out of so many, with bytes of every kind."""
    number = rng.randrange(keys)
    return rng.choice([b"key%06d" % number, struct.pack(">I", number), b"\xff" * (number % 5), b"" if number % 97 == 0 else b"%d" % number])


def write(db, rng, times, keys=2000, most=300, deletes=0.2):
    for _ in range(times):
        if rng.random() < deletes:
            db.delete(some_key(rng, keys))
        else:
            db.put(some_key(rng, keys), some_bytes(rng, most))


def batches(db, rng, times):
    """Batches of all sizes: larger than a block of the log, and empty ones."""
    for _ in range(times):
        with db.write_batch(sync=rng.random() < 0.1) as batch:
            write(batch, rng, rng.choice([0, 1, 3, 40, 400]))


def reopened(path, rng, times, **options):
    for _ in range(times):
        with plyvel.DB(path, create_if_missing=True, **options) as db:
            write(db, rng, rng.choice([0, 1, 50, 1500]))


def killed(path, rng):
    """A process that is killed while it writes, small tables and large records alike."""
    child = os.fork()
    if child == 0:
        db = plyvel.DB(path, create_if_missing=True, write_buffer_size=1 << 16)
        while True:
            write(db, rng, 10, most=rng.choice([50, 300, 100_000]))
    while not os.path.exists(os.path.join(path, "CURRENT")):
        os.sched_yield()
    import time

    time.sleep(rng.uniform(0.05, 0.6))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def in_order_of_length(a, b):
    """Not the order of bytes."""
    return (len(a), a) > (len(b), b) and 1 or ((len(a), a) < (len(b), b) and -1 or 0)


SMALL = {"write_buffer_size": 1 << 16, "max_file_size": 1 << 16}


def make(kind, path, rng):
    if kind == "killed":
        return killed(path, rng)
    if kind == "reopened":
        return reopened(path, rng, 8)
    options = {
        "log": {},
        "empty": {},
        "tables": SMALL,
        "uncompressed": {**SMALL, "compression": None},
        "blocks": {**SMALL, "block_size": 256, "block_restart_interval": 1},
        "bloom": {**SMALL, "bloom_filter_bits": 10},
        "deleted": SMALL,
        "compacted": SMALL,
        "batches": SMALL,
        "huge": {},
        "renamed": SMALL,
        "comparator": {"comparator": in_order_of_length, "comparator_name": b"idb_cmp1"},
    }[kind]
    with plyvel.DB(path, create_if_missing=True, **options) as db:
        if kind == "batches":
            batches(db, rng, 60)
        elif kind == "huge":
            for number in range(3):
                db.put(b"huge%d" % number, rng.randbytes(9 << 20))
            write(db, rng, 500)
        elif kind != "empty":
            write(db, rng, 500 if kind in ("log", "comparator") else 12_000)
        if kind in ("deleted", "compacted"):
            db.compact_range()
        if kind == "deleted":
            for key in list(db.iterator(include_value=False)):
                db.delete(key)
            write(db, rng, 20, deletes=0)
    if kind == "renamed":
        # LevelDB's name for tables was .sst before version 1.14; it reads both.
        for name in os.listdir(path):
            if name.endswith(".ldb"):
                os.rename(os.path.join(path, name), os.path.join(path, name[:-4] + ".sst"))


def digest(path):
    hash_of_all, entries, size = hashlib.sha256(), 0, 0
    with plyvel.DB(path) as db:
        for key, value in db:
            hash_of_all.update(struct.pack("<I", len(key)) + key + struct.pack("<I", len(value)) + value)
            entries, size = entries + 1, size + len(key) + len(value)
    print(entries, size, hash_of_all.hexdigest())


if sys.argv[1] == "make":
    make(sys.argv[2], sys.argv[3], random.Random(int(sys.argv[4])))
else:
    digest(sys.argv[2])
