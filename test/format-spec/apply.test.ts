/** Applying deltas: the sets of dumps lead to what they say, read as a chain and applied to a store. */
import { join } from "node:path";
import test from "ava";
import { KgdumpError } from "#src/errors.js";
import { iterateEntries } from "#src/format/index.js";
import { DumpChain } from "#src/operations/dump/chain.js";
import { importDump } from "#src/operations/import/import.js";
import { exportedOf } from "../maker/exported.js";
import { temporaryDirectory } from "../support/temporary.js";
import { type AppliedVector, appliedVectors } from "./vector-files.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** What a chain of dumps leads to. */
async function chained(paths: readonly string[]): Promise<Pick<AppliedVector, "result">> {
  await using chain = await DumpChain.open(paths);
  const result: { name: string; order: string; entries: [string, string][] }[] = [];
  for (const keyspace of chain.keyspaces) {
    const entries: [string, string][] = [];
    for await (const raw of chain.entries(keyspace)) for (const { key, value } of iterateEntries(raw)) entries.push([hex(key), hex(value ?? Buffer.from("removed"))]);
    result.push({ name: hex(keyspace.name), order: keyspace.described.comparator, entries });
  }
  return { result };
}

for (const { name, paths, result, code } of appliedVectors()) {
  test(`a chain of dumps: ${name}`, async (t) => {
    const found = await chained(paths).catch((error: unknown) => {
      if (error instanceof KgdumpError) return { code: error.code };
      throw error;
    });
    t.deepEqual(found, result === undefined ? { code } : { result });
  });
}

/** What a store can't show: it has no id and no order, and its default tree is always there. */
const UNSEEN = ["base-id", "order"];
/** Importing these again changes nothing, or would write over the store. */
const ANEW = ["twice", "full-behind", "no-base"];

test("deltas that are applied to a store, one by one", async (t) => {
  t.timeout(5 * 60_000);
  const directory = await temporaryDirectory(t);
  for (const { name, paths, result, code } of appliedVectors().filter((set) => !ANEW.includes(set.name))) {
    const target = join(directory, name);
    const apply = async (): Promise<undefined> => {
      for (const input of paths) await importDump({ target, input });
      return undefined;
    };
    const end = await apply().catch((error: unknown) => (error instanceof KgdumpError ? error.code : String(error)));
    // A store that was changed is compared by what is read of it.
    t.is(end, UNSEEN.includes(name) ? undefined : code === "DUMP_DIGEST_MISMATCH" ? "VERIFY_DIFFERENCE" : code, name);
    if (result === undefined) continue;
    const { exported } = await exportedOf(target);
    for (const { name: own, order, entries } of result) {
      const found = (exported.get(own) ?? []).map(([key, value]) => [hex(key), hex(value)]);
      t.deepEqual(order === "bytewise" ? found : found.reverse(), entries, name);
    }
    t.is([...exported.values()].filter((entries) => entries.length > 0).length, result.filter(({ entries }) => entries.length > 0).length, name);
  }
});
