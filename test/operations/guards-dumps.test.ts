/** What an operation is told is compared with what it finds: dumps that are replaced meanwhile, chains with each thing wrong, other processes. */
import { spawn } from "node:child_process";
import { createReadStream, readdirSync, renameSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import test from "ava";
import { encodeEntries } from "#src/format/entries.js";
import { DumpWriter, packBlock } from "#src/format/index.js";
import { targetState } from "#src/operations/disk/staging.js";
import { loadCodec } from "#src/operations/dump/codecs.js";
import { openDump } from "#src/operations/dump/open-dump.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { journalPath } from "#src/operations/migrate/journal.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { recoverStore } from "#src/operations/recover/index.js";
import { recoverDump } from "#src/operations/recover/recover.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { sledCheck, sledWrite } from "../checker/run.js";
import { exportedOf } from "../maker/exported.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { loaderThat, WRONG_LOADERS } from "./guards-support.js";

for (const what of ["replaced", "made shorter", "given other values"]) {
  test(`a dump that is ${what} while it is merged is a difference`, async (t) => {
    const directory = await temporaryDirectory(t);
    const content = numbered("k", 60);
    const store = await makeStore(directory, "store", { default: content });
    const [dump, other, target] = ["dump.kgd", "other.kgd", "target"].map((name) => join(directory, name)) as [string, string, string];
    const { dumpId } = await exportStore({ store, output: dump });
    const meanwhile = { replaced: content, "made shorter": numbered("k", 59), "given other values": { ...content, k0000007: "other" } }[what] ?? {};
    await exportStore({ store: await makeStore(directory, "later", { default: meanwhile }), output: other, ...(what === "replaced" ? {} : { dumpId }) });
    await sledWrite(target, ["put 61 01"]);
    let put = false;
    const onProgress = ({ phase }: { phase: string }): void => {
      if (phase !== "load" || put) return;
      put = true;
      renameSync(other, dump);
    };
    await t.throwsAsync(importDump({ target, input: dump, merge: true, onProgress }), { code: "VERIFY_DIFFERENCE" });
    t.true(put);
  });
}

test("an import and a restore that are aborted at the very last put nothing in place", async (t) => {
  const directory = await temporaryDirectory(t);
  const dump = join(directory, "dump.kgd");
  await exportStore({ store: await makeStore(directory, "store", { default: numbered("k", 60) }), output: dump });
  const target = join(directory, "target");
  for (const make of [importDump, restoreDump]) {
    // How many there are before the last depends on the time that it takes.
    let last: unknown;
    await make({ target: join(directory, make.name), input: dump, onProgress: (progress) => (last = progress) });
    const controller = new AbortController();
    const onProgress = (progress: unknown): void => {
      if (isDeepStrictEqual(progress, last)) controller.abort(new Error("interrupted"));
    };
    await t.throwsAsync(make({ target, input: dump, onProgress, signal: controller.signal }), { message: "interrupted" });
    t.true(controller.signal.aborted);
    t.is(await targetState(target), "absent");
  }
});

test("a delta that is aborted at the very last changes nothing", async (t) => {
  const directory = await temporaryDirectory(t);
  const [dump, delta] = [join(directory, "dump.kgd"), join(directory, "delta.kgd")];
  await exportStore({ store: await makeStore(directory, "store", { default: numbered("k", 60) }), output: dump });
  await exportStore({ store: await makeStore(directory, "later", { default: numbered("k", 70) }), output: delta, base: [dump] });
  const [first, target] = [join(directory, "first"), join(directory, "target")];
  for (const store of [first, target]) await importDump({ target: store, input: dump });
  let last: unknown;
  await importDump({ target: first, input: delta, onProgress: (progress) => (last = progress) });
  const controller = new AbortController();
  const onProgress = (progress: unknown): void => {
    if (isDeepStrictEqual(progress, last)) controller.abort(new Error("interrupted"));
  };
  await t.throwsAsync(importDump({ target, input: delta, onProgress, signal: controller.signal }), { message: "interrupted" });
  t.true((await verifyDump({ input: dump, against: target })).against?.equal);
});

test("a dump of many blocks is compared block by block, whose memory is used again", async (t) => {
  const directory = await temporaryDirectory(t);
  const content = Object.fromEntries(Array.from({ length: 4000 }, (_, number) => [`k${String(number).padStart(7, "0")}`, `${String(number)} `.repeat(100)]));
  const [store, dump] = [await makeStore(directory, "store", { default: content }), join(directory, "dump.kgd")];
  await exportStore({ store, output: dump, codec: "lz4", blockSize: 32_768 });
  const { against } = await verifyDump({ input: dump, against: store });
  t.true(against?.equal);
});

test("several keyspaces without entries that become one tree make it", async (t) => {
  const directory = await temporaryDirectory(t);
  const dump = join(directory, "dump.kgd");
  await exportStore({ store: await makeStore(directory, "store", { default: { a: "1" }, one: {}, two: {} }), output: dump });
  const target = join(directory, "target");
  await importDump({ target, input: dump, map: new Map([["one", "both"], ["two", "both"]]) });
  t.deepEqual((await sledCheck(target)).map(({ name, records }) => [name.toString(), records]), [["__sled__default", 1], ["both", 0]]);
});

test("families that get another order of keys are compared by their values, too", async (t) => {
  const directory = await temporaryDirectory(t);
  const back = [{ name: Buffer.from("back"), comparator: "reverse-bytewise" as const }];
  const dump = join(directory, "dump.kgd");
  await exportStore({ store: await makeStore(directory, "store", { default: { a: "1" }, back: numbered("b", 30) }, back), output: dump });
  const optionsFrom = await makeStore(directory, "forward", { default: {}, back: {} }, [{ name: Buffer.from("back"), comparator: "bytewise" }]);
  const target = join(directory, "target");
  // One that fits into the reverse order.
  const less = loaderThat((entries) => (entries[0]?.key[0] === 98 ? [...entries, { key: Buffer.from("a"), value: Buffer.from("1") }] : entries));
  for (const [fault, seams] of Object.entries({ ...WRONG_LOADERS, "adds an entry": less })) {
    await t.throwsAsync(restoreDump({ target, input: dump, optionsFrom, seams }), { code: "VERIFY_DIFFERENCE" }, fault);
    t.is(await targetState(target), "absent", fault);
  }
  await restoreDump({ target, input: dump, optionsFrom });
  const restored = (await exportedOf(target)).exported.get(Buffer.from("back").toString("hex"))?.map(([key, value]) => [key.toString(), value.toString()]);
  t.deepEqual(restored, Object.entries(numbered("b", 30)));
});

test("gaps of a dump are told by import and restore, from a file and as a stream", async (t) => {
  const directory = await temporaryDirectory(t);
  const dump = join(directory, "dump.kgd");
  await writeFile(dump, await readFile(new URL("../../../format-spec/vectors/valid/salvaged-gap-first.kgd", import.meta.url)));
  for (const [at, make] of [importDump, restoreDump].entries()) {
    for (const [of, input] of [dump, createReadStream(dump)].entries()) {
      const { warnings } = await make({ target: join(directory, `t${String(at)}${String(of)}`), input });
      t.true(warnings.some((warning) => /; entries are missing in (?:one place|\d+ places): /.test(warning)), warnings.join("; "));
    }
  }
});

test("that a delta was salvaged is told of the chain that it ends, and one with gaps is refused", async (t) => {
  const directory = await temporaryDirectory(t);
  const [dump, delta, damaged] = ["dump", "delta", "damaged"].map((name) => join(directory, `${name}.kgd`)) as [string, string, string];
  await exportStore({ store: await makeStore(directory, "store", { default: numbered("k", 30) }), output: dump });
  await exportStore({ store: await makeStore(directory, "later", { default: numbered("n", 3000) }), output: delta, base: [dump], blockSize: 4096 });
  const bytes = await readFile(delta);
  const middle = Buffer.from(bytes);
  middle.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
  for (const [what, content] of [["whole", bytes.subarray(0, bytes.length - 8)], ["gap", middle]] as const) {
    await writeFile(damaged, content);
    const output = join(directory, `${what}.kgd`);
    t.is((await recoverDump({ input: damaged, output })).gaps, what === "gap" ? 1 : 0);
    for (const [at, make] of [importDump, restoreDump].entries()) {
      const made = make({ target: join(directory, `${what}${String(at)}`), input: [dump, output] });
      if (what === "gap") await t.throwsAsync(made, { code: "DUMP_DIGEST_MISMATCH" });
      else t.true((await made).warnings.some((warning) => warning.startsWith("the dump was salvaged from the damaged dump ")));
    }
  }
});

test("a base is known by its id, by its keyspaces, and by what each of them holds", async (t) => {
  const directory = await temporaryDirectory(t);
  const content = { default: numbered("k", 30), nodes: numbered("n", 20) };
  const [dump, delta] = [join(directory, "dump.kgd"), join(directory, "delta.kgd")];
  const { dumpId } = await exportStore({ store: await makeStore(directory, "store", content), output: dump });
  await exportStore({ store: await makeStore(directory, "later", { ...content, nodes: { a: "1" } }), output: delta, base: [dump] });
  const others = {
    "the same with another id": { content },
    "one entry less": { content: { ...content, nodes: numbered("n", 19) }, dumpId },
    "another value": { content: { ...content, nodes: { ...numbered("n", 20), n0000003: "other" } }, dumpId },
    "another keyspace besides": { content: { ...content, more: {} }, dumpId },
    "a keyspace less": { content: { default: content.default }, dumpId },
  };
  for (const [what, { content: held, ...options }] of Object.entries(others)) {
    const other = join(directory, `${what}.kgd`);
    await exportStore({ store: await makeStore(directory, what, held), output: other, ...options });
    await t.throwsAsync(importDump({ target: join(directory, "t"), input: [other, delta] }), { code: "DELTA_BASE_DIFFERENT" }, what);
  }
  await t.notThrowsAsync(importDump({ target: join(directory, "t"), input: [dump, delta] }));
});

test("a store with another value in it is not what a delta builds on", async (t) => {
  const directory = await temporaryDirectory(t);
  const [dump, delta, target] = ["dump.kgd", "delta.kgd", "target"].map((name) => join(directory, name)) as [string, string, string];
  await exportStore({ store: await makeStore(directory, "store", { default: numbered("k", 30) }), output: dump });
  await exportStore({ store: await makeStore(directory, "later", { default: numbered("k", 31) }), output: delta, base: [dump] });
  await importDump({ target, input: dump });
  await sledWrite(target, [`put ${Buffer.from("k0000003").toString("hex")} 00`]);
  const before = await sledCheck(target);
  await t.throwsAsync(importDump({ target, input: delta }), { code: "DELTA_BASE_DIFFERENT" });
  t.deepEqual(await sledCheck(target), before);
});

test("a delta that does not lead to what it says is found out", async (t) => {
  const directory = await temporaryDirectory(t);
  const [dump, delta, lying] = ["dump.kgd", "delta.kgd", "lying.kgd"].map((name) => join(directory, name)) as [string, string, string];
  await exportStore({ store: await makeStore(directory, "store", { default: numbered("k", 30) }), output: dump });
  await exportStore({ store: await makeStore(directory, "later", { default: numbered("k", 31) }), output: delta, base: [dump] });
  await using made = await openDump(delta);
  const codec = await loadCodec("none");
  const writer = new DumpWriter({ ...made.header, codec: "none" });
  const entry = { key: Buffer.from("k0000030"), value: Buffer.from("not this") };
  const raw = encodeEntries([entry]);
  const packed = await packBlock(codec, raw);
  const result = made.footer.keyspaces[0]?.result ?? null;
  const chunks = [...writer.start(), ...writer.startKeyspace(0), ...writer.block({ entries: 1, firstKey: entry.key, lastKey: entry.key, keyBytes: entry.key.length, valueBytes: entry.value.length, raw, ...packed }), ...writer.endKeyspace(result), ...writer.finish()];
  await writeFile(lying, Buffer.concat(chunks));
  const target = join(directory, "target");
  for (const make of [importDump, restoreDump]) await t.throwsAsync(make({ target, input: [dump, lying] }), { code: "DUMP_DIGEST_MISMATCH" });
  t.is(await targetState(target), "absent");
  await importDump({ target, input: dump });
  const before = await sledCheck(target);
  await t.throwsAsync(importDump({ target, input: lying }), { code: "VERIFY_DIFFERENCE" });
  t.deepEqual(await sledCheck(target), before);
});

test("nobody rolls back a migration that another process is at work on", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: numbered("k", 30) });
  await migrateStore({ source: store });
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  t.teardown(() => child.kill());
  const stat = await readFile(`/proc/${String(child.pid)}/stat`, "utf8");
  const journal = JSON.parse(await readFile(journalPath(store), "utf8")) as { owner: object };
  const owner = { ...journal.owner, pid: child.pid, started: stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] };
  await writeFile(journalPath(store), JSON.stringify({ ...journal, step: "confirming", owner }));
  for (const work of [() => rollbackStore({ target: store }), () => rollbackStore({ target: store, discardNew: true })]) {
    await t.throwsAsync(work, { code: "STORE_IN_USE", message: new RegExp(`process ${String(child.pid)} is running migration`) });
  }
  await writeFile(journalPath(store), JSON.stringify({ ...journal, step: "done", owner }));
  t.is((await rollbackStore({ target: store })).status, "rolled-back");
});

