/** Recovering stores: sound ones come out as they are exported, and of damaged ones what is missing is named. */
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { loadCodec } from "#src/codecs/index.js";
import { KgdumpError } from "#src/errors.js";
import { readDump } from "#src/format/index.js";
import { inspectDump } from "#src/operations/inspect/inspect.js";
import { findVersions } from "#src/operations/inspect/find.js";
import { recoverInto, recoverStore, type RecoverStoreResult, requireWholeStore } from "#src/operations/recover/index.js";
import { unpackStore } from "../../fixtures/unpack.js";
import { contentOfDump, differences, exportedOf } from "../../maker/exported.js";
import { hex, makeStore, type MadeFamily } from "../../maker/run.js";
import { changeableKeys } from "../../simulator/table-key.js";
import { temporaryDirectory } from "../../support/temporary.js";

const D = hex("default");
/** Tables in which blocks can be found. */
const PLAIN = "compression=kNoCompression;block_based_table_factory={format_version=3;checksum=kCRC32c;block_restart_interval=1}";
const key = (number: number): string => `key${String(number).padStart(5, "0")}`;
const puts = (family: string, from: number, to: number, text: string): string[] =>
  Array.from({ length: to - from }, (_, index) => `put ${family} ${hex(key(from + index))} ${hex(`${text}${String(from + index)}`)}`);
const keysOf = (family: MadeFamily | undefined): string[] => (family?.entries ?? []).map(([own]) => own.toString());

/** What each gap of a dump lies behind and before; null is an end of the keyspace. */
async function gapsOf(output: string): Promise<(string | null)[][]> {
  const told: (string | null)[][] = [];
  for await (const event of readDump(createReadStream(output), { loadCodec })) {
    if (event.type === "gap") told.push([event.gap.after, event.gap.before].map((bytes) => (bytes === null ? null : Buffer.from(bytes).toString())));
  }
  return told;
}

for (const name of ["maya-lz4", "maya-unflushed", "maya-families", "odd-reverse", "odd-merge", "odd-named", "leveldb"]) {
  test(`a sound store comes out as RocksDB reads it: ${name}`, async (t) => {
    const store = await unpackStore(t, name);
    const output = join(await temporaryDirectory(t), "recovered.kgd");
    const result = await recoverStore({ store, output });
    t.false(result.lost, JSON.stringify(result.losses));
    t.notThrows(() => {
      requireWholeStore(result);
    });
    t.deepEqual(await contentOfDump(createReadStream(output)), (await exportedOf(store)).exported);
    const { keyspaces } = await inspectDump({ input: output });
    t.deepEqual(result.keyspaces.map(({ entries, rawBytes }) => [entries, rawBytes]), keyspaces.map(({ entries, rawBytes }) => [entries, rawBytes]));
    t.is(result.rawBytes, keyspaces.reduce((sum, { rawBytes }) => sum + rawBytes, 0));
  });
}

test("an error says of what something is lost, and where what could be saved is", (t) => {
  const lost = (files: readonly string[], more: object = {}): unknown => ({ lost: true, store: "/store", output: null, target: null, losses: files.map((file) => ({ file, reason: "why" })), ...more });
  const said = (result: unknown): unknown => {
    const { message, path, hint } = t.throws(() => { requireWholeStore(result as RecoverStoreResult); }, { instanceOf: KgdumpError, code: "RECOVERY_INCOMPLETE" });
    return [message.replace("not everything could be recovered: ", ""), path, /^(?:nothing was written|the new dump is valid|the new store is sound)/.exec(hint ?? "")?.[0]];
  };
  t.deepEqual(said(lost(["1.sst", "1.sst", "2.log"])), ["something of 1.sst, 2.log is lost", "/store", "nothing was written"]);
  t.deepEqual(said(lost(["1", "2", "3", "4", "5", "6", "6", "7"], { target: "/new" })), ["something of 1, 2, 3, 4, 5 and 2 more is lost", "/new", "the new store is sound"]);
  t.deepEqual(said(lost([""], { output: "/x.kgd", target: "/new" })), ["why", "/x.kgd", "the new dump is valid"]);
  t.deepEqual(said(lost([], { unsure: true, output: "/x.kgd" })), ["it is unknown which tables belong to its last state", "/x.kgd", "the new dump is valid"]);
  t.notThrows(() => { requireWholeStore({ ...(lost([]) as RecoverStoreResult), lost: false }); });
});

