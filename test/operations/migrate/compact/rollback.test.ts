/** `rollback` undoes what was done to a store last: a compaction, or a migration; and never more than that. */
import { mkdir, readdir, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openSledSink } from "#src/engines/sled/sled.js";
import type { KgdumpError } from "#src/errors.js";
import { encodeEntries } from "#src/format/index.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { compactStore } from "#src/operations/migrate/compact/compact.js";
import { undoCompact } from "#src/operations/migrate/compact/undo.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { migrationStatus } from "#src/operations/migrate/status.js";
import { kgdump } from "../../../cli/support/run.js";
import { putEntries, readStore } from "../../../engines/rocksdb/support.js";
import { makeStore, numbered } from "../../../support/stores.js";
import { temporaryDirectory } from "../../../support/temporary.js";

async function rocks(t: ExecutionContext): Promise<string> {
  return makeStore(await temporaryDirectory(t), "graph", { default: numbered("k", 50) });
}

async function putIntoSled(store: string, key: string): Promise<void> {
  await using sink = await openSledSink(store, { create: false });
  await sink.apply(Buffer.from("default"), encodeEntries([{ key: Buffer.from(key), value: Buffer.from("new") }]), "overwrite");
  await sink.flush();
}

/** As if what was done so far had been done an hour before. */
async function ageKept(store: string): Promise<void> {
  const directory = join(store, "..");
  for (const name of await readdir(directory)) {
    const [, start = "", stamp = ""] = /^(.*-compact-)(\d{8})T\d{6}Z$/.exec(name) ?? [];
    if (stamp !== "") await rename(join(directory, name), join(directory, `${start}${String(Number(stamp) - 10_000)}T000000Z`));
  }
}

test("the original of a compaction comes back, once, and status tells of it", async (t) => {
  const store = await rocks(t);
  await t.throwsAsync(rollbackStore({ target: store }), { code: "NOT_FOUND", message: /nor is an original/ });
  const { kept } = await compactStore({ store });
  const { compacted } = await migrationStatus(store);
  t.is(compacted?.path, kept ?? "");
  t.regex((await kgdump(["status", store])).stdout.toString(), /compacted: the original is kept as .*before-compact-/);
  const result = await rollbackStore({ target: store });
  t.like(result, { status: "rolled-back", undone: "compaction", engine: "rocksdb", source: store, carried: false });
  t.regex(result.aside ?? "", /after-compact-/);
  t.like(await rollbackStore({ target: store }), { status: "already", undone: "compaction" });
  t.is((await migrationStatus(store)).compacted, null);
});

test("a rollback that is run again does not go back to an earlier original", async (t) => {
  const store = await rocks(t);
  await compactStore({ store });
  await ageKept(store);
  await putEntries(store, [["between", "1"]]);
  await compactStore({ store });
  await putEntries(store, [["after", "1"]]);
  await t.throwsAsync(rollbackStore({ target: store }), { code: "ROLLBACK_LOSES_DATA" });
  t.is((await rollbackStore({ target: store, discardNew: true })).status, "rolled-back");
  t.is((await rollbackStore({ target: store, discardNew: true })).status, "already");
  t.is((await readStore(store)).entries.get("default")?.length, 51);
  await undoCompact({ store, discardNew: true });
  t.is((await readStore(store)).entries.get("default")?.length, 50);
});

test("a compaction in the second in which an earlier one was undone is undone, too", async (t) => {
  const store = await rocks(t);
  await compactStore({ store });
  t.is((await rollbackStore({ target: store })).status, "rolled-back");
  const { kept } = await compactStore({ store });
  const [undone = ""] = (await readdir(join(store, ".."))).filter((name) => name.includes(".after-compact-"));
  await rename(join(store, "..", undone), (kept ?? "").replace(".before-compact-", ".after-compact-"));
  t.like(await rollbackStore({ target: store }), { status: "rolled-back", undone: "compaction" });
  t.is((await rollbackStore({ target: store })).status, "already");
});

test("nothing is carried back from a compaction", async (t) => {
  const store = await rocks(t);
  await compactStore({ store });
  await t.throwsAsync(rollbackStore({ target: store, carryBack: true }), { code: "USAGE", message: /was compacted, and not migrated/ });
});

test("of a migration and a compaction after it, the compaction goes first; with --carry-back the migration", async (t) => {
  const store = await rocks(t);
  await migrateStore({ source: store });
  await compactStore({ store });
  const told: string[] = [];
  t.like(await rollbackStore({ target: store, onEvent: ({ message }) => { told.push(message); } }), { undone: "compaction", engine: "sled" });
  t.true(told.some((message) => message.includes("run this again")));
  t.like(await rollbackStore({ target: store }), { undone: "migration", status: "rolled-back", engine: "rocksdb" });
  t.like(await rollbackStore({ target: store }), { undone: "migration", status: "already" });
  await ageKept(store);
  await migrateStore({ source: store });
  await compactStore({ store });
  await putIntoSled(store, "z");
  const refused = await t.throwsAsync<KgdumpError>(rollbackStore({ target: store }), { code: "ROLLBACK_LOSES_DATA" });
  t.regex(refused.hint ?? "", /--discard-new .* --carry-back/);
  t.like(await rollbackStore({ target: store, carryBack: true }), { undone: "migration", carried: true });
  t.is((await readStore(store)).entries.get("default")?.length, 51);
});

test("a migration after a compaction goes first, and then the compaction is not undone unasked", async (t) => {
  const store = await rocks(t);
  const { kept } = await compactStore({ store });
  await migrateStore({ source: store });
  t.like(await rollbackStore({ target: store }), { undone: "migration", engine: "rocksdb" });
  t.like(await rollbackStore({ target: store }), { undone: "migration", status: "already" });
  t.true((await readdir(kept ?? "")).includes("CURRENT"));
});

for (const [what, spoil] of Object.entries({
  "is cut off": (store: string) => truncate(join(store, "CURRENT"), 0),
  "is gone": (store: string) => rm(store, { recursive: true }),
  "is empty": async (store: string) => { await rm(store, { recursive: true }); await mkdir(store); },
  "is something else": async (store: string) => { await rm(store, { recursive: true }); await mkdir(store); await writeFile(join(store, "readme"), "gone"); },
})) {
  test(`the original comes back when the compacted store ${what}, if that is asked for`, async (t) => {
    const store = await rocks(t);
    await compactStore({ store });
    await spoil(store);
    const refused = await t.throwsAsync<KgdumpError>(rollbackStore({ target: store }));
    t.regex(refused.hint ?? "", /--discard-new/, refused.message);
    const { aside } = await rollbackStore({ target: store, discardNew: true });
    t.is(aside === null, what === "is gone");
    t.is((await readStore(store)).entries.get("default")?.length, 50);
  });
}
