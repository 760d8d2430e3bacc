import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { occupantOf } from "#src/operations/disk/places.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import type { MigrationEvent } from "#src/operations/migrate/events.js";
import { readJournal } from "#src/operations/migrate/journal.js";
import { migrateStore, type MigrateOptions, type MigrateResult } from "#src/operations/migrate/migrate.js";
import { verifyDump } from "#src/operations/verify/verify.js";
import { randomNumbers } from "../../../faults/support.js";
import { makeStore, numbered } from "../../../support/stores.js";
import { loggedSeed } from "../../../support/seed.js";
import { temporaryDirectory } from "../../../support/temporary.js";
import { type PlainOperation, REVERSE as FAMILIES } from "../live-service.js";
import { serve, type Work } from "../service.js";

const WRITER = fileURLToPath(new URL("../../../engines/rocksdb/live-writer.js", import.meta.url));
const CONTENT = { default: numbered("k", 4000), nodes: { a: "1", b: "", c: "3" }, gone: { x: "1" }, empty: {}, back: numbered("r", 300) };

const hex = (text: string): string => Buffer.from(text).toString("hex");
const put = (key: string, value: string): PlainOperation => ({ kind: "put", key: hex(key), value: hex(value) });
const del = (key: string): PlainOperation => ({ kind: "delete", key: hex(key) });

/** A migration of a store whose service stops when it is asked to. */
async function migrateServed(t: ExecutionContext, path: string, options: Omit<MigrateOptions, "source">, atStop: Work): Promise<{ result: MigrateResult; events: MigrationEvent[] }> {
  const service = await serve(t, path);
  const events: MigrationEvent[] = [];
  const onEvent = (event: MigrationEvent): void => {
    events.push(event);
    if (event.phase === "stop") void service.stop(atStop);
  };
  const result = await migrateStore({ source: path, live: true, ...options, onEvent });
  return { result, events };
}

async function holds(t: ExecutionContext, dump: string, path: string): Promise<void> {
  const { against } = await verifyDump({ input: dump, against: path });
  t.true(against?.equal, `${path} is not as ${dump}: ${JSON.stringify(against?.keyspaces)}`);
}

async function wholeOf(directory: string, store: string | null): Promise<string> {
  const output = join(directory, "whole.kgd");
  await exportStore({ store: store ?? "", output, force: true });
  return output;
}

test("a store is copied while it is in use, and what changes until the stop is carried over", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", CONTENT, FAMILIES);
  const { result, events } = await migrateServed(t, path, {}, [
    ["default", [put("k0000001", "other"), put("a", "first"), put("zz", "last"), del("k0000002")]],
    ["nodes", ["a", "b", "c"].map(del)],
    ["back", [put("r0000007", "other"), put("r00000071", "new"), del("r0000299")]],
    ["fresh", [put("f", "1")]],
  ]);
  // That it was in use is said before the copy, and is no concern of the result.
  t.true(events.some(({ phase, message }) => phase === "preflight" && message.startsWith("the store is in use by process")));
  t.deepEqual(result.warnings.filter((warning) => warning.includes("in use")), []);
  t.like(result, { status: "migrated", changes: { added: 4, changed: 2, removed: 5 } });
  t.true(result.downtimeSeconds !== null && result.downtimeSeconds < result.seconds);
  t.deepEqual([...new Set(events.map(({ phase }) => phase))], ["detect", "preflight", "export", "import", "verify", "stop", "delta", "backup", "switch", "done"]);
  t.is(await occupantOf(path), "sled");
  const whole = await wholeOf(directory, result.backup);
  await holds(t, whole, path);
  // The two dumps lead to the same.
  const replayed = join(directory, "replayed");
  if (result.dump === null || result.delta === null) throw new Error("no dumps");
  t.is(result.delta, result.dump.replace(/\.kgd$/, ".delta.kgd"));
  await importDump({ target: replayed, input: [result.dump, result.delta] });
  await holds(t, whole, replayed);
  t.is((await migrateStore({ source: path, live: true })).status, "already");
  t.like(await rollbackStore({ target: path }), { status: "rolled-back" });
  await holds(t, whole, path);
});

test("nobody has the store open: it goes on at once; without dumps, and to another path", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", CONTENT, FAMILIES);
  const events: MigrationEvent[] = [];
  const target = join(directory, "sled");
  const result = await migrateStore({ source: path, target, live: true, stream: true, onEvent: (event) => events.push(event) });
  t.like(result, { status: "migrated", dump: null, delta: null, changes: { added: 0, changed: 0, removed: 0 } });
  t.false(events.some(({ phase }) => phase === "stop"));
  await holds(t, await wholeOf(directory, path), target);
  const other = await makeStore(directory, "other", CONTENT, FAMILIES);
  t.like(await migrateStore({ source: other, live: true, keepDump: false }), { status: "migrated", dump: null, delta: null });
  t.deepEqual((await readdir(directory)).filter((name) => /\.kgd$|new/.test(name)), ["whole.kgd"]);
});