test("a gap at the beginning of a family follows no key, whatever the family before ends with", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  const nodes = hex("nodes");
  await makeStore(store, [`family ${nodes}`, "options disable_auto_compactions=true", "open", ...puts(D, 0, 9, "value "), ...puts(nodes, 0, 9, "lost "), `flush ${nodes}`, ...puts(nodes, 20, 30, "value "), `flush ${nodes}`, ...puts(nodes, 40, 50, "lost "), `flush ${nodes}`, ...puts(nodes, 60, 70, "value "), `flush ${nodes}`, `flush ${D}`, "close"]);
  const [first = "", , third = ""] = (await readdir(store)).filter((file) => file.endsWith(".sst")).sort();
  for (const lost of [first, third]) await rm(join(store, lost));
  const output = join(store, "..", "recovered.kgd");
  const { keyspaces, gaps } = await recoverStore({ store, output });
  t.deepEqual([keyspaces.map(({ entries }) => entries), gaps], [[9, 20], 2]);
  t.deepEqual(await gapsOf(output), [[null, key(20)], [key(29), key(60)]]);
});

test("a missing table is a gap between the keys that MANIFEST tells, older values are doubtful, and removals may be lost", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  const made = await makeStore(store, [
    "options disable_auto_compactions=true",
    "open",
    ...puts(D, 0, 90, "old "),
    `flush ${D}`,
    ...puts(D, 40, 60, "new "),
    `delete ${D} ${hex(key(61))}`,
    `put ${D} ${hex(key(58))}aa ${hex("only here")}`,
    `flush ${D}`,
    "close",
  ]);
  const tables = (await readdir(store)).filter((file) => file.endsWith(".sst")).sort();
  await rm(join(store, tables[1] ?? ""));
  const output = join(store, "..", "recovered.kgd");
  const result = await recoverStore({ store, output });
  t.like(result, { lost: true, unsure: false, entries: 90, doubtful: 22 });
  t.deepEqual(
    result.losses.map(({ file, what, from, to }) => [file, what, Buffer.from(from ?? []).toString(), Buffer.from(to ?? []).toString()]),
    [[tables[1], "entries", key(40), key(61)]],
  );
  t.throws(() => { requireWholeStore(result); }, { code: "RECOVERY_INCOMPLETE" });
  const gaps = (await gapsOf(output)).map(([after, before]) => [after ?? "", before ?? ""] as const);
  t.true(gaps.some(([after, before]) => after === key(58) && before === key(59)), JSON.stringify(gaps));
  t.false(gaps.some(([after]) => after < key(40) || after > key(61)), JSON.stringify(gaps));
  t.is(keysOf(made.families[0]).length, 90);
});

test("a table that was ingested is newer than what lay there before, whatever else is lost", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  const rows = puts(D, 5, 12, "ingested ").map((line) => line.replace(`put ${D}`, "row put"));
  const made = await makeStore(store, ["options disable_auto_compactions=true", "open", ...puts(D, 0, 20, "old "), `flush ${D}`, ...rows, `ingest ${D}`, ...puts(D, 7, 9, "newest "), `flush ${D}`, ...puts(D, 90, 95, "lost "), `flush ${D}`, "close"]);
  const tables = (await readdir(store)).filter((file) => file.endsWith(".sst")).sort();
  await rm(join(store, tables.at(-1) ?? ""));
  const output = join(store, "..", "recovered.kgd");
  const result = await recoverStore({ store, output });
  t.like(result, { lost: true, entries: 20, doubtful: 0 });
  const [family] = made.families;
  const left = (family?.entries ?? []).filter(([own]) => own.toString() < key(90)).map(([own, value]) => [own.toString(), String(value)]);
  const found = (await contentOfDump(createReadStream(output))).get(Buffer.from("default").toString("hex"));
  t.deepEqual((found ?? []).map(([own, value]) => [own.toString(), value.toString()]), left);
});

test("a table that was ingested stays newer than what lay there before, whichever of its parts is damaged", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = join(directory, "store");
  const rows = puts(D, 0, 20, "ingested ").map((line) => line.replace(`put ${D}`, "row put"));
  await makeStore(store, ["options disable_auto_compactions=true", `family ${D} ${PLAIN}`, "open", ...puts(D, 0, 20, "old "), `flush ${D}`, ...rows, `ingest ${D}`, "close"]);
  const path = join(store, (await readdir(store)).filter((file) => file.endsWith(".sst")).sort().at(-1) ?? "");
  const sound = await readFile(path);
  const { at, size } = changeableKeys(sound)[0]?.block ?? { at: 0, size: 0 };
  for (let byte = at + size + 5; byte < sound.length; byte += 7) {
    const damaged = Buffer.from(sound);
    damaged.writeUInt8(damaged.readUInt8(byte) ^ 0x10, byte);
    await writeFile(path, damaged);
    const output = join(directory, `${String(byte)}.kgd`);
    const { doubtful } = await recoverStore({ store, output });
    const found = (await contentOfDump(createReadStream(output))).get(D) ?? [];
    const ingested = found.filter(([, value]) => value.toString().startsWith("ingested")).length;
    t.deepEqual([found.length, ingested, doubtful], [20, 20, 0], `byte ${String(byte)}`);
  }
});

