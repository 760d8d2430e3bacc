/** Open dumps and lists: paths and streams alike, all entries, ranges and limits, full dumps and deltas. */
import { createReadStream } from "node:fs";
import { readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import test, { type ExecutionContext } from "ava";
import { type DumpEntry, type DumpInput, type EntryRange, exportStore, getEntry, importDump, inspectDump, KgdumpError, listBlocks, listEntries, openDump, recoverDump, restoreDump, verifyDump, verifyStore } from "#src/index.js";
import { makeStore, numbered } from "../support/stores.js";
import { loggedSeed } from "../support/seed.js";
import { temporaryDirectory } from "../support/temporary.js";

interface Made {
  readonly directory: string;
  readonly store: string;
  readonly dump: string;
}

const ENTRIES = 1500;

async function made(t: ExecutionContext): Promise<Made> {
  const directory = await temporaryDirectory(t);
  const content = { default: numbered("k", ENTRIES), nodes: { a: "1", b: "2" }, back: numbered("r", 700) };
  const store = await makeStore(directory, "store", content, [{ name: "back", comparator: "reverse-bytewise" }]);
  const dump = join(directory, "a.kgd");
  await exportStore(store, { output: dump, blockSize: 4096 });
  return { directory, store, dump };
}

/** Everything that yields a dump's bytes. */
const STREAMS: Readonly<Record<string, (path: string) => DumpInput>> = {
  "a stream of Node": (path) => createReadStream(path),
  "a stream of the web": (path) => Readable.toWeb(createReadStream(path)),
  async *"a generator of small plain arrays"(path) {
    const bytes = await readFile(path);
    for (let at = 0; at < bytes.length; at += 1000) yield new Uint8Array(bytes.subarray(at, at + 1000));
  },
};

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const shown = ({ keyspaceText, key, value }: DumpEntry): string => `${keyspaceText} ${key.toString()} ${value?.toString() ?? "-"}`;

for (const [what, streamOf] of Object.entries(STREAMS)) {
  test(`${what} is read as a path is`, async (t) => {
    const { directory, dump, store } = await made(t);
    const both = async <T>(work: (input: DumpInput) => Promise<T>): Promise<void> => {
      t.deepEqual(await work(streamOf(dump)), await work(dump));
    };
    await both(async (input) => {
      await using open = await openDump(input);
      t.is(open.path, typeof input === "string" ? dump : null);
      return [open.kind, open.header, open.footer, open.bytes, await collect(open), await open.get("nodes", "a"), await collect(open.blocks("default"))];
    });
    await both((input) => collect(listEntries(input)));
    await both((input) => collect(listBlocks(input, { keyspace: "nodes" })));
    await both((input) => getEntry(input, { key: "b" }));
    // Others begin with it.
    await both((input) => getEntry(input, { key: "k000000" }));
    await both((input) => getEntry(input, { key: "k0000009", keyspace: "default" }));
    await both(async (input) => ({ ...(await inspectDump(input, { check: true })), path: null }));
    await both(async (input) => (await verifyDump(input, { against: store })).against?.keyspaces);
    await both(async (input) => {
      const { sound, keyspaces, input: _, ...rest } = await recoverDump(input);
      return [sound, keyspaces, rest.inputBytes];
    });
    for (const [name, from] of [["s1", streamOf(dump)], ["s2", dump]] as const) {
      t.is((await importDump(from, { target: join(directory, name) })).entries, ENTRIES + 702);
    }
    t.true((await verifyStore(join(directory, "s1"), { against: join(directory, "s2") })).stores.every(({ equal }) => equal));
    t.is((await restoreDump(streamOf(dump), { target: join(directory, "r") })).entries, ENTRIES + 702);
  });
}

test("a stream that is cut short is told as a file is, wherever", async (t) => {
  const { dump } = await made(t);
  await truncate(dump, (await stat(dump)).size - 9000);
  for (const input of [() => dump, () => createReadStream(dump)]) {
    for (const work of [() => openDump(input()), () => collect(listEntries(input())), () => verifyDump(input())]) await t.throwsAsync<Error>(work(), { code: "DUMP_TRUNCATED" });
    t.is((await inspectDump(input())).problem?.code, "DUMP_TRUNCATED");
    t.false((await recoverDump(input())).sound);
  }
});

test("an open dump yields all of its entries, as often as one likes, with bytes as Buffers and names as text", async (t) => {
  const { dump } = await made(t);
  await using open = await openDump(dump);
  t.is(open.path, dump);
  for (let round = 0; round < 2; round++) {
    const counts = new Map<string, number>();
    for await (const { keyspace, keyspaceText, key, value } of open) {
      t.true(Buffer.isBuffer(keyspace) && Buffer.isBuffer(key) && Buffer.isBuffer(value));
      counts.set(keyspaceText, (counts.get(keyspaceText) ?? 0) + 1);
    }
    t.deepEqual([...counts], open.header.keyspaces.map(({ nameText }) => [nameText, { default: ENTRIES, nodes: 2, back: 700 }[nameText]]));
  }
  for await (const { key } of open) if (key.toString() === "k0000003") break;
  t.is((await open.get(Buffer.from("default"), Buffer.from("k0000007")))?.toString(), "value 7");
  t.is(await open.get("nodes", "c"), undefined);
  await t.throwsAsync(open.get("nope", "c"), { code: "KEYSPACE_UNKNOWN" });
  const [block] = await collect(open.blocks("nodes"));
  for (const odd of [undefined, null, 5, {}, [], { ...block, keyspace: 9 }, { ...block, offset: -1 }, { ...block, firstKey: "a" }]) {
    await t.throwsAsync(open.readBlock(odd as never), { code: "USAGE", message: /^readBlock: block must be/ });
  }
  t.is(block === undefined ? "" : (await open.readBlock(block)).toString("latin1"), "\xc4\x01a\xc4\x011\xc4\x01b\xc4\x012");
});

test("ranges and limits are those of a list of all entries, in each order of keys, of files and streams", async (t) => {
  const { dump } = await made(t);
  const all = await collect(listEntries(dump));
  const seed = loggedSeed(t);
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  const key = (letter: string, size: number): string => `${letter}${random(size * 2).toString().padStart(7, "0")}`.slice(0, random(8) === 0 ? 1 + random(7) : 8);
  await using open = await openDump(dump);
  let found = 0;
  for (let round = 0; round < 60; round++) {
    const keyspace = random(2) === 0 ? "default" : "back";
    const [letter, size, sign] = keyspace === "default" ? ["k", ENTRIES, 1] as const : ["r", 700, -1] as const;
    const bounds = [key(letter, size), key(letter, size)].sort((a, b) => sign * Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const range: EntryRange = {
      keyspace,
      ...(random(3) > 0 ? { from: bounds[0] } : {}),
      ...(random(3) > 0 && bounds[0] !== bounds[1] ? { to: Buffer.from(bounds[1] ?? "") } : {}),
      ...(random(4) === 0 ? { prefix: `${letter}0000${random(10).toString()}` } : {}),
      ...(random(3) === 0 ? { limit: random(20) } : {}),
      ...(random(2) === 0 ? { reverse: true } : {}),
    };
    const before = (a: Uint8Array, b: Uint8Array | string): boolean => sign * Buffer.compare(a, Buffer.from(b)) < 0;
    const wanted = (range.reverse === true ? all.toReversed() : all).filter((entry) => entry.keyspaceText === keyspace
      && (range.from === undefined || !before(entry.key, range.from)) && (range.to === undefined || before(entry.key, range.to))
      && (range.prefix === undefined || entry.key.toString().startsWith(range.prefix.toString()))).slice(0, range.limit);
    found += wanted.length;
    t.deepEqual((await collect(open.entries(range))).map(shown), wanted.map(shown), JSON.stringify(range));
    t.deepEqual((await collect(listEntries(round % 2 === 0 || range.reverse === true ? dump : createReadStream(dump), range))).map(shown), wanted.map(shown), JSON.stringify(range));
  }
  t.true(found > 500, String(found));
  for (const range of [{ from: "b", to: "a" }, { from: "a", to: "a" }]) await t.throwsAsync(collect(open.entries({ ...range, keyspace: "default" })), { code: "USAGE", message: /^from (?:comes after to|and to are the same key)/ });
  t.deepEqual((await collect(open.entries({ keyspaces: ["nodes"], limit: 1 }))).map(({ key: one }) => one.toString()), ["a"]);
  t.throws(() => open.entries({ limit: -1 }), { code: "USAGE", message: /^entries: limit must be/ });
  t.throws(() => open.entries("default" as EntryRange), { code: "USAGE" });
});

test("a list from the end is the whole list turned round, of blocks, too, and needs an index", async (t) => {
  const { dump } = await made(t);
  for (const keyspaces of [undefined, ["back", "nodes"]]) {
    t.deepEqual((await collect(listEntries(dump, { keyspaces, reverse: true }))).map(shown), (await collect(listEntries(dump, { keyspaces }))).map(shown).reverse());
    t.deepEqual(await collect(listBlocks(dump, { keyspaces, reverse: true })), (await collect(listBlocks(dump, { keyspaces }))).reverse());
  }
  await using open = await openDump(createReadStream(dump));
  t.deepEqual((await collect(open.entries({ reverse: true, keyspace: "back", limit: 2 }))).map(({ key }) => key.toString()), ["r0000000", "r0000001"]);
  await t.throwsAsync(collect(listEntries(createReadStream(dump), { reverse: true })), { code: "USAGE", message: /regular file/ });
  await truncate(dump, (await stat(dump)).size - 9000);
  await t.throwsAsync(collect(listEntries(dump, { reverse: true })), { code: "DUMP_TRUNCATED" });
});

test("from the end, no block before the range is read", async (t) => {
  const { dump } = await made(t);
  const blocks = await collect(listBlocks(dump, { keyspace: "default" }));
  const bytes = await readFile(dump);
  // What is read of the first block is damaged.
  bytes.fill(0, blocks[0]?.offset, (blocks[0]?.offset ?? 0) + 64);
  await writeFile(dump, bytes);
  t.is((await collect(listEntries(dump, { keyspace: "default", from: "k0000700", prefix: "k00007", reverse: true }))).length, 100);
  await t.throwsAsync(collect(listEntries(dump, { keyspace: "default", reverse: true })), { instanceOf: KgdumpError });
});

test("only blocks that may hold a range are read", async (t) => {
  const { dump } = await made(t);
  const blocks = await collect(listBlocks(dump, { keyspace: "default" }));
  t.true(blocks.length > 5);
  const some = await collect(listBlocks(dump, { keyspace: "default", from: "k0000500", to: "k0000501" }));
  t.is(some.length, 1);
  t.true(some.every(({ keyspaceNameText }) => keyspaceNameText === "default"));
});

test("full dumps and deltas are told apart by type", async (t) => {
  const { directory, dump } = await made(t);
  const later = await makeStore(directory, "later", { default: numbered("k", ENTRIES + 1), nodes: { a: "1" }, back: numbered("r", 700) }, [{ name: "back", comparator: "reverse-bytewise" }]);
  const path = join(directory, "b.kgd");
  await exportStore(later, { output: path, base: [dump] });
  await using full = await openDump(dump);
  await using delta = await openDump(path);
  // That these compile is a part of the test.
  if (full.kind === "full") {
    const first: Buffer | undefined = await full.get("nodes", "b");
    const none: null = full.header.base;
    for await (const { value } of full.entries({ limit: 1 })) t.is(value.toString(), "value 0");
    t.deepEqual([first?.toString(), none], ["2", null]);
  } else t.fail();
  if (delta.kind === "delta") {
    t.is(delta.header.base.dumpId, full.header.dumpId);
    t.deepEqual(delta.header.base.keyspaces.map(({ nameText }) => nameText).sort(), ["back", "default", "nodes"]);
    t.is(await delta.get("nodes", "b"), null);
    const changes: [string, string, string | undefined][] = [];
    for await (const { keyspaceText, key, value } of delta) changes.push([keyspaceText, key.toString(), value?.toString()]);
    t.deepEqual(changes.sort(), [["default", "k0001500", "value 1500"], ["nodes", "b", undefined]]);
  } else t.fail();
  t.deepEqual([(await inspectDump(path)).header.kind, (await inspectDump(dump)).header.kind], ["delta", "full"]);
});

test("reading ends with the signal's reason, also while a stream is kept", async (t) => {
  const { dump } = await made(t);
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  const ways = [
    () => openDump(createReadStream(dump), { signal }), () => collect(listEntries(dump, { signal })), () => collect(listEntries(createReadStream(dump), { signal })),
    () => inspectDump(createReadStream(dump), { signal }), () => verifyDump(dump, { signal }), () => recoverDump(createReadStream(dump), { signal }),
  ];
  for (const way of ways) t.is(await t.throwsAsync<Error>(way()), reason);
});

test("an error of a stream is told as what it is", async (t) => {
  const broken = (): AsyncIterable<Uint8Array> => Readable.from((function* () {
    yield Buffer.from("K");
    throw new Error("the wire was cut");
  })());
  await t.throwsAsync(openDump(broken()), { code: "IO_FAILED", message: /the wire was cut/ });
  await t.throwsAsync(inspectDump(broken()), { code: "IO_FAILED", message: /the wire was cut/ });
  // It fails before anybody reads it.
  const directory = await temporaryDirectory(t);
  const missing = (): DumpInput => createReadStream(join(directory, "missing"));
  for (const way of [() => openDump(missing()), () => inspectDump(missing()), () => recoverDump(missing()), () => importDump(missing(), { target: join(directory, "x") })]) await t.throwsAsync<Error>(way(), { code: "NOT_FOUND" });
});
