"""Stores of RocksDict and SpeedDict, which are Python dictionaries on RocksDB.

    python python_dicts.py make LIBRARY raw|default STORE    LIBRARY is rocksdict or speedict
    python python_dicts.py copy LIBRARY STORE RAW            copies a default store into a raw one, as kgdump's hint says
    python python_dicts.py read LIBRARY STORE                a raw store's entries, a line each
"""
import importlib
import pickle
import sys

command, library, *rest = sys.argv[1:]
module = importlib.import_module(library)


def opened(path, raw):
    return module.Rdict(path, module.Options(raw_mode=raw))


def as_bytes(value):
    """How a script may keep what is no bytes: as pickle, which reads back equal."""
    return value if isinstance(value, bytes) else pickle.dumps(value)


if command == "make":
    kind, path = rest
    entries = opened(path, kind == "raw")
    for number in range(2000):
        entries[b"key%d" % number] = b"value %d" % number * (number % 9)
        if number % 5 == 0:
            del entries[b"key%d" % (number // 2)]
    if kind == "default":
        entries[1], entries["text"], entries[2.5] = "one", {"a": [1, 2]}, True
    entries.close()
elif command == "copy":
    source, target = opened(rest[0], False), opened(rest[1], True)
    for key, value in source.items():
        target[as_bytes(key)] = as_bytes(value)
    source.close()
    target.close()
else:
    entries = opened(rest[0], True)
    for key, value in entries.items():
        print(key.hex(), value.hex())
    entries.close()
