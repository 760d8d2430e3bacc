#!/usr/bin/env python3
"""Runs the vectors of ../vectors through kgdump_reader.py: whole, in random chunks, and byte by byte, with the same result.

    python3 run_vectors.py [--seed N] [DIRECTORY]      exits with 1 when a vector differs
    python3 run_vectors.py --outcomes DIRECTORY        prints what each DIRECTORY/*.kgd gives, a line of JSON each
"""
import argparse
import hashlib
import io
import json
import pathlib
import random
import sys

import random_access
from apply_deltas import apply
from kgdump_reader import DumpError, read_dump

LETTERS = {"header": "H", "keyspace-start": "S", "block": "B", "gap": "G", "keyspace-end": "E", "footer": "F"}
# Byte by byte takes too long for the few large ones; random chunks are small there too.
BYTEWISE = 16_384


class Chunks:
    """A stream that gives fewer bytes than asked for, as a pipe does."""

    def __init__(self, data, size):
        self.stream, self.size = io.BytesIO(data), size

    def read(self, length):
        return self.stream.read(min(length, self.size()))


def plain(value):
    """A value of the reader as the vectors' JSON has it."""
    if isinstance(value, bytes):
        long = len(value) > 1024 and value.count(value[:1]) == len(value)
        return {"byte": value[:1].hex(), "times": len(value)} if long else value.hex()
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def outcome(stream):
    """What reading gives, in the form of the vectors' JSON."""
    events, blocks, entries, digest, keyspaces, header, footer = "", 0, 0, hashlib.sha256(), [], None, None
    error = None
    try:
        for kind, value in read_dump(stream):
            events += LETTERS[kind]
            if kind == "header":
                header = plain(value)
            elif kind == "keyspace-start":
                keyspaces.append({"entries": [], "gaps": []})
            elif kind == "block":
                blocks += 1
                entries += len(value["entries"])
                digest.update(value["raw"])
                keyspaces[-1]["entries"] += plain(value["entries"])
            elif kind == "gap":
                keyspaces[-1]["gaps"].append({name: plain(each) for name, each in value.items() if name != "keyspace"})
            elif kind == "keyspace-end":
                names = [name for name in value if name not in ("digest", "result")]
                keyspaces[-1].update(totals={name: value[name] for name in names}, digest=plain(value["digest"]), result=plain(value["result"]))
            else:
                footer = {name: value[name] for name in value if name not in ("keyspaces", "indexes")}
    except DumpError as caught:
        error = caught
    released = {"events": events, "blocks": blocks, "entries": entries, "digest": digest.hexdigest()}
    if error is not None:
        return {"code": error.code, "offset": error.offset, "block": error.block, "released": released}
    return {"header": header, "keyspaces": keyspaces, "totals": footer, "events": events}


def expected(vector):
    """The part of a vector's JSON that `outcome` gives."""
    if "code" in vector:
        return {name: vector[name] for name in ("code", "offset", "block", "released")}
    header = json.loads(json.dumps(vector["header"]))
    sequence = header["source"]["sequence"]
    header["source"]["sequence"] = None if sequence is None else int(sequence)
    if "options" in header["source"]:
        header["source"]["options"] = dict(header["source"]["options"])
    for keyspace in header["keyspaces"]:
        keyspace["options"] = dict(keyspace["options"])
    return {"header": header, "keyspaces": vector["keyspaces"], "totals": vector["totals"], "events": vector["events"]}


def applied(paths):
    """What applying deltas gives, in the form of the sets' JSON."""
    try:
        found = apply(paths)
    except DumpError as error:
        return {"code": error.code}
    return {"result": [{"name": plain(name), "order": order, "entries": plain(list(entries.items()))} for name, (order, entries) in found.items()]}


def at_random(data):
    """What reading all blocks from the tail gives: the entries of each keyspace of a sound dump, or what an invalid vector's `random` has."""
    try:
        keyspaces = [[] for _ in random_access.open_dump(io.BytesIO(data))[1]["keyspaces"]]
        for block in random_access.read_blocks(io.BytesIO(data)):
            keyspaces[block["keyspace"]] += plain(block["entries"])
    except DumpError:
        return "refused"
    try:
        for _ in read_dump(io.BytesIO(data)):
            pass
    except DumpError:
        return "unseen"
    return keyspaces


def main():
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", nargs="?", type=pathlib.Path, default=here.parent / "vectors")
    parser.add_argument("--outcomes", action="store_true")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    arguments = parser.parse_args()
    if arguments.outcomes:
        for path in sorted(arguments.directory.glob("*.kgd")):
            print(json.dumps({"name": path.stem, **outcome(io.BytesIO(path.read_bytes()))}))
        return 0
    chance = random.Random(arguments.seed)
    passed = failed = 0
    for path in sorted(arguments.directory.glob("apply/*.json")):
        vector = json.loads(path.read_text("utf-8"))
        got = applied([path.parent / name for name in vector["dumps"]])
        if got == {name: vector[name] for name in ("result", "code") if name in vector}:
            passed += 1
            continue
        failed += 1
        print(f"apply/{path.stem}:\n  got  {json.dumps(got)[:2000]}", file=sys.stderr)
    for path in sorted(path for part in ("valid", "invalid") for path in (arguments.directory / part).glob("*.json")):
        vector = json.loads(path.read_text("utf-8"))
        if at_random(path.with_suffix(".kgd").read_bytes()) == vector.get("random", [keyspace["entries"] for keyspace in vector.get("keyspaces", ())]):
            passed += 1
            continue
        failed += 1
        print(f"{path.parent.name}/{path.stem}, at random: differs", file=sys.stderr)
    for path in sorted(path for part in ("valid", "invalid") for path in (arguments.directory / part).glob("*.kgd")):
        data, vector = path.read_bytes(), json.loads(path.with_suffix(".json").read_text("utf-8"))
        ways = {"whole": lambda: 1 << 62, "in random chunks": lambda: chance.randint(1, 97)}
        if len(data) <= BYTEWISE:
            ways["byte by byte"] = lambda: 1
        for way, size in ways.items():
            got, want = outcome(Chunks(data, size)), expected(vector)
            if got == want and ("code" in vector or vector["bytes"] == len(data)):
                passed += 1
                continue
            failed += 1
            print(f"{path.parent.name}/{path.stem}, {way}:\n  got  {json.dumps(got)[:2000]}\n  want {json.dumps(want)[:2000]}", file=sys.stderr)
    print(f"{passed} passed, {failed} failed (seed {arguments.seed})")
    return 1 if failed > 0 or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