test("a recovered dump that is not what was written, when it is read back, does not get its name", async (t) => {
  const directory = await temporaryDirectory(t);
  const content = numbered("k", 60);
  const store = await makeStore(directory, "store", { default: content });
  const output = join(directory, "out", "saved.kgd");
  await mkdir(join(directory, "out"));
  // The first is as long as what it replaces.
  const others = { "another value": { ...content, k0000007: "Value 7" }, "an entry less": numbered("k", 59), "the same in fewer bytes": content };
  for (const [what, held] of Object.entries(others)) {
    const other = join(directory, `${what}.kgd`);
    await recoverStore({ store: await makeStore(directory, what, { default: held }), output: other, codec: what === "the same in fewer bytes" ? "zstd" : "none" });
    let put = false;
    const onProgress = ({ phase }: { phase: string }): void => {
      const [temporary] = readdirSync(join(directory, "out"));
      if (phase !== "recover" || put || temporary === undefined) return;
      put = true;
      renameSync(other, join(directory, "out", temporary));
    };
    await t.throwsAsync(recoverStore({ store, output, codec: "none", onProgress }), { code: "IO_FAILED", message: /the new dump/ }, what);
    t.true(put, what);
    t.deepEqual(readdirSync(join(directory, "out")), [], what);
  }
  t.like(await recoverStore({ store, output }), { entries: 60, lost: false });
});
