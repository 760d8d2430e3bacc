/** Results that are made up, each like another one but for one thing. */

const bytes = (text: string): Uint8Array => Buffer.from(text);
const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index));
type Table = Readonly<Record<string, unknown>>;
/** The first, and each of the others with what it changes of that. */
const like = (first: object, others: Readonly<Record<string, object>>, name = "plain"): Table => ({
  [name]: first,
  ...Object.fromEntries(Object.entries(others).map(([what, change]) => [what, { ...first, ...change }])),
});

const digest = (letter: string): string => letter.repeat(64);

const reopen = { useCompression: false, segmentSize: 524_288, version: "0.34", cacheCapacity: null, compressionFactor: null, flushEveryMs: null, rust: "sled::Config::new()" };

const gap = { after: bytes("a"), before: bytes("c"), blocks: 1, entries: 20, bytes: 900, from: 1000, to: 1900 };
const kept = { name: bytes("nodes"), named: true, comparator: "bytewise", blocks: 2, entries: 70, rawBytes: 5000, gaps: [] };
const recover = like(
  { sound: false, lost: true, damagedId: "id", keyspaces: [{ ...kept, gaps: [gap] }], blocks: 2, entries: 70, rawBytes: 5000, gaps: 1, lostBlocks: 1, lostEntries: 20, unused: [], dropped: [], remarks: [], input: "/old.kgd", inputBytes: 6000, output: "/new.kgd", dumpId: "x", outputBytes: 4000, seconds: 2 },
  {
    "nothing lost": { lost: false, keyspaces: [kept], gaps: 0, lostBlocks: 0, lostEntries: 0, remarks: ["its footer is missing"] },
    sound: { sound: true, lost: false, keyspaces: [kept], gaps: 0, lostBlocks: 0, lostEntries: 0 },
    "sound, dry run": { sound: true, lost: false, keyspaces: [kept], gaps: 0, output: null, outputBytes: null },
    "dry run of a stream": { input: null, output: null, outputBytes: null },
    "nobody knows how much": { gaps: 2, lostBlocks: null, lostEntries: null, keyspaces: [{ ...kept, gaps: [{ ...gap, after: null, blocks: null, entries: null, to: null }, { ...gap, before: null, from: null }] }] },
    "many of everything": {
      gaps: 21,
      keyspaces: [{ ...kept, gaps: many(21, (index) => ({ ...gap, after: bytes(`k${String(index)}`) })) }],
      unused: many(22, (index) => ({ offset: 1000 * index, bytes: 5, what: "nothing of a dump" })),
      dropped: many(23, (index) => ({ offset: 1000 * index, code: "DUMP_INDEX_WRONG", message: "out of place" })),
    },
  },
);

const loss = { keyspace: bytes("nodes"), what: "entries", file: "000007.sst", offset: 4096, from: bytes("a"), to: bytes("c"), after: false, entries: 3, reason: "its checksum is wrong" };
const recoverStore = like(
  { store: "/store", engine: "rocksdb", lost: true, unsure: false, keyspaces: [{ name: bytes("nodes"), entries: 70, rawBytes: 5000, gaps: 1, doubtful: 0 }], entries: 70, rawBytes: 5000, gaps: 1, doubtful: 0, settings: null, losses: [loss], remarks: [], output: "/new.kgd", dumpId: "x", outputBytes: 4000, target: null, seconds: 2 },
  {
    "nothing lost": { lost: false, gaps: 0, losses: [], remarks: ["its LOG is missing"] },
    unsure: { unsure: true, losses: [] },
    doubtful: { doubtful: 1, losses: [{ ...loss, after: true }, { ...loss, what: "deletions", keyspace: null, from: null, to: null, entries: null, offset: null }, { ...loss, what: "value" }, { ...loss, what: "odd" }] },
    "dry run": { output: null, outputBytes: null },
    "a new store": { output: null, outputBytes: null, target: "/new" },
    "a new store and a dump": { target: "/new" },
    many: { losses: many(22, () => loss) },
  },
);