test("a value whose file is gone is a gap between its neighbours", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  await makeStore(store, ["options enable_blob_files=true;min_blob_size=60", "open", ...puts(D, 0, 9, "value "), `fill ${D} ${hex(key(4))} 100 7`, `flush ${D}`, "close"]);
  for (const file of await readdir(store)) if (file.endsWith(".blob")) await rm(join(store, file));
  const output = join(store, "..", "recovered.kgd");
  const result = await recoverStore({ store, output });
  t.like(result, { lost: true, entries: 8, gaps: 1 });
  t.deepEqual(await gapsOf(output), [[key(3), key(5)]]);
});

test("where operands can't be joined, the value from before is taken, and is doubtful", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  await makeStore(store, [`operator ${D} maker.concat`, "options disable_auto_compactions=true", "open", ...puts(D, 0, 9, "value "), `flush ${D}`, `merge ${D} ${hex(key(4))} ${hex("more")}`, `flush ${D}`, "close"]);
  const result = await recoverStore({ store, output: join(store, "..", "recovered.kgd") });
  t.like(result, { lost: true, entries: 9, doubtful: 1 });
});

test("without MANIFEST nobody can tell which operands are there twice, so that none is joined", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  const operand = (text: string): string[] => [`merge ${D} ${hex(key(4))} ${hex(text)}`, `flush ${D}`];
  await makeStore(store, ["options merge_operator=stringappend;disable_auto_compactions=true", "open", ...puts(D, 0, 9, "value "), `flush ${D}`, ...operand("more"), ...operand("and more"), "close"]);
  const output = join(store, "..", "recovered.kgd");
  const valueOf = async (): Promise<string | undefined> => (await contentOfDump(createReadStream(output))).get(Buffer.from("default").toString("hex"))?.[4]?.[1].toString();
  t.like(await recoverStore({ store, output }), { lost: false, entries: 9, doubtful: 0 });
  t.is(await valueOf(), "value 4,more,and more");
  await rm(output);
  for (const name of await readdir(store)) if (/^(?:MANIFEST|CURRENT)/.test(name)) await rm(join(store, name));
  t.like(await recoverStore({ store, output }), { lost: true, entries: 9 });
  t.is(await valueOf(), "value 4");
});

test("operands that are there twice, as with a log of before that came back, are not joined", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  const options = "options merge_operator=stringappend;disable_auto_compactions=true";
  const logs = async (): Promise<string[]> => (await readdir(store)).filter((name) => name.endsWith(".log")).sort();
  await makeStore(store, [options, "open", ...puts(D, 4, 5, "value "), `merge ${D} ${hex(key(4))} ${hex("more")}`, "crash"]);
  const before = await readFile(join(store, (await logs()).at(-1) ?? ""));
  // Opening it puts all of that into a table, and begins a log.
  await makeStore(store, [options, "open", "close"]);
  await writeFile(join(store, (await logs()).at(-1) ?? ""), before);
  const output = join(store, "..", "recovered.kgd");
  t.like(await recoverStore({ store, output }), { lost: true, entries: 1, doubtful: 1 });
  const found = (await contentOfDump(createReadStream(output))).get(Buffer.from("default").toString("hex"));
  // As the table has it, which holds what the operand made; once more joined, it would be "value 4,more,more".
  t.is(found?.[0]?.[1].toString(), "value 4,more");
});

test("a log that is missing is a loss, also when it was the newest", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  await makeStore(store, ["open", ...puts(D, 0, 9, "value "), `flush ${D}`, ...puts(D, 20, 25, "lost "), "crash"]);
  const logs = (await readdir(store)).filter((name) => name.endsWith(".log")).sort();
  await rm(join(store, logs.at(-1) ?? ""));
  const result = await recoverStore({ store });
  t.like(result, { lost: true, entries: 9 });
  t.deepEqual(result.losses.map(({ file }) => file), [logs.at(-1)]);
});

