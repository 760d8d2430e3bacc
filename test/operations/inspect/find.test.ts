/** Find against the writer's own list: whatever a store still has of a key is found, and the newest of it counts. */
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink, type RocksdbOperation } from "#src/engines/rocksdb/rocksdb.js";
import { findVersions } from "#src/operations/inspect/find.js";
import fc from "../../support/properties.js";
import { temporaryDirectory } from "../../support/temporary.js";

const KEYS = ["", "a", "aa", "ab", "b", "b\0", "c", "\xff"];
const FAMILIES = ["default", "other"] as const;
const bytes = (text: string): Buffer => Buffer.from(text, "latin1");
/** In what order keys are. */
const isIn = (key: string, from: string, to: string): boolean => Buffer.compare(bytes(from), bytes(key)) <= 0 && Buffer.compare(bytes(key), bytes(to)) < 0;

type Step = { readonly what: "put" | "delete" | "range"; readonly family: 0 | 1; readonly key: number; readonly length: number } | { readonly what: "flush" };

const steps = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: fc.record({ what: fc.constantFrom("put" as const, "put" as const, "delete" as const, "range" as const), family: fc.constantFrom(0 as const, 1 as const), key: fc.nat(KEYS.length - 1), length: fc.nat(3) }) },
    { weight: 2, arbitrary: fc.constant({ what: "flush" as const }) },
  ),
  { minLength: 20, maxLength: 80 },
);

/** One write, by its sequence number, and the keys that it is about. */
interface Written {
  readonly sequence: number;
  readonly what: "put" | "delete" | "range";
  readonly keys: readonly string[];
}

/** What a flush leaves of the writes since the one before: RocksDB drops what a newer one hides. */
function flushed(writes: readonly Written[]): Written[] {
  return writes.map((write) => {
    const isHidden = (key: string): boolean => writes.some((other) => other.sequence > write.sequence && other.keys.includes(key));
    return write.what === "range" ? write : { ...write, keys: write.keys.filter((key) => !isHidden(key)) };
  });
}

async function compare(t: ExecutionContext, drawn: readonly Step[]): Promise<void> {
  const store = join(await temporaryDirectory(t), "store");
  const kept: Record<string, Written[]> = { default: [], other: [] };
  const fresh: Record<string, Written[]> = { default: [], other: [] };
  let sequence = 0;
  {
    await using sink = await createRocksdbSink(store, { families: ["other"], blockSize: 64, options: "disable_auto_compactions=true" });
    for (const step of drawn) {
      if (step.what === "flush") {
        await sink.flush();
        for (const name of FAMILIES) kept[name]?.push(...flushed(fresh[name]?.splice(0) ?? []));
        continue;
      }
      const [name, key] = [FAMILIES[step.family], KEYS[step.key] ?? ""];
      const end = KEYS[step.key + 1 + step.length] ?? "\xff\xff";
      const isRange = step.what === "range";
      // Overlapping removals of one flush may be cut.
      if (isRange && fresh[name]?.some(({ what }) => what === "range") === true) continue;
      sequence += 1;
      const operations: Record<typeof step.what, RocksdbOperation> = {
        put: { kind: "put", key: bytes(key), value: bytes("v".repeat(sequence)) },
        delete: { kind: "delete", key: bytes(key) },
        range: { kind: "deleteRange", from: bytes(key), to: bytes(end) },
      };
      await sink.operate(name, [operations[step.what]]);
      fresh[name]?.push({ sequence, what: step.what, keys: isRange ? KEYS.filter((one) => isIn(one, key, end)) : [key] });
    }
    await sink.flush();
    for (const name of FAMILIES) kept[name]?.push(...flushed(fresh[name]?.splice(0) ?? []));
  }
  for (const key of KEYS) {
    for (const only of [undefined, ...FAMILIES]) {
      const { versions, problems } = await findVersions(store, bytes(key), only === undefined ? undefined : bytes(only));
      t.deepEqual(problems, []);
      // What was flushed, and not compacted, is on the first level.
      t.true(versions.every(({ level, offset, range }) => level === 0 && (offset === null) === (range !== null)), JSON.stringify(versions.map(({ level, offset }) => [level, offset])));
      for (const name of FAMILIES) {
        const wanted = only === undefined || only === name ? (kept[name] ?? []).filter(({ keys }) => keys.includes(key)).reverse() : [];
        const found = versions.filter(({ keyspace }) => Buffer.from(keyspace).toString() === name);
        t.deepEqual(found.map((version) => Number(version.sequence)), wanted.map((write) => write.sequence), `${name} ${JSON.stringify(key)}`);
        t.deepEqual(found.map((version) => (version.range === null ? version.valueBytes : "range")), wanted.map((write) => (write.what === "put" ? write.sequence : write.what === "delete" ? 0 : "range")));
        t.deepEqual(found.map((version) => version.counts), wanted.map((_, index) => index === 0));
      }
    }
  }
}

test("every version of every key, the first and the last of each table among them", async (t) => {
  await fc.assert(fc.asyncProperty(steps, (drawn) => compare(t, drawn)), { numRuns: 10 });
});
