/** Stores of sled 0.32 and 0.33 through every command: those that read take them; those that would let sled open them refuse them by name, and the cure that is named works. */
import { createReadStream } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { createRocksdbSink } from "#src/engines/rocksdb/rocksdb.js";
import { KgdumpError } from "#src/errors.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { inspectDump } from "#src/operations/inspect/inspect.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { compactStore, planCompact } from "#src/operations/migrate/compact/compact.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { migrationStatus } from "#src/operations/migrate/status.js";
import { recoverInto } from "#src/operations/recover/index.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { type CheckerOptions, type OlderSled, sledCheck, sledWrite, type TreeContent } from "../checker/run.js";
import { kgdump, shell } from "../cli/support/run.js";
import { stateOf } from "../support/store-state.js";
import { temporaryDirectory } from "../support/temporary.js";

interface Ground {
  readonly directory: string;
  readonly store: string;
  readonly options: CheckerOptions;
  /** What the crate that wrote it reads. */
  readonly trees: readonly TreeContent[];
}

const LINES = ["random 7 400", "put 01 02", "tree 65646765", "random 8 300", "fill 6b 300000 7", "merge 6b 0102", "delete 00"];

async function prepared(t: ExecutionContext, version: OlderSled, compression = false, config: CheckerOptions["config"] = {}): Promise<Ground> {
  const directory = await temporaryDirectory(t);
  const [store, options] = [join(directory, "graph"), { version, compression, config }];
  await sledWrite(store, LINES, options);
  return { directory, store, options, trees: await sledCheck(store, options) };
}

