/** What the header of an export says of the store, of the time, and of what is left out. */
import test from "ava";
import type { KeyspaceInfo, StoreInfo } from "#src/engines/store.js";
import { type HeaderOptions, makeHeader } from "#src/operations/export/header.js";

const KEYSPACES = ["a", "b", "c"].map((name): KeyspaceInfo => ({ name: Buffer.from(name), comparator: "bytewise", estimatedEntries: 3, estimatedBytes: 30 }));
const INFO: StoreInfo = { engine: "rocksdb", path: "/store", version: "10.10.1", keyspaces: KEYSPACES, databaseId: null, sequenceNumber: null, options: new Map(), warnings: [] };
const OPTIONS: HeaderOptions = { codec: "none", blockSize: 1024, base: null };

test("a dump that lacks keyspaces or entries says so, however they were chosen, and one that lacks none does not", (t) => {
  for (const [what, count, options, wanted] of [
    ["all", 3, {}, null],
    ["all, each by name", 3, { keyspaces: ["a", "b", "c"] }, null],
    ["all but one", 2, {}, "some keyspaces"],
    ["one by name", 1, { keyspaces: ["a"] }, "some keyspaces"],
    ["all but one that is excluded", 2, { excludeKeyspaces: ["c"] }, "some keyspaces"],
    ["none", 0, {}, "some keyspaces"],
    ["keys of all", 3, { prefix: Buffer.from("k") }, "prefix=hex:6b"],
    ["keys of some", 1, { from: Buffer.from("k"), to: Buffer.from("l") }, "some keyspaces from=hex:6b to=hex:6c"],
    ["some of all", 3, { limit: 0 }, "limit=0"],
  ] as const) t.is(makeHeader(INFO, KEYSPACES.slice(0, count), { ...OPTIONS, ...options }).filter, wanted, what);
});

test("what the store has is told only where all of it is exported", (t) => {
  for (const [options, wanted] of [[{}, 3], [{ limit: 9 }, 0], [{ from: Buffer.from("k") }, 0], [{ base: { dumpId: "", keyspaces: [] } }, 0]] as const) {
    t.deepEqual(makeHeader(INFO, KEYSPACES, { ...OPTIONS, ...options }).keyspaces.map(({ estimatedEntries }) => estimatedEntries), [wanted, wanted, wanted]);
  }
});

test("the time that was asked for goes before that of SOURCE_DATE_EPOCH, and that before the clock", (t) => {
  const asked = new Date("2001-02-03T04:05:06.000Z");
  const before = process.env.SOURCE_DATE_EPOCH;
  const created = (epoch: string | undefined, createdAt: Date | undefined): Date => {
    if (epoch === undefined) delete process.env.SOURCE_DATE_EPOCH;
    else process.env.SOURCE_DATE_EPOCH = epoch;
    try {
      return makeHeader(INFO, KEYSPACES, { ...OPTIONS, createdAt }).createdAt;
    } finally {
      if (before === undefined) delete process.env.SOURCE_DATE_EPOCH;
      else process.env.SOURCE_DATE_EPOCH = before;
    }
  };
  t.deepEqual([created("1000000000", asked), created(undefined, asked), created("1000000000", undefined)], [asked, asked, new Date(1e12)]);
  const now = Date.now();
  t.true(created(undefined, undefined).getTime() >= now);
});
