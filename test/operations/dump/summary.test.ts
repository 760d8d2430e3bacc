/** A dump in short is the sum of what was seen of it. */
import test from "ava";
import type { DumpEvent } from "#src/format/index.js";
import { SummaryBuilder } from "#src/operations/dump/summary.js";
import { header, keyspace } from "../../format/support/dumps.js";

test("each keyspace has the sums of its own blocks and gaps", (t) => {
  const block = (of: number, rawLength: number, storedLength: number, codec: string, entries: number) => ({ type: "block", block: { keyspace: of, entries, codec, rawLength, storedLength, firstKey: Buffer.from("a:1"), lastKey: Buffer.from(codec === "none" ? "b:1" : "a:2") } });
  const gap = (of: number, entries: number | null) => ({ type: "gap", gap: { keyspace: of, entries } });
  const builder = new SummaryBuilder("/a.kgd", "entries");
  const events = [
    { type: "header", header: header({ keyspaces: [keyspace("one"), keyspace("two"), keyspace("empty")] }) },
    block(0, 300, 100, "lz4", 3), gap(0, 5), block(0, 100, 100, "none", 1), gap(0, 6), block(0, 200, 50, "lz4", 2),
    { type: "keyspace-end", keyspace: 0, totals: { keyBytes: 7, valueBytes: 8, digest: Buffer.of(1, 2) } },
    gap(1, 1), block(1, 40, 30, "zstd", 4), gap(1, null), gap(1, 2),
  ];
  for (const event of events) builder.add(event as unknown as DumpEvent);
  const { keyspaces, ...rest } = builder.summary(1234, null);
  t.like(rest, { path: "/a.kgd", checked: "entries", complete: true, problem: null, bytes: 1234 });
  const [one, two, empty] = keyspaces;
  t.like(one, { entries: 6, blocks: 3, rawBytes: 600, storedBytes: 250, gaps: 2, missingEntries: 11, minBlockBytes: 100, maxBlockBytes: 300, codecs: { none: 1, lz4: 2, zstd: 0 }, keyBytes: 7, valueBytes: 8, digest: "0102" });
  t.deepEqual(one?.prefixes.map(({ prefix, entries, bytes, estimated }) => [Buffer.from(prefix).toString(), entries, bytes, estimated]), [["a:", 6, 550, true], ["b:", 0, 50, true]]);
  t.like(two, { entries: 4, blocks: 1, rawBytes: 40, storedBytes: 30, gaps: 3, missingEntries: null, minBlockBytes: 40, maxBlockBytes: 40, codecs: { none: 0, lz4: 0, zstd: 1 }, keyBytes: null, valueBytes: null, digest: null });
  t.like(empty, { entries: 0, blocks: 0, rawBytes: 0, storedBytes: 0, gaps: 0, missingEntries: 0, minBlockBytes: 0, maxBlockBytes: 0 });
  t.like(builder.summary(5, { code: "DUMP_TRUNCATED", message: "cut", offset: 1, block: 2 }), { complete: false, bytes: 5, problem: { code: "DUMP_TRUNCATED" } });
});
