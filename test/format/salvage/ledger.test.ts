/** What is added up while a damaged dump is surveyed, and which blocks an index is believed about. */
import test from "ava";
import { DEFAULT_LIMITS } from "#src/format/limits.js";
import type { Chain } from "#src/format/salvage/chain.js";
import { KeyspaceLedger } from "#src/format/salvage/holes.js";
import { type IndexList, IndexLists } from "#src/format/salvage/lists.js";
import { bytes, header, keyspace } from "../support/dumps.js";

test("what is kept of a keyspace is the sum of its blocks, and its last key that of the last one", (t) => {
  const ledger = new KeyspaceLedger(3);
  for (const [index, key] of ["a", "b", "c"].entries()) ledger.keep({ offset: 10 * index, end: 10 * index + 10, entries: 2 + index, rawLength: 100 + index, firstKey: bytes(key), lastKey: bytes(`${key}z`) }, index === 1);
  t.deepEqual([ledger.blocks, ledger.entries, ledger.rawBytes, Buffer.from(ledger.lastKey ?? []).toString()], [3, 9, 303, "cz"]);
  t.deepEqual(ledger.pieces(false), [{ type: "blocks", stretch: { offset: 0, end: 20 } }, { type: "blocks", stretch: { offset: 20, end: 30 } }]);
});

test("a gap has the sum of all that is missing in one place, its bytes too, and no sum of which a part is not known", (t) => {
  const block = (key: string) => ({ offset: 0, end: 10, entries: 1, rawLength: 9, firstKey: bytes(key), lastKey: bytes(key) });
  const gapOf = (note: (ledger: KeyspaceLedger) => void): object => {
    const ledger = new KeyspaceLedger(0);
    ledger.keep(block("a"), false);
    note(ledger);
    ledger.keep(block("c"), false);
    const [gap, ...more] = ledger.pieces(true).flatMap((piece) => (piece.type === "gap" ? [piece.gap] : []));
    t.deepEqual([more.length, Buffer.from(gap?.after ?? []).toString(), Buffer.from(gap?.before ?? []).toString()], [0, "a", "c"]);
    const { blocks, entries, bytes: missing, from, to } = gap ?? {};
    return { blocks, entries, bytes: missing, from, to };
  };
  const [one, other] = [{ from: 10, to: 20, bytes: 5 }, { from: 30, to: 40, bytes: 7 }];
  const lost = [{ entries: 3 }, { entries: 4 }];
  const had = (blocks: number | null, entries: number | null) => ({ keyspace: 0, after: null, before: null, blocks, entries, bytes: 100 });
  t.deepEqual(gapOf((ledger) => { ledger.misses(lost, one); }), { blocks: 2, entries: 7, ...one });
  t.deepEqual(gapOf((ledger) => { ledger.misses(lost, one); ledger.misses(lost, other); }), { blocks: 4, entries: 14, bytes: 12, from: 10, to: 40 });
  t.deepEqual(gapOf((ledger) => { ledger.misses(lost, one); ledger.misses(lost, null); }), { blocks: 4, entries: 14, ...one });
  for (const [first, second] of [[{ ...one, bytes: null }, other], [one, { ...other, bytes: null }]] as const) {
    t.deepEqual(gapOf((ledger) => { ledger.misses(lost, first); ledger.misses(lost, second); }), { blocks: 4, entries: 14, bytes: null, from: 10, to: 40 });
  }
  t.deepEqual(gapOf((ledger) => { ledger.had(had(2, 20)); ledger.had(had(3, 30)); ledger.misses(lost, null); }), { blocks: 7, entries: 57, bytes: 200, from: null, to: null });
  for (const unknown of [had(null, 30), had(3, null)]) t.like(gapOf((ledger) => { ledger.had(had(2, 20)); ledger.had(unknown); }), { blocks: null, entries: null });
});

test("a block is the one that an index lists when all that the index says of it is so, and not when anything is not", (t) => {
  const lists = new IndexLists({ size: 0, read: () => Promise.reject(new Error("not read")) }, { landmarks: [] } as unknown as Chain, header({ keyspaces: [keyspace("one")] }), DEFAULT_LIMITS);
  const listed = { keyspace: 0, codec: "lz4", rawLength: 100, storedLength: 50, entries: 3, frameLength: 80, firstKey: bytes("b"), lastKey: bytes("d"), offset: 0 } as const;
  const list = { sequence: 9, start: 7, keyspace: 0, blocks: [{ ...listed, firstKey: bytes("a"), lastKey: bytes("a") }, listed], next: 0 } as unknown as IndexList;
  const block = { keyspace: 0, codec: "lz4", rawLength: 100, entries: 3, firstKey: bytes("b"), lastKey: bytes("d"), data: new Uint8Array(50) };
  const find = (change: object, frame = { offset: 20, end: 100 }): number | undefined => lists.find(list, { ...block, ...change } as unknown as Parameters<IndexLists["find"]>[1], frame);
  t.is(find({}), 1);
  t.is(find({ firstKey: bytes("bb") }), undefined, "no block begins so");
  for (const change of [{ codec: "none" }, { rawLength: 101 }, { entries: 4 }, { lastKey: bytes("dd") }, { data: new Uint8Array(51) }]) t.throws(() => find(change), { code: "DUMP_INDEX_WRONG" }, JSON.stringify(change));
  t.throws(() => find({}, { offset: 20, end: 101 }), { code: "DUMP_INDEX_WRONG" });
});