test("of a value with its time, the value comes out, from tables and from logs; columns with names are no value", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  const columns = [`${hex("name")}=${hex("one")}`, `-=${hex("of all")} ${hex("name")}=${hex("one")}`, `-=${hex("of all")}`];
  const timed = (own: string): string => `timed ${D} ${hex(own)} 1000 ${hex("old")}`;
  // With these RocksDB keeps the time in the table; else it only takes it for the entry's place.
  const options = "options preclude_last_level_data_seconds=500;preserve_internal_time_seconds=1000";
  await makeStore(store, [options, "open", timed("a"), ...columns.map((own, at) => `entity ${D} ${hex(`b${at.toString()}`)} ${own}`), `flush ${D}`, timed("c"), "crash"]);
  const output = join(store, "..", "recovered.kgd");
  const result = await recoverStore({ store, output });
  const found = (await contentOfDump(createReadStream(output))).get(Buffer.from("default").toString("hex"));
  t.deepEqual((found ?? []).map(([own, value]) => [own.toString(), value.toString()]), [["a", "old"], ["b2", "of all"], ["c", "old"]]);
  t.deepEqual(result.losses.map(({ from, what }) => [Buffer.from(from ?? []).toString(), what]), [["b0", "value"], ["b1", "value"]]);
});

test("CURRENT, MANIFEST and OPTIONS may be lost", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  const [A] = [hex("a")];
  const made = await makeStore(store, [`family ${A}`, "open", ...puts(D, 0, 50, "v"), ...puts(A, 0, 50, "w"), `flush ${D}`, `flush ${A}`, ...puts(D, 20, 30, "x"), "crash"]);
  const output = join(store, "..", "recovered.kgd");
  const recover = async (): Promise<{ lost: boolean; unsure: boolean }> => {
    const result = await recoverStore({ store, output, force: true });
    t.deepEqual(differences(made, await contentOfDump(createReadStream(output))), []);
    return result;
  };
  const files = await readdir(store);
  for (const file of files.filter((name) => name.startsWith("OPTIONS"))) await rm(join(store, file));
  t.like(await recover(), { lost: false });
  await rm(join(store, "CURRENT"));
  t.like(await recover(), { lost: false, unsure: false });
  for (const file of files.filter((name) => name.startsWith("MANIFEST"))) await rm(join(store, file));
  t.like(await recover(), { lost: true, unsure: true });
});

test("MANIFEST and every table may be lost at once: nobody can tell what was in them", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  await makeStore(store, ["open", ...puts(D, 0, 10, "v"), `flush ${D}`, ...puts(D, 20, 25, "w"), "crash"]);
  for (const name of await readdir(store)) if (name.startsWith("MANIFEST") || name.endsWith(".sst")) await rm(join(store, name));
  t.like(await recoverStore({ store, output: join(store, "..", "recovered.kgd") }), { entries: 5, lost: true, unsure: true });
});

test("tables that MANIFEST does not name are read when asked for", async (t) => {
  const directory = await temporaryDirectory(t);
  const [one, other] = [join(directory, "one"), join(directory, "other")];
  await makeStore(one, ["open", ...puts(D, 0, 10, "v"), `flush ${D}`, "close"]);
  await makeStore(other, ["open", ...puts(D, 50, 60, "w"), `flush ${D}`, "close"]);
  const [table = ""] = (await readdir(other)).filter((file) => file.endsWith(".sst"));
  await rename(join(other, table), join(one, "000900.sst"));
  const without = await recoverStore({ store: one });
  t.like(without, { entries: 10, unsure: false, lost: false });
  t.regex(without.remarks.join("\n"), /--include-unknown-tables/);
  t.like(await recoverStore({ store: one, unknownTables: true }), { entries: 20, unsure: true, lost: true });
});

test("tables that MANIFEST is done with are not read as if it named none", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  const A = hex("a");
  const made = await makeStore(store, [`family ${A}`, "open", ...puts(A, 0, 10, "dropped "), `flush ${A}`, `drop ${A}`, ...puts(D, 0, 5, "v"), "crash"]);
  t.is((await readdir(store)).filter((file) => file.endsWith(".sst")).length, 1);
  const output = join(store, "..", "recovered.kgd");
  t.like(await recoverStore({ store, output }), { entries: 5, unsure: false, lost: false });
  t.deepEqual(differences(made, await contentOfDump(createReadStream(output))), []);
  t.like(await recoverStore({ store, unknownTables: true }), { entries: 15, unsure: true, lost: true });
});

test("a table without its end gives all blocks that are there", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  const options = "options disable_auto_compactions=true;compression=kNoCompression;block_based_table_factory={block_size=256;format_version=6}";
  await makeStore(store, [options, "open", ...puts(D, 0, 500, "value "), `flush ${D}`, "close"]);
  const [table = ""] = (await readdir(store)).filter((file) => file.endsWith(".sst"));
  const path = join(store, table);
  const { size } = await stat(path);
  await using file = await open(path, "r+");
  await file.truncate(Math.floor(size / 3));
  const { entries, losses } = await recoverStore({ store });
  t.true(entries > 100 && entries < 300, String(entries));
  t.true(losses.every(({ file: name }) => name === table) && losses.length > 0);
});

