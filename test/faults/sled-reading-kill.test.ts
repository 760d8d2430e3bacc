/**
 * kill -9 at random moments of every command that reads a sled store: not a byte of it, no name, no size and no time is changed.
 *
 * KGDUMP_KILLS sets how many there are of each command (default 4), SEED which moments.
 */
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { openSledSink } from "#src/engines/sled/sled.js";
import { encodeEntries } from "#src/format/index.js";
import { exportStore } from "#src/operations/export/export.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { sledCheck } from "../checker/run.js";
import { kgdump } from "../cli/support/run.js";
import { makeStore, numbered } from "../support/stores.js";
import { killAt, moments, run } from "./kills.js";
import { fingerprint, inParallel } from "./support.js";
import { loggedSeed } from "../support/seed.js";

interface Ground {
  readonly directory: string;
  /** A sled store that a migration made, and that was written to since. */
  readonly store: string;
  readonly dump: string;
}

const test = (anyTest as TestFn<Ground>).serial;
const KILLS = Number(process.env.KGDUMP_KILLS ?? 4);

test.before(async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "kgdump-test-"));
  const store = await makeStore(directory, "graph", { default: numbered("k", 20_000, "value of some length"), nodes: { a: "1" } });
  await migrateStore({ source: store, keepDump: false });
  {
    await using sink = await openSledSink(store, { create: false });
    await sink.apply(Buffer.from("nodes"), encodeEntries([{ key: Buffer.from("new"), value: Buffer.alloc(700_000, 7) }]), "overwrite");
    await sink.flush();
  }
  await sledCheck(store);
  const dump = join(directory, "whole.kgd");
  await exportStore({ store, output: dump });
  t.context = { directory, store, dump };
});
test.after.always((t) => rm(t.context.directory, { recursive: true, force: true }));

/** Names, sizes, times and content. */
async function stateOf(path: string): Promise<string> {
  const lines = await Promise.all(
    ["", ...(await readdir(path, { recursive: true })).sort()].map(async (name) => {
      const { mode, size, mtimeMs, ctimeMs, ino, nlink } = await stat(join(path, name));
      return [name, mode, size, mtimeMs, ctimeMs, ino, nlink].join(" ");
    }),
  );
  return `${lines.join("\n")}\n${await fingerprint(path)}`;
}

test("a command that reads a sled store changes nothing of it, whenever it is killed", async (t) => {
  t.timeout(60 * 60_000);
  const { directory, store, dump } = t.context;
  const before = await stateOf(store);
  const journal = await readFile(`${store}.kgdump-migration.json`);
  const seed = loggedSeed(t);
  const commands: readonly (readonly [(output: string) => string[], number])[] = [
    [(output) => ["export", store, "-o", output], 0],
    [() => ["export", store, "--dry-run"], 0],
    [() => ["verify", dump, "--against", store], 0],
    [() => ["verify", store, "--against", store], 0],
    [(output) => ["recover", store, "-o", output], 0],
    [() => ["recover", store, "--dry-run"], 0],
    [() => ["status", store], 0],
    [() => ["migrate", "--from", store], 0],
    [() => ["migrate", "--from", store, "--dry-run"], 0],
    [() => ["rollback", store], 4],
    [() => ["find", store, "a"], 7],
    [() => ["inspect", store], 0],
  ];
  for (const [number, [args, code]] of commands.entries()) {
    const cwd = join(directory, `run-${String(number)}`);
    const { mkdir } = await import("node:fs/promises");
    await mkdir(cwd);
    const started = performance.now();
    const whole = await kgdump(args(join(cwd, "first.kgd")));
    t.is(whole.code, code, `${args("OUTPUT").join(" ")}: ${whole.stderr}`);
    const took = performance.now() - started;
    t.is(await stateOf(store), before, args("OUTPUT").join(" "));
    let killed = 0;
    await inParallel(moments(KILLS, took, seed + number), 1, async (moment, index) => {
      // One after the other: two would find the lock of the store taken.
      const own = join(cwd, String(index));
      await mkdir(own);
      if ((await killAt(own, () => run(own, args(join(own, "x.kgd"))), moment)).code === null) killed++;
    });
    t.is(await stateOf(store), before, `${args("OUTPUT").join(" ")}, killed ${String(killed)} times`);
    t.deepEqual(await readFile(`${store}.kgdump-migration.json`), journal);
    t.log(`${args("OUTPUT").slice(0, 1).join(" ")}: ${String(killed)} of ${String(KILLS)} killed`);
  }
});