for (const [version, compression] of [["0.32", true], ["0.33", false]] as const) {
  test(`a store of sled ${version} goes into a dump, and from there into one of sled 0.34 that holds the same`, async (t) => {
    const { directory, store, trees } = await prepared(t, version, compression);
    const [output, target] = [join(directory, "graph.kgd"), join(directory, "new")];
    const before = await stateOf(store);
    await exportStore({ store, output });
    t.true((await verifyDump({ input: output, against: store })).against?.equal);
    t.is((await inspectDump({ input: output })).header.source.options?.get("sled.version"), version);
    await importDump({ input: output, target });
    t.deepEqual(await sledCheck(target), trees);
    t.true((await verifyDump({ input: output, against: target })).against?.equal);
    t.regex((await kgdump(["inspect", output])).stdout.toString(), new RegExp(`sled\\.version ${version.replace(".", "\\.")}`));
    t.deepEqual(await stateOf(store), before);
  });

  test(`nothing writes to a store of sled ${version}, and the cure that is named works`, async (t) => {
    const { directory, store, trees } = await prepared(t, version, compression);
    const [full, delta] = [join(directory, "full.kgd"), join(directory, "delta.kgd")];
    const newer = join(directory, "newer");
    await exportStore({ store, output: full });
    await importDump({ input: full, target: newer });
    await sledWrite(newer, ["put 03 04"]);
    await exportStore({ store: newer, output: delta, base: [full] });
    const before = await stateOf(store);
    const around = await stateOf(directory);
    for (const [what, work] of Object.entries({
      merge: () => importDump({ input: full, target: store, merge: true }),
      delta: () => importDump({ input: delta, target: store }),
      compact: () => compactStore({ store }),
      "compact --dry-run": () => planCompact({ store }),
      "migrate, as if it were done": () => migrateStore({ source: store }),
      "migrate to it": () => migrateStore({ source: join(directory, "nothing"), target: store }),
    })) {
      const error = await t.throwsAsync<KgdumpError>(work, { instanceOf: KgdumpError, code: "STORE_UNSUPPORTED" }, what);
      t.regex(error.message, new RegExp(`a store of sled ${version.replace(".", "\\.")}`), what);
      t.regex(error.hint ?? "", /`kgdump export STORE \| kgdump import NEW` makes a store of sled 0\.34/, what);
      t.is(error.path, store, what);
      t.deepEqual(await stateOf(store), before, what);
    }
    // A pipe is left to whoever has a better target for it.
    const piped = createReadStream(full);
    await t.throwsAsync(importDump({ input: piped, target: store, merge: true }), { code: "STORE_UNSUPPORTED" });
    t.is(piped.bytesRead, 0);
    piped.destroy();
    const occupied = await t.throwsAsync<KgdumpError>(importDump({ input: full, target: store }), { code: "TARGET_EXISTS", message: /another version of sled/ });
    t.notRegex(occupied.hint ?? "", /--merge/);
    t.deepEqual((await stateOf(directory)).map((line) => line.split(" ")[0]), around.map((line) => line.split(" ")[0]));
    const { state, version: told, trouble } = await migrationStatus(store);
    t.deepEqual([state, told, trouble?.code], ["unsupported", version, "STORE_UNSUPPORTED"]);
    const [cure = ""] = /`(kgdump [^`]+)`/.exec(trouble?.hint ?? "")?.slice(1) ?? [];
    const cured = await shell(cure.replace("STORE", "graph").replace("NEW", "cured"), { cwd: directory });
    t.is(cured.code, 0, cured.stderr);
    t.deepEqual(await sledCheck(join(directory, "cured")), trees);
    t.deepEqual(await stateOf(store), before);
  });

  test(`a store of sled ${version} becomes a RocksDB store, elsewhere and in its place, and comes back`, async (t) => {
    const { directory, store, options, trees } = await prepared(t, version, compression);
    const [reference, target] = [join(directory, "reference.kgd"), join(directory, "rocks")];
    await exportStore({ store, output: reference });
    t.is((await migrateStore({ source: store, target })).status, "migrated");
    t.true((await verifyDump({ input: reference, against: target })).against?.equal);
    t.is((await migrateStore({ source: store, engine: "rocksdb" })).status, "migrated");
    t.true((await verifyDump({ input: reference, against: store })).against?.equal);
    {
      await using sink = await createRocksdbSink(store);
      await sink.operate("default", [{ kind: "put", key: Buffer.from("new"), value: Buffer.from("1") }]);
      await sink.flush();
    }
    const lossy = await t.throwsAsync<KgdumpError>(rollbackStore({ target: store }), { code: "ROLLBACK_LOSES_DATA" });
    t.regex(lossy.hint ?? "", /^--discard-new leaves it .*; it can't be carried back \(the original can't be rebuilt/);
    const refused = await t.throwsAsync<KgdumpError>(rollbackStore({ target: store, carryBack: true }), { code: "STORE_UNSUPPORTED", message: /can't be rebuilt: it is a store of sled/ });
    t.regex(refused.hint ?? "", /--discard-new/);
    t.is((await rollbackStore({ target: store, discardNew: true })).status, "rolled-back");
    t.deepEqual(await sledCheck(store, options), trees);
  });

  test(`what is sound of a damaged store of sled ${version} is saved`, async (t) => {
    const { directory, store, options, trees } = await prepared(t, version, false, { segment_size: "4096" });
    await sledCheck(store, options);
    const target = join(directory, "saved");
    const whole = join(directory, "whole");
    t.false((await recoverInto({ store, target: whole })).lost);
    t.deepEqual(await sledCheck(whole, { config: { segment_size: "4096" } }), trees);
    const files = (await readdir(join(store, "blobs"))).sort();
    for (const [number, name] of files.entries()) if (number % 2 === 0) await rm(join(store, "blobs", name));
    const damaged = await t.throwsAsync<KgdumpError>(exportStore({ store, output: join(directory, "no.kgd") }), { code: "STORE_DAMAGED" });
    t.truthy(damaged);
    const result = await recoverInto({ store, target });
    t.true(result.lost);
    t.true(result.remarks.some((remark) => remark.includes(`it is a store of sled ${version}; a new store is one of sled 0.34`)), result.remarks.join("; "));
    const saved = await sledCheck(target, { config: { segment_size: "4096" } });
    const [all, kept] = [trees, saved].map((list) => list.reduce((sum, { records }) => sum + records, 0)) as [number, number];
    t.true(kept > 0 && kept < all, `${String(kept)} of ${String(all)}`);
  });
}
