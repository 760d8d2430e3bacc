/** What the library gives: one type of bytes, and text beside names, in whatever a function returns or tells. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { cleanUp, compactStore, exportStore, findVersions, getEntry, getStoreEntry, importDump, inspectDump, inspectStore, KgdumpError, listBlocks, listEntries, listStoreEntries, migrateStore, migrationStatus, openDump, planCompact, planExport, previewMigration, previewRollback, type Progress, recoverDump, recoverStore, restoreDump, rollbackStore, undoCompact, verifyDump, verifyStore } from "#src/index.js";
import { publish } from "#src/library/public.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";

const NAMES = new Set(["name", "keyspace", "keyspaceName", "tree", "family"]);

/** Looks at every value in what a function gave. Returns the number of bytes values. */
function look(t: ExecutionContext, value: unknown, place: string): number {
  if (value instanceof Uint8Array) {
    t.true(Buffer.isBuffer(value), `${place} is no Buffer`);
    return 1;
  }
  if (typeof value !== "object" || value === null) return 0;
  let found = 0;
  for (const [key, item] of Object.entries(value)) {
    found += look(t, item, `${place}.${key}`);
    if (!NAMES.has(key) || !(item instanceof Uint8Array)) continue;
    t.is((value as Record<string, unknown>)[`${key}Text`], Buffer.from(item).toString("utf8"), `${place}.${key}Text`);
  }
  return found;
}

test("bytes are Buffers over the same memory, names have text, and the rest stays as it is", (t) => {
  const bytes = new Uint8Array([0x61, 0xff]);
  const date = new Date(0);
  const map = new Map([["a", "b"]]);
  const given = publish({ name: bytes, keyspace: 3, tree: new Uint8Array([0x62]), list: [{ family: new Uint8Array() }], date, map, none: null, sum: 5n });
  t.deepEqual(given, { name: Buffer.from(bytes), nameText: "a\\xff", keyspace: 3, tree: Buffer.from("b"), treeText: "b", list: [{ family: Buffer.alloc(0), familyText: "" }], date, map, none: null, sum: 5n } as never);
  t.is(given.name.buffer, bytes.buffer);
  t.deepEqual(publish({ keyspace: null as Uint8Array | null }), { keyspace: null, keyspaceText: null });
});

test("whatever is returned or told has one type of bytes", async (t) => {
  const directory = await temporaryDirectory(t);
  const at = (name: string): string => join(directory, name);
  const store = await makeStore(directory, "store", { default: numbered("k", 2000), nodes: { a: "1", b: "2" } });
  const other = await makeStore(directory, "other", { default: numbered("k", 1999), nodes: { a: "3" } });
  const dump = at("a.kgd");
  const told: Progress[] = [];
  const onProgress = (progress: Progress): void => { told.push(progress); };
  const results: Record<string, unknown> = {
    planExport: await planExport(store),
    exportStore: await exportStore(store, { output: dump, onProgress }),
    inspectDump: await inspectDump(dump, { onProgress }),
    getEntry: await getEntry(dump, { key: "a" }),
    inspectStore: await inspectStore(store),
    getStoreEntry: await getStoreEntry(store, { key: "a" }),
    importDump: await importDump(dump, { target: at("sled"), map: { nodes: "graph" }, onProgress }),
    restoreDump: await restoreDump(dump, { target: at("restored"), onProgress }),
    verifyDump: await verifyDump(dump, { against: [at("restored"), other], samples: 2, onProgress }),
    verifyStore: await verifyStore(store, { against: other, samples: 2 }),
    recoverDump: await recoverDump(dump, { onProgress }),
    recoverStore: await recoverStore(store, { onProgress }),
    findVersions: await findVersions(store, { key: "a" }),
    planCompact: await planCompact(at("restored")),
    compactStore: await compactStore(at("restored")),
    undoCompact: await undoCompact(at("restored")),
    previewMigration: await previewMigration(other),
    migrateStore: await migrateStore(other, { onProgress, onEvent: (event) => { t.is(typeof event.message, "string"); } }),
    migrationStatus: await migrationStatus(other),
    cleanUp: await cleanUp(other, { dryRun: true }),
    previewRollback: await previewRollback(other),
    rollbackStore: await rollbackStore(other),
    told,
  };
  for await (const entry of listEntries(dump, { limit: 3 })) look(t, entry, "listEntries");
  for await (const entry of listStoreEntries(store, { limit: 3 })) look(t, entry, "listStoreEntries");
  for await (const block of listBlocks(dump)) look(t, block, "listBlocks");
  await using open = await openDump(dump);
  look(t, { header: open.header, footer: open.footer }, "openDump");
  const counts = Object.fromEntries(Object.entries(results).map(([name, result]) => [name, look(t, result, name)]));
  // Those that tell of keyspaces or keys at all.
  for (const name of ["planExport", "exportStore", "inspectDump", "inspectStore", "getEntry", "getStoreEntry", "importDump", "restoreDump", "verifyDump", "verifyStore", "recoverDump", "recoverStore", "findVersions", "previewMigration", "migrateStore", "told"]) {
    t.true((counts[name] ?? 0) > 0, name);
  }
});

test("an error's keyspace is a Buffer with text, too", async (t) => {
  const error = new KgdumpError("USAGE", "x", { keyspace: new Uint8Array([0x61]) });
  t.true(Buffer.isBuffer(error.keyspace));
  t.is(error.keyspaceText, "a");
  t.is(new KgdumpError("USAGE", "x").keyspaceText, undefined);
  const moved = error.withPath("/x");
  t.is(moved.keyspaceText, "a");
});

test("the page of the library tells of no other type of bytes", async (t) => {
  const page = await readFile("docs/library.md", "utf8");
  t.deepEqual(page.split("\n").filter((line) => line.startsWith("- `") && line.includes("Uint8Array")), []);
  t.true(page.includes("type Bytes = Uint8Array | string"));
  t.true(page.includes("### exportStore") && page.includes("### DeltaDump") && !page.includes("seams"));
});
