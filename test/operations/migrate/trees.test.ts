/** Which keyspace has the tree that several would become, in whatever order they are told. */
import test from "ava";
import { type KeyspaceMap, Naming, type NamePattern } from "#src/operations/entries/naming.js";
import { journalNames, Trees } from "#src/operations/migrate/trees.js";

const hex = (name: string): string => Buffer.from(name).toString("hex");
const text = (name: string | undefined): string => Buffer.from(name ?? "", "hex").toString();
const keyspace = (name: string, entries: number) => ({ name: hex(name), comparator: "bytewise", entries, digest: "" }) as const;

for (const [what, filled, owner] of [["with entries", "t", "t"], ["with entries, renamed", "a", "a"], ["that was renamed, where none has entries", null, "a"]] as const) {
  test(`the one ${what}`, (t) => {
    const trees = new Trees(journalNames(new Map([["a", "t"]]), undefined));
    const both = ["t", "a"].map((name) => keyspace(name, name === filled ? 3 : 0));
    for (const keyspaces of [both, [...both].reverse()]) {
      t.deepEqual(trees.own(keyspaces).map(({ name }) => text(name)), [owner]);
      const back = [...trees.back(keyspaces, [Buffer.from("t")])].map((pair) => pair.map((side) => Buffer.from(side as Uint8Array).toString()));
      t.deepEqual(back, owner === "a" ? [["t", "a"]] : []);
    }
  });
}

const pattern = (before: string, after = ""): NamePattern => ({ before: Buffer.from(before), after: Buffer.from(after) });

for (const [what, map] of Object.entries<KeyspaceMap>({
  "a beginning": new Map([[pattern(""), pattern("g:")]]),
  "both ends": new Map([[pattern("a-", "-z"), pattern("new-", "-tree")]]),
  "two patterns": new Map([[pattern("a-"), pattern("one-")], [pattern("b-"), pattern("two-")]]),
  "a name beside a pattern": new Map<string | NamePattern, string | NamePattern>([["a-x", "own"], [pattern("a-"), pattern("one-")]]),
})) {
  test(`what was renamed by ${what} gets its name back, whether it was there at the migration or was made since`, (t) => {
    const names = ["a-x", "a-m-z", "b-y", "other"];
    const trees = new Trees(journalNames(map, undefined));
    const [there, since] = [names, names.filter((name) => name !== "a-x").map((name) => `${name.slice(0, 2)}since${name.slice(2)}`)];
    const all = [...there, ...since].map((name) => ({ name, tree: trees.of(Buffer.from(name)) }));
    const back = new Naming(trees.back(there.map((name) => keyspace(name, 1)), all.map(({ tree }) => tree)));
    t.deepEqual(all.map(({ tree }) => Buffer.from(back.nameOf(tree)).toString()), all.map(({ name }) => name));
    // A rule about trees that are not there would be refused.
    t.notThrows(() => { back.check(all.map(({ tree }) => tree)); });
    t.is(trees.back([], [Buffer.from("unnamed")]).size, 0);
  });
}