const store = { engine: "rocksdb", version: "10.10.1", path: "/store", databaseId: null, sequenceNumber: null, keyspaces: [], warnings: [] };
const ofKeyspace = { name: bytes("nodes"), entries: 70, keyBytes: 3, valueBytes: 4, rawBytes: 5000, blocks: 2, digest: digest("a") };
const exported = like(
  { dumpId: "id", store: { ...store, databaseId: "db", sequenceNumber: 2n ** 60n }, keyspaces: [ofKeyspace], entries: 1, keyBytes: 3, valueBytes: 4, rawBytes: 5000, dumpBytes: 4000, seconds: 2, warnings: [], path: "/new.kgd" },
  { "to a pipe": { path: null, entries: 7, keyspaces: [ofKeyspace, ofKeyspace] }, "larger than its entries": { dumpBytes: 5001 }, "as large as its entries": { dumpBytes: 5000 } },
);
const planned = { name: bytes("nodes"), comparator: "bytewise", selected: true, estimatedEntries: 70, estimatedBytes: 5000 };
const plan = like(
  { store, keyspaces: [planned, { ...planned, name: bytes("edges"), selected: false, comparator: "reverse-bytewise" }], estimatedEntries: 70, estimatedBytes: 5000, warnings: [], problems: [] },
  { "of sled": { store: { ...store, engine: "sled" }, keyspaces: [{ ...planned, estimatedEntries: null, estimatedBytes: null }], estimatedEntries: null, estimatedBytes: null } },
);

const loaded = { target: "/new", dumpId: "id", verified: true, entries: 70, rawBytes: 5000, seconds: 2, missing: { gaps: 0, entries: 0 }, warnings: [] };
const tree = { name: bytes("nodes"), tree: Buffer.of(0xff, 1), entries: 70, kept: 0, written: 70, digest: digest("a") };
const imported = like(
  { ...loaded, merged: false, keyspaces: [tree], reopen },
  {
    "not read back": { verified: false },
    merged: { merged: true, keyspaces: [{ ...tree, kept: 1 }, { ...tree, kept: 2 }] },
    "with gaps": { missing: { gaps: 1, entries: null } },
    compressed: { reopen: { ...reopen, useCompression: true } },
    "other segments": { reopen: { ...reopen, segmentSize: 4096 } },
    "a delta": { delta: "applied", entries: 1 },
    "a delta that was there": { delta: "already" },
  },
);
const restored = like({ ...loaded, keyspaces: [{}] }, { "not read back": { verified: false, keyspaces: [{}, {}] } });

