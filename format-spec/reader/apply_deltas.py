#!/usr/bin/env python3
"""Applies deltas to a dump. Written from ../README.md, as an example: all entries are in memory.

    python3 apply_deltas.py DUMP DELTA...       a line of JSON for each entry of what comes of them

[R…] and [P…] are the requirements of the specification that a place meets."""
import hashlib, json, sys
import msgpack
from kgdump_reader import read_dump
from strict_msgpack import DumpError, need


class BaseDifferent(DumpError):
    """A delta builds on something else than what it is applied to."""
    def __init__(self, message):
        super().__init__("", message)
        self.code = "DELTA_BASE_DIFFERENT"


def builds(sound, message):
    if not sound:
        raise BaseDifferent(message)


def state_of(entries, order):
    """What a keyspace holds, as a base describes it."""
    raw = b"".join(msgpack.packb(part) for own in sorted(entries, reverse=order != "bytewise") for part in (own, entries[own]))
    return {"entries": len(entries), "digest": hashlib.sha256(raw).digest()}


def read_whole(path):
    """A dump's header, and of each keyspace in order its entries and the result of its end."""
    held, name = {}, None
    with open(path, "rb") as stream:
        for kind, value in read_dump(stream):
            if kind == "header":
                header = value
            elif kind == "keyspace-start":
                name = value["name"]
                held[name] = ({}, None)
            elif kind == "block":
                held[name][0].update(value["entries"])
            elif kind == "keyspace-end":
                held[name] = (held[name][0], value["result"])
    return header, held


def check_base(base, known, dump_id, orders, header):
    """Whether a delta builds on what it is applied to [P1]."""
    builds(base is not None and base["id"] == dump_id, "the delta builds on another dump")
    said = {each["name"]: {"entries": each["entries"], "digest": each["digest"]} for each in base["keyspaces"]}
    found = {name: state_of(entries, orders[name]) for name, entries in known.items()}
    builds(said == found, "the delta builds on something else")
    same = all(orders.get(each["name"], each["order"]) == each["order"] for each in header["keyspaces"])
    builds(same, "a keyspace is in another order")


def apply(paths):
    """What a dump and the deltas behind it lead to: by name, a keyspace's order and its entries."""
    known, orders, dump_id = None, {}, None
    for path in paths:
        header, held = read_whole(path)
        if known is None:
            builds(header["kind"] == "full", "a delta comes first")
            known = {name: entries for name, (entries, _) in held.items()}
        else:
            check_base(header["base"], known, dump_id, orders, header)
            after = {}
            for name, (changes, result) in held.items():
                merged = {**known.get(name, {}), **changes}
                after[name] = {own: value for own, value in merged.items() if value is not None}
                order = next(each["order"] for each in header["keyspaces"] if each["name"] == name)
                need(state_of(after[name], order) == result, "DIGEST_MISMATCH", "the result is another")  # [P10]
            known = after
        orders, dump_id = {each["name"]: each["order"] for each in header["keyspaces"]}, header["id"]
    return {name: (orders[name], dict(sorted(entries.items(), reverse=orders[name] != "bytewise"))) for name, entries in known.items()}


def main():
    try:
        for name, (_, entries) in apply(sys.argv[1:]).items():
            for own, value in entries.items():
                print(json.dumps({"keyspace": name.hex(), "key": own.hex(), "value": value.hex()}))
    except DumpError as error:
        print(json.dumps({"message": str(error), **vars(error)}), file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main())