test("a new store in one go", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = join(directory, "store");
  const made = await makeStore(store, ["open", ...puts(D, 0, 50, "v"), "close"]);
  await rm(join(store, "CURRENT"));
  const target = join(directory, "new");
  const published: string[] = [];
  const onPublished = (path: string): void => void published.push(path);
  const result = await recoverInto({ store, target, onPublished });
  t.like(result, { target, output: null, lost: false });
  t.deepEqual(differences(made, (await exportedOf(target)).exported), []);
  t.deepEqual((await readdir(directory)).sort(), ["new", "store"]);
  await t.throwsAsync(recoverInto({ store, target }), { code: "TARGET_EXISTS" });
  // A dump that stays is told when it is there, one that goes is not.
  const output = join(directory, "kept.kgd");
  t.like(await recoverInto({ store, target: join(directory, "other"), output, onPublished }), { output });
  t.deepEqual(published, [output]);
});

test("what is no store is refused by name, and nothing is written", async (t) => {
  const directory = await temporaryDirectory(t);
  const output = join(directory, "new.kgd");
  await t.throwsAsync(recoverStore({ store: join(directory, "nothing"), output }), { code: "STORE_NOT_FOUND" });
  const empty = join(directory, "empty");
  await mkdir(empty);
  await t.throwsAsync(recoverStore({ store: empty, output }), { code: "STORE_NOT_RECOGNIZED" });
  await t.throwsAsync(recoverStore({ store: empty, output: join(empty, "new.kgd") }), { code: "USAGE" });
  t.deepEqual(await readdir(directory), ["empty"]);
});

test("every version of a key is found", async (t) => {
  const store = join(await temporaryDirectory(t), "store");
  await makeStore(store, [
    "options disable_auto_compactions=true",
    "open",
    ...puts(D, 0, 9, "old "),
    `flush ${D}`,
    `delete ${D} ${hex(key(5))}`,
    `flush ${D}`,
    ...puts(D, 5, 6, "new "),
    `delete-range ${D} ${hex(key(1))} ${hex(key(3))}`,
    "crash",
  ]);
  const found = async (number: number): Promise<string[]> => {
    const { versions, problems } = await findVersions(store, Buffer.from(key(number)));
    t.deepEqual(problems, []);
    return versions.map(({ kind, sequence, counts, live }) => `${String(sequence)} ${kind}${counts ? " counts" : ""}${live ? "" : " gone"}`);
  };
  t.deepEqual(await found(5), ["11 value counts", "10 deletion", "6 value"]);
  t.deepEqual(await found(2), ["12 range deletion counts", "3 value"]);
  t.deepEqual(await found(7), ["8 value counts"]);
  t.deepEqual(await found(77), []);
});

test("what the header of the new dump has no room for is told", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = join(directory, "store");
  await makeStore(store, ["open", ...puts(D, 0, 9, "value "), `flush ${D}`, "close"]);
  const name = (await readdir(store)).filter((file) => file.startsWith("OPTIONS-")).sort().at(-1) ?? "";
  const options = await readFile(join(store, name), "utf8");
  await writeFile(join(store, name), options.replace(/^( *)prefix_extractor=.*$/m, `$1prefix_extractor=${"x".repeat(70_000)}`));
  const { lost, remarks } = await recoverStore({ store, output: join(directory, "recovered.kgd") });
  t.false(lost);
  t.regex(remarks.join("\n"), /the option prefix_extractor is too long for a dump's header and was left out/);
});

test("a store of which nothing is left is refused with what is wrong with it, and no dump is made", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = join(directory, "store");
  await makeStore(store, ["open", ...puts(D, 0, 9, "value "), `flush ${D}`, "close"]);
  for (const name of await readdir(store)) {
    // Without these nobody can tell which families there were.
    if (/^(?:CURRENT|MANIFEST|OPTIONS)/.test(name)) await rm(join(store, name));
    else if (/\.(?:sst|log)$/.test(name)) await writeFile(join(store, name), Buffer.alloc((await stat(join(store, name))).size));
  }
  const output = join(directory, "recovered.kgd");
  for (const wanted of [{ output }, {}]) {
    await t.throwsAsync(recoverStore({ store, ...wanted }), { code: "STORE_DAMAGED", message: /nothing of the store at .* can be recovered; .*\.sst/ });
  }
  t.deepEqual(await readdir(directory), ["store"]);
});