const summarized = { name: bytes("nodes"), comparator: "bytewise", estimatedEntries: 0, entries: 70, keyBytes: 500, valueBytes: 4500, blocks: 2, rawBytes: 5000, storedBytes: 4000, gaps: 0, missingEntries: 0, minBlockBytes: 1024, maxBlockBytes: 3072, codecs: { none: 0, lz4: 2, zstd: 0 }, digest: digest("a"), prefixes: [], morePrefixes: 0 };
const share = (prefix: string, entries: number, estimated = false): object => ({ prefix: bytes(prefix), entries, bytes: entries * 10, estimated, example: bytes(`${prefix}example`) });
const header = { formatVersion: { major: 1, minor: 2 }, dumpId: "id", createdAt: new Date("2026-11-28T09:05:07Z"), producer: "kgdump", kind: "full", base: null, salvaged: null, source: { engine: "rocksdb", version: "10.10.1", databaseId: null, sequenceNumber: null, options: new Map() }, codec: "lz4", blockSize: 262_144, keyspaces: [], filter: null };
const delta = { ...header, kind: "delta", base: { dumpId: "base" } };
const salvaged = { ...header, salvaged: { dumpId: null } };
const gaps = (count: number, missingEntries: number | null): object => ({ ...summarized, gaps: count, missingEntries });
const whole = { path: "/a.kgd", complete: true, problem: null, checked: "index", header, bytes: 4321, keyspaces: [summarized] };
const summary = like(
  whole,
  {
    "every checksum": { checked: "checksums" },
    "every entry": { checked: "entries", path: null },
    "a part": { header: { ...header, filter: "limit=5" } },
    "a delta": { header: delta },
    "a part of a delta": { header: { ...delta, filter: "limit=5" } },
    "a delta with gaps": { header: { ...delta, salvaged: { dumpId: null } }, keyspaces: [gaps(1, 1)] },
    "salvaged without gaps": { header: salvaged },
    salvaged: { header: salvaged, keyspaces: [gaps(1, 20)] },
    "salvaged, and nobody knows how much": { header: salvaged, keyspaces: [gaps(1, null), gaps(2, 1)], checked: "entries" },
    cut: { complete: false, problem: { code: "DUMP_TRUNCATED", message: "it ends early", offset: 1, block: 1 }, keyspaces: [{ ...summarized, digest: null, keyBytes: null, valueBytes: null }, summarized] },
    "without entries": { keyspaces: [{ ...summarized, entries: 0, blocks: 0, rawBytes: 0, storedBytes: 0, codecs: { none: 0, lz4: 0, zstd: 0 }, comparator: "reverse-bytewise" }] },
    "without keyspaces": { keyspaces: [] },
    "with prefixes": { keyspaces: [{ ...summarized, prefixes: [share("node:", 40), share("it's:", 20, true), share("", 10)], morePrefixes: 2 }] },
    "with prefixes of two": { keyspaces: [{ ...summarized, prefixes: [share("node:", 40)] }, { ...summarized, name: bytes("edges"), prefixes: [share("", 60)] }] },
    "with more prefixes than are told": { keyspaces: [{ ...summarized, prefixes: Array.from({ length: 10 }, (_, n) => share(`p${String(n)}:`, 99 - n)), morePrefixes: 1 }] },
    "keys without a word": { keyspaces: [{ ...summarized, prefixes: [share("", 70)] }] },
    "blocks of one size, two codecs": { keyspaces: [{ ...summarized, minBlockBytes: 3072, codecs: { none: 1, lz4: 1, zstd: 0 } }] },
    "of a store that tells of itself": { header: { ...header, source: { ...header.source, engine: "other", databaseId: "db", sequenceNumber: 7000n, options: new Map([["sled.nextId", "5"], ["rocksdb.options", "a=1\nb=2"]]) } } },
  },
  "whole",
);

