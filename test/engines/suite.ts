/** What every engine must do, whichever it is: each runs this suite with a manifest of what is its own. */
import { readdirSync, readlinkSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import fc from "../support/properties.js";
import type { Engine } from "#src/engines/engine.js";
import { engineOf, engineOfRemains } from "#src/engines/registry.js";
import type { EntryLoader, EntrySink, EntrySource, KeyOrder, ScanOptions } from "#src/engines/store.js";
import { encodeEntries, iterateEntries } from "#src/format/entries.js";
import { loggedSeed } from "../support/seed.js";
import { temporaryDirectory } from "../support/temporary.js";

/** A keyspace and its entries, in byte order. */
interface Keyspace {
  readonly name: Uint8Array;
  readonly order: KeyOrder;
  readonly entries: readonly Pair[];
}

type Pair = readonly [key: Uint8Array, value: Uint8Array];

/** What is an engine's own. */
export interface EngineManifest {
  readonly engine: Engine;
  /** Opens a store that is there for writing; left out where nothing is written into one. */
  openSink?(path: string): Promise<EntrySink>;
  /** Names that keyspaces can have. */
  readonly names: fc.Arbitrary<Uint8Array>;
  /** Whether a keyspace can be kept in the reverse of byte order. */
  readonly keepsReverse: boolean;
  /** Whether a scan can go against the keyspace's own order. */
  readonly scansBothWays: boolean;
}

/** Keys over a small alphabet, so that prefixes and bounds meet; with the bytes at both ends. */
const anyKey = fc.array(fc.constantFrom(0, 0x61, 0x62, 0xfe, 0xff), { maxLength: 5 }).map((bytes) => Uint8Array.from(bytes));
const anyValue = fc.oneof({ weight: 9, arbitrary: fc.uint8Array({ maxLength: 40 }) }, { weight: 1, arbitrary: fc.constantFrom(255, 256, 65_535, 65_536).map((length) => new Uint8Array(length).fill(7)) });
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const anyEntries = fc.uniqueArray(fc.tuple(anyKey, anyValue), { maxLength: 50, selector: ([key]) => textOf(key) }).map((entries) => entries.sort(([a], [b]) => Buffer.compare(a, b)));

const anyScan = fc.record({
  from: fc.option(anyKey, { nil: undefined }),
  to: fc.option(anyKey, { nil: undefined }),
  prefix: fc.option(anyKey, { nil: undefined }),
  limit: fc.option(fc.nat(20), { nil: undefined }),
  order: fc.constantFrom<KeyOrder | undefined>(undefined, "bytewise", "reverse-bytewise"),
  blockSize: fc.constantFrom(1, 7, 64, 300, 4096, 1 << 20),
});

/** What a scan must yield. */
function wanted({ entries, order }: Keyspace, { from, to, prefix, limit, order: asked = order }: ScanOptions): Pair[] {
  const sign = asked === "bytewise" ? 1 : -1;
  const compare = (a: Uint8Array, b: Uint8Array): number => sign * Buffer.compare(a, b);
  return entries
    .filter(([key]) => (from === undefined || compare(key, from) >= 0) && (to === undefined || compare(key, to) < 0))
    .filter(([key]) => prefix === undefined || Buffer.compare(key.subarray(0, prefix.length), prefix) === 0)
    .sort(([a], [b]) => compare(a, b))
    .slice(0, limit);
}

const shown = (pairs: readonly Pair[]): string[] => pairs.map(([key, value]) => `${Buffer.from(key).toString("hex")}=${Buffer.from(value).toString("hex")}`);

/** Reads a keyspace, and checks what each block says of itself. */
async function read(t: ExecutionContext, source: Pick<EntrySource, "scan">, name: Uint8Array, options: ScanOptions): Promise<string[]> {
  const pairs: Pair[] = [];
  for await (const block of source.scan(name, options)) {
    const own: Pair[] = [...iterateEntries(block.data)].map(({ key, value }) => [new Uint8Array(key), new Uint8Array(value ?? [])] as const);
    const sum = (index: 0 | 1): number => own.reduce((total, pair) => total + pair[index].length, 0);
    t.deepEqual([block.entries, block.keyBytes, block.valueBytes], [own.length, sum(0), sum(1)]);
    t.deepEqual([block.firstKey, block.lastKey].map(textOf), [own[0], own.at(-1)].map((pair) => textOf(pair?.[0] ?? new Uint8Array())));
    t.true(own.length === 1 || block.data.length <= options.blockSize);
    pairs.push(...own);
    block.release();
  }
  return shown(pairs);
}

/** Files below a directory that this process has open, where the system tells. */
function openBelow(directory: string): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${descriptor}`);
      return path.startsWith(`${directory}/`) ? [path] : [];
    } catch {
      return [];
    }
  });
}

/** Begins a store of whole keyspaces. */
function load({ engine }: EngineManifest, path: string, keyspaces: readonly Keyspace[]): Promise<EntryLoader> {
  if (engine.openLoader === undefined) throw new TypeError("its stores are only read");
  return engine.openLoader(path, { keyspaces: keyspaces.map(({ name, order }) => ({ name, comparator: order })), scratch: `${path}-scratch` });
}

async function make(manifest: EngineManifest, path: string, keyspaces: readonly Keyspace[]): Promise<void> {
  await using loader = await load(manifest, path, keyspaces);
  for (const { name, order, entries } of keyspaces) {
    await loader.startKeyspace(name, order);
    const ordered = wanted({ name, order, entries }, { blockSize: 1 });
    for (let at = 0; at < ordered.length; at += 7) await loader.load(encodeEntries(ordered.slice(at, at + 7).map(([key, value]) => ({ key, value }))));
    await loader.finishKeyspace();
  }
  await loader.finish();
}

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");
const some: Keyspace = { name: bytes("default"), order: "bytewise", entries: [...Array(300).keys()].map((number) => [bytes(`key${number.toString().padStart(4, "0")}`), bytes(`value ${number.toString()}`)] as const) };

/** Runs the suite. */
export function engineSuite(manifest: EngineManifest): void {
  const { engine, openSink } = manifest;
  const title = (text: string): string => `${engine.title} as an engine: ${text}`;

  test(title("what was loaded comes back, in any range, order and block"), async (t) => {
    const seed = loggedSeed(t);
    const directory = await temporaryDirectory(t);
    const order = fc.constantFrom<KeyOrder>("bytewise", ...(manifest.keepsReverse ? ["reverse-bytewise" as const] : []));
    const keyspace = fc.record({ name: manifest.names, order, entries: anyEntries });
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(keyspace, { minLength: 1, maxLength: 4, selector: ({ name }) => textOf(name) }), fc.array(anyScan, { minLength: 1, maxLength: 5 }), async (keyspaces, scans) => {
        const path = join(directory, (number++).toString());
        await make(manifest, path, keyspaces);
        await using source = await engine.openSource(path, {});
        t.is(source.info.engine, engine.name);
        const filled = keyspaces.filter(({ entries }) => entries.length > 0);
        for (const { name, order: kept } of filled) t.is(source.info.keyspaces.find((found) => Buffer.compare(found.name, name) === 0)?.comparator, kept);
        for (const each of filled) {
          for (const scan of scans) {
            const against = scan.order !== undefined && scan.order !== each.order;
            if (against && !manifest.scansBothWays) await t.throwsAsync(read(t, source, each.name, scan), { code: "STORE_UNSUPPORTED" });
            else t.deepEqual(await read(t, source, each.name, scan), shown(wanted(each, scan)));
          }
        }
      }),
      { seed, numRuns: 25 },
    );
  });

  test(title("its stores are recognised by the names in them, whole or not, and by no other engine"), async (t) => {
    const path = join(await temporaryDirectory(t), "store");
    await make(manifest, path, [some]);
    const names = await readdir(path);
    t.is(engineOf(names), engine.name);
    t.is(engineOfRemains(names), engine.name);
    t.true(names.includes(engine.everyStoreHas));
    t.deepEqual(names.filter((name) => !engine.ownNames.test(name)), []);
    for (const lost of names) t.true([engine.name, null].includes(engineOf(names.filter((name) => name !== lost))), lost);
  });

  test(title("a lock is one program's, ends when it is let go, and is held by reading when it says so"), async (t) => {
    const path = join(await temporaryDirectory(t), "store");
    await make(manifest, path, [some]);
    const lock = await engine.lock(path);
    await t.throwsAsync(Promise.resolve(engine.lock(path)), { code: "STORE_IN_USE" });
    if (openSink !== undefined) await t.throwsAsync(openSink(path), { code: "STORE_IN_USE" });
    if (engine.readingLocks) await t.throwsAsync(engine.openSource(path, {}), { code: "STORE_IN_USE" });
    else await (await engine.openSource(path, {})).close();
    lock.release();
    lock.release();
    const source = await engine.openSource(path, {});
    if (engine.readingLocks) await t.throwsAsync(Promise.resolve(engine.lock(path)), { code: "STORE_IN_USE" });
    await source.close();
    await source.close();
    (await engine.lock(path)).release();
  });

  test(title("a scan that is left early, or aborted, lets the store go"), async (t) => {
    const path = join(await temporaryDirectory(t), "store");
    await make(manifest, path, [some]);
    const source = await engine.openSource(path, {});
    for await (const block of source.scan(some.name, { blockSize: 100 })) {
      block.release();
      break;
    }
    const stop = new AbortController();
    await t.throwsAsync(
      async () => {
        for await (const block of source.scan(some.name, { blockSize: 100, signal: stop.signal })) {
          block.release();
          stop.abort(new Error("enough"));
        }
      },
      { message: "enough" },
    );
    t.is((await read(t, source, some.name, { blockSize: 1000 })).length, 300);
    await source.close();
    (await engine.lock(path)).release();
  });

  test(title("what is closed has no file of the store open, lest its directory stay where such files keep a name"), async (t) => {
    const path = join(await temporaryDirectory(t), "store");
    await make(manifest, path, [some]);
    t.deepEqual(openBelow(path), []);
    const source = await engine.openSource(path, {});
    t.is((await read(t, source, some.name, { blockSize: 1000 })).length, 300);
    await source.account?.(some.name, 300);
    await source.close();
    t.deepEqual(openBelow(path), []);
    if (openSink === undefined) return;
    const sink = await openSink(path);
    await sink.apply(some.name, encodeEntries([{ key: bytes("new"), value: bytes("1") }]), "overwrite");
    await sink.flush();
    await sink.close();
    t.deepEqual(openBelow(path), []);
    // What was only just written is in a log.
    await (await engine.openSource(path, {})).close();
    t.deepEqual(openBelow(path), []);
  });

  if (openSink !== undefined) test(title("a sink adds, keeps, replaces and refuses, and tells what it did; comparing changes nothing"), async (t) => {
    const path = join(await temporaryDirectory(t), "store");
    await make(manifest, path, [some]);
    const block = encodeEntries([["key0001", "other"], ["new", "1"]].map(([key = "", value = ""]) => ({ key: bytes(key), value: bytes(value) })));
    {
      await using sink = await openSink(path);
      t.deepEqual(await sink.compare(some.name, block), { missing: 1, changed: 1, firstKey: bytes("key0001") });
      await t.throwsAsync(sink.apply(some.name, block, "fail"), { code: "KEY_EXISTS" });
      t.deepEqual(await sink.apply(some.name, block, "keep"), { written: 1, kept: 1 });
      t.like(await sink.compare(some.name, block), { missing: 0, changed: 1 });
      t.deepEqual(await sink.apply(some.name, block, "overwrite"), { written: 2, kept: 0 });
      t.deepEqual(await sink.compare(some.name, block), { missing: 0, changed: 0, firstKey: null });
      await sink.flush();
      await sink.close();
    }
    await using source = await engine.openSource(path, {});
    const found = await read(t, source, some.name, { blockSize: 4096 });
    t.is(found.length, 301);
    t.true(found.includes(shown([[bytes("key0001"), bytes("other")]])[0] ?? ""));
  });

  test(title("keys that are out of order, or there twice, end a load"), async (t) => {
    const directory = await temporaryDirectory(t);
    for (const [name, keys] of [["swapped", ["b", "a"]], ["twice", ["a", "a"]]] as const) {
      const loader = await load(manifest, join(directory, name), [some]);
      await t.throwsAsync(
        async () => {
          await loader.startKeyspace(some.name, "bytewise");
          await loader.load(encodeEntries(keys.map((key) => ({ key: bytes(key), value: bytes("1") }))));
          await loader.finishKeyspace();
          await loader.finish();
        },
        { code: "DUMP_ORDER_BROKEN" },
        name,
      );
      await loader.close();
      await loader.close();
    }
  });

  test(title("a sound store is salvaged whole, and nothing is called lost"), async (t) => {
    const path = join(await temporaryDirectory(t), "store");
    await make(manifest, path, [some]);
    await using salvage = await engine.openSalvage(path, {});
    const keyspace = salvage.info.keyspaces.find(({ name }) => Buffer.compare(name, some.name) === 0);
    const pairs: Pair[] = [];
    for await (const piece of salvage.scan(keyspace?.name ?? new Uint8Array(), { blockSize: 1000 })) {
      t.is(piece.type, "entries");
      if (piece.type !== "entries") continue;
      t.is(piece.block.doubtful, 0);
      for (const { key, value } of iterateEntries(piece.block.data)) pairs.push([new Uint8Array(key), new Uint8Array(value ?? [])]);
    }
    t.deepEqual(shown(pairs), shown(some.entries));
    t.deepEqual([salvage.losses, salvage.unsure], [[], false]);
  });
}