test("a service that does not stop in time, and a wait that is interrupted, leave all as it was", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", CONTENT, FAMILIES);
  const before = await readdir(directory);
  const service = await serve(t, path);
  await t.throwsAsync(migrateStore({ source: path, live: true, waitSeconds: 0 }), { code: "STORE_IN_USE", message: /did not stop within 0 seconds/ });
  const controller = new AbortController();
  const onEvent = ({ phase }: MigrationEvent): void => {
    if (phase === "stop") controller.abort(new Error("stopped"));
  };
  await t.throwsAsync(migrateStore({ source: path, live: true, onEvent, signal: controller.signal }), { message: "stopped" });
  t.deepEqual((await readdir(directory)).filter((name) => name !== "graph.kgdump-migration.json").sort(), before.sort());
  await service.stop();
  t.is(await occupantOf(path), "rocksdb");
  t.is((await migrateStore({ source: path })).status, "migrated");
});

test("a delta that is in the way is told before anything is copied", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", CONTENT, FAMILIES);
  await writeFile(join(directory, "mine.delta.kgd"), "");
  const before = await readdir(directory);
  await t.throwsAsync(migrateStore({ source: path, live: true, dump: join(directory, "mine.kgd") }), { code: "OUTPUT_EXISTS" });
  t.deepEqual(await readdir(directory), before);
});

test("whatever changes while it is copied and waited for, the new store is equal", async (t) => {
  const random = randomNumbers(loggedSeed(t));
  const below = (limit: number): number => Math.floor(random() * limit);
  for (let round = 0; round < 6; round++) {
    const directory = await temporaryDirectory(t);
    const keys = [3, 40, 1500][round % 3] ?? 3;
    const path = await makeStore(directory, "graph", { default: numbered("k", keys), back: numbered("k", keys) }, FAMILIES);
    const work = ["default", "back"].map((family): Work[number] => {
      const operations = Array.from({ length: below(keys) + 1 }, (): PlainOperation => {
        const key = `${["k", "a", "z"][below(3)] ?? ""}${String(below(keys * 2)).padStart(7, "0")}${"x".repeat(below(3))}`;
        return below(3) === 0 ? del(key) : put(key, String.fromCharCode(below(128)).repeat([0, 5, 300, 40_000][below(4)] ?? 0));
      });
      const [from, to] = [hex(`k${String(below(keys)).padStart(7, "0")}`), hex(family === "back" ? "a" : "z")];
      return [family, below(3) === 0 ? [...operations, { kind: "deleteRange", key: from, value: to }] : operations];
    });
    const { result } = await migrateServed(t, path, { stream: round % 2 === 0 }, work);
    const whole = await wholeOf(directory, result.backup);
    await holds(t, whole, path);
    if (result.dump !== null && result.delta !== null) {
      await importDump({ target: join(directory, "replayed"), input: [result.dump, result.delta] });
      await holds(t, whole, join(directory, "replayed"));
    }
  }
});

test("a real service that writes all the time until it is stopped", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = join(directory, "graph");
  await mkdir(path);
  const writer = spawn(process.execPath, [WRITER, path, "manual", "7"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(writer, "close");
  await new Promise<void>((written) => createInterface(writer.stdout).on("line", (line) => { if (Number(line) > 3000) written(); }));
  let result: MigrateResult | null = null;
  try {
    // A refusal because files move too fast is honest, and leaves all as it was.
    for (let attempt = 0; result === null && attempt < 20; attempt++) {
      result = await migrateStore({ source: path, live: true, onEvent: ({ phase }) => { if (phase === "stop") writer.stdin.end(); } }).catch((error: unknown) => {
        if (error instanceof Error && "code" in error && error.code === "STORE_MOVING") return null;
        throw error;
      });
    }
  } finally {
    writer.stdin.end();
    await ended;
  }
  t.true((result?.changes?.added ?? 0) > 0);
  await holds(t, await wholeOf(directory, result?.backup ?? null), path);
  t.is((await readJournal(path))?.step, "done");
  t.regex(await readFile(`${path}.kgdump-migration.json`, "utf8"), /"delta": ".*\.delta\.kgd"/);
});