const held = { name: bytes("nodes"), entries: 70, digest: digest("a") };
const compared = { ...held, storeEntries: 70, storeDigest: digest("a"), equal: true, missing: 0, added: 0, changed: 0 };
const other = { ...compared, storeEntries: 71, storeDigest: digest("b"), equal: false, missing: 1, added: 2, changed: 11 };
const side = { path: "/new", engine: "sled", equal: true, differences: [], keyspaces: [compared], graph: null, options: null };
const difference = { keyspace: bytes("nodes"), key: bytes("k1"), kind: "missing" };
const different = { ...side, equal: false, keyspaces: [other], differences: [difference, { ...difference, kind: "added" }, { ...difference, kind: "changed" }] };
const graph = { layout: "maya", nodes: 2, edges: 1, lists: 2, others: 0, problems: 0, newProblems: 0, kinds: [] };
const problems = { ...graph, problems: 3, newProblems: 1, kinds: [{ kind: "list-lacks-edge", count: 2, newProblems: 1, examples: [{ kind: "list-lacks-edge", key: bytes("n1"), other: bytes("e1") }] }, { kind: "target-missing", count: 1, newProblems: 0, examples: [{ kind: "target-missing", key: null, other: bytes("n2") }] }] };
const options = { compared: 200, versions: { first: "10.10.1", store: "10.10.1" }, warnings: [], differences: [] };
const optionDifferences = { ...options, differences: [{ keyspace: null, option: "max_open_files", first: "1", store: null }, { keyspace: bytes("nodes"), option: "table.filter", first: "x".repeat(60), store: "y".repeat(61) }] };
const sample = { keyspace: bytes("nodes"), key: bytes("k1"), equal: true, values: [{ bytes: 1, start: bytes("v") }, { bytes: 1, start: bytes("v") }] };
const verification = { reference: { kind: "dump", path: "/a.kgd", keyspaces: [held], graph: null }, stores: [], samples: [], seed: 7, seconds: 2, warnings: [], dump: whole, against: null };
const { dump: _dump, ...withoutDump } = verification;
const ofStores = { ...withoutDump, reference: { ...verification.reference, kind: "rocksdb", path: "/store" } };
const verify = {
  ...like(
    verification,
    {
      "with gaps": { dump: { ...whole, keyspaces: [gaps(1, null)] } },
      "from a pipe": { reference: { ...verification.reference, path: null } },
      "an equal store": { stores: [side] },
      "a store without the keyspace": { stores: [{ ...side, equal: false, keyspaces: [{ ...other, storeEntries: 0, storeDigest: null, missing: 70, added: 0, changed: 0 }] }] },
      "a store with another keyspace": { stores: [{ ...side, equal: false, keyspaces: [compared, { ...other, name: bytes("more"), entries: 0, digest: null, missing: 0, changed: 0 }] }] },
      "another store": { stores: [different] },
      "two stores, of which one differs": { stores: [side, { ...different, path: "/third" }] },
      "equal options": { stores: [{ ...side, engine: "rocksdb", options }] },
      "other options": { stores: [{ ...side, engine: "rocksdb", equal: false, options: optionDifferences }] },
      "options of two stores": { stores: [{ ...side, engine: "rocksdb", options }, { ...side, engine: "rocksdb", path: "/third", equal: false, options: optionDifferences }] },
      samples: { stores: [side], samples: [sample, { ...sample, equal: false, values: [null, { bytes: 0, start: bytes("") }] }, { ...sample, equal: false, values: [{ bytes: 5000, start: bytes("x".repeat(4096)) }, null] }] },
      "a whole graph": { reference: { ...verification.reference, graph }, stores: [side] },
      "a graph with problems": { reference: { ...verification.reference, graph: { ...problems, newProblems: 0 } }, stores: [{ ...different, graph: problems }, { ...different, graph: { ...problems, newProblems: 0 } }, { ...different, graph: { ...graph, layout: "none" } }] },
    },
    "a dump",
  ),
  "a store": ofStores,
  "a store and another one": { ...ofStores, stores: [different] },
};

