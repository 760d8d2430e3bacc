/** Which keyspace has the tree that several would become, in whatever order they are told. */
import test from "ava";
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