const spaces = [{ path: "/", neededBytes: 5000, freeBytes: 5000 }];
const step = { step: "export", what: "the store becomes a dump", serviceRuns: true, estimatedSeconds: 5 };
const migrationPlan = { source: "/store", target: "/store", backup: "/store.old", dump: "/a.kgd", delta: null, store, estimatedEntries: 70, estimatedBytes: 5000, neededBytes: 5000, freeBytes: 5000, spaces, estimatedSeconds: 5, live: false, estimatedDowntimeSeconds: 1, steps: [step, { ...step, step: "switch", serviceRuns: false, estimatedSeconds: null }], warnings: [] };
const preview = like(
  { status: "to-migrate", engine: "sled", target: "/store", unfinished: null, plan: migrationPlan },
  {
    already: { status: "already", plan: null },
    nothing: { status: "nothing", plan: null },
    unfinished: { status: "unfinished", plan: null, unfinished: { step: "switching", startedAt: "2026-11-28T09:05:07Z" } },
    "what was unfinished is removed": { unfinished: { step: "importing", startedAt: "2026-11-28T09:05:07Z" } },
    "too little room": { plan: { ...migrationPlan, spaces: [{ path: "/", neededBytes: 5001, freeBytes: 5000 }, { path: "/tmp", neededBytes: 1, freeBytes: 5000 }] } },
    live: { plan: { ...migrationPlan, live: true, delta: "/b.kgd" } },
    "stays where it is": { plan: { ...migrationPlan, backup: null, dump: null } },
    "of sled": { engine: "rocksdb", plan: { ...migrationPlan, store: { ...store, engine: "sled", keyspaces: [{}, {}] }, estimatedEntries: null, estimatedBytes: null } },
  },
);
const sum = { entries: 70, digest: digest("a") };
const migrate = like(
  { status: "migrated", engine: "sled", target: "/my store", backup: "/store.old", dump: "/a.kgd", delta: "/b.kgd", entries: 70, keyspaces: [{ name: bytes("nodes"), source: sum, dump: sum, target: sum }], graph: null, changes: { added: 1, changed: 2, removed: 0 }, reopen, seconds: 5, downtimeSeconds: 1, warnings: [] },
  { already: { status: "already" }, "with less": { backup: null, dump: null, delta: null, keyspaces: null, changes: null, reopen: null, downtimeSeconds: null }, "locked, without changes": { changes: null }, straight: { keyspaces: [{ name: bytes("nodes"), source: sum, dump: null, target: sum }], graph } },
);
const rollbackPreview = like(
  { status: "to-roll-back", undone: "migration", engine: "rocksdb", source: "/store", original: "/store.old", changed: null, carried: false, spaces: [] },
  { already: { status: "already" }, "to clear": { status: "to-clear" }, unfinished: { status: "unfinished" }, carried: { changed: "nodes", carried: true, spaces, original: null }, "of unknown engine": { engine: null, original: "/store" }, "carried, of unknown engine": { engine: null, carried: true, changed: "nodes" }, "a compaction": { undone: "compaction", engine: "sled" } },
);
const rollback = like(
  { status: "rolled-back", undone: "migration", engine: "rocksdb", source: "/my store", aside: "/aside", carried: false, original: null, warnings: [] },
  { already: { status: "already" }, carried: { carried: true, original: "/store.old" }, "nothing aside": { aside: null }, "a compaction": { undone: "compaction" }, "a compaction, nothing aside": { undone: "compaction", aside: null }, "a compaction, already": { undone: "compaction", status: "already" } },
);
const remain = { path: "/store.old", kind: "original", bytes: 5000, changedAt: "2026-11-28T09:05:07Z" };
const journal = { id: "m1", step: "done", stopped: false, startedAt: "S", updatedAt: "U" };
const place = (path: string, state: string): object => ({ path, bytes: state === "there" ? 5000 : null, state });
const status = like(
  { path: "/store", state: "migrated", found: "sled", version: "0.34", bytes: 5000, trouble: null, backup: place("/store.old", "there"), dump: place("/a.kgd", "gone"), compacted: null, remains: [remain, { ...remain, path: "/left", kind: "aside" }, { ...remain, path: "/j", kind: "journal" }], journal, verifiedAt: "V", entries: 70 },
  {
    "no migration": { journal: null, backup: null, dump: null, remains: [], verifiedAt: null, entries: null, version: null, bytes: null },
    empty: { found: "empty", bytes: 0 },
    absent: { found: "absent" },
    unknown: { found: "unknown" },
    trouble: { trouble: { code: "STORE_DAMAGED", message: "it is cut off", hint: "restore it" } },
    "trouble without a hint": { trouble: { code: "STORE_DAMAGED", message: "it is cut off", hint: null } },
    stopped: { journal: { ...journal, step: "rolled-back", stopped: true }, backup: place("/store.old", "not-made") },
    "rolled back": { journal: { ...journal, step: "rolled-back" }, backup: place("/store.old", "put-back") },
    unfinished: { state: "unfinished", journal: { ...journal, step: "importing" }, backup: place("/store.old", "not-made") },
    compacted: { compacted: place("/store.before", "there"), remains: [remain, { ...remain, path: "/store.before", kind: "before-compact" }] },
  },
);
const cleaned = (state: string, more: object = {}): object => ({ ...remain, state, why: null, ...more });
const cleanup = {
  nothing: { target: "/store", remains: [], bytes: 0 },
  one: { target: "/store", remains: [cleaned("removed")], bytes: 5000 },
  all: {
    target: "/store",
    remains: [cleaned("left", { kind: "aside" }), cleaned("different", { kind: "before-compact" }), cleaned("unreadable", { kind: "after-compact" }), cleaned("unreadable", { kind: "dump", why: "it is damaged" }), cleaned("unknown", { kind: "delta" }), cleaned("removed", { kind: "journal", bytes: 7 })],
    bytes: 7,
  },
};
const compactPlan = like({ store: "/store", engine: "sled", bytes: 5000, newBytes: 3000, entries: 70, freeBytes: 9000, settings: null, warnings: [] }, { unknown: { newBytes: null }, larger: { newBytes: 6000 } });
const compact = like({ store: "/store", engine: "sled", kept: "/store.before", bytesBefore: 5000, bytesAfter: 3000, entries: 1, keyspaces: 1, reopen, seconds: 2, warnings: [] }, { "of RocksDB, removed": { engine: "rocksdb", kept: null, reopen: null, keyspaces: 2 } });
const undoCompact = like({ store: "/store", engine: "sled", aside: "/aside" }, { "nothing aside": { aside: null } });

/** Results of each command, by what is special of them. */
const beginning = (prefix: string): object => ({ prefix: bytes(prefix), example: bytes(`${prefix}1`) });
const looked = (name: string, estimatedEntries: number | null, ...prefixes: object[]): object => ({ name: bytes(name), comparator: "bytewise", estimatedEntries, estimatedBytes: estimatedEntries === null ? null : estimatedEntries * 100, prefixes, morePrefixes: false });
const lookedInto = like(
  { path: "/s", engine: "rocksdb", version: "10.10.1", bytes: 5000, changedAt: new Date("2026-11-28T09:05:07Z"), databaseId: "db", sequenceNumber: 7000n, keyspaces: [looked("default", 1234, beginning("node:"), beginning(""))], warnings: [] },
  {
    "of sled": { engine: "sled", databaseId: null, sequenceNumber: null, keyspaces: [looked("default", null, beginning("x"))] },
    "of one entry": { changedAt: null, keyspaces: [looked("default", 1, beginning(""))] },
    "without entries": { keyspaces: [looked("default", 0)] },
    "with many keyspaces": { keyspaces: Array.from({ length: 10 }, (_, n) => looked(`k${String(n)}`, n, beginning(`p${String(n)}:`), beginning("q:"))) },
    "with more prefixes": { sequenceNumber: null, keyspaces: [{ ...looked("default", 5, beginning("a:")), comparator: "reverse-bytewise", morePrefixes: true }] },
  },
);

const blocks = like(
  { number: 3, keyspace: 1, keyspaceName: bytes("nodes"), codec: "lz4", entries: 70, rawLength: 5000, storedLength: 4000, offset: 4711, frameLength: 4100, firstKey: bytes("k1"), lastKey: bytes("k9") },
  { "of one key that is no text": { entries: 1, firstKey: Buffer.of(0xff), lastKey: Buffer.of(0xff) } },
);

export const results = { recover, recoverStore, export: exported, plan, import: imported, restore: restored, summary, blocks, store: lookedInto, verify: verify as Table, preview, migrate, rollbackPreview, rollback, status, cleanup: cleanup as Table, compactPlan, compact, undoCompact };
