/**
 * Stores of sled 0.32 and 0.33, written by those crates: read as they themselves read them, whatever became of them before, and nothing of them is touched.
 *
 * `KGDUMP_OLDER=300` tries so many histories, `SEED=n` repeats them but for the moments of the kills.
 */
import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { openSledSource } from "#src/engines/sled/reader.js";
import { KgdumpError } from "#src/errors.js";
import { type CheckerOptions, hex, type OlderSled, sledCheck, sledChurn, sledId, sledWrite, type TreeContent, unlessHung } from "../../checker/run.js";
import { unpackStore } from "../../fixtures/unpack.js";
import { random, type Random } from "../../operations/recover/store-support.js";
import { stateOf } from "../../support/store-state.js";
import { SEED } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { failure, readStore } from "./support.js";

const HISTORIES = Number(process.env.KGDUMP_OLDER ?? 10);
const VERSIONS: readonly OlderSled[] = ["0.32", "0.33"];
const TREES = ["", "edges", "\u0000ÿ", "gone"].map((name) => Buffer.from(name));

test("whatever happened to a store of an earlier sled, it is read as that sled reads it", async (t) => {
  t.log(`SEED=${String(SEED)} KGDUMP_OLDER=${String(HISTORIES)}`);
  const directory = await temporaryDirectory(t);
  const next = random(SEED);
  const counts = { killed: 0, refused: 0, ids: 0, files: 0, hung: 0 };
  const history = async (store: string, copy: string, number: number): Promise<true> => {
    const options = anyOptions(next, VERSIONS[number % 2] ?? "0.33");
    const killed = await live(store, options, next);
    await cp(store, copy, { recursive: true });
    const label = `history ${String(number)}, ${JSON.stringify(options)}`;
    const before = await stateOf(store);
    const found = await readStore(store).catch((error: unknown) => error);
    const nextId = found instanceof KgdumpError ? undefined : await nextIdOf(store);
    t.deepEqual(await stateOf(store), before, label);
    counts.files += before.filter((line) => line.startsWith("blobs/")).length;
    if (killed) counts.killed += 1;
    if (found instanceof KgdumpError) {
      counts.refused += 1;
      t.true(killed, `${label}: ${found.message}`);
      t.is(found.code, "STORE_DAMAGED", label);
      t.regex(found.message, /its program was killed while writing/, label);
      const expected = (await sledCheck(copy, options)).map(asKeyspace);
      t.deepEqual(await readStore(copy), expected, `${label}, opened and closed`);
    } else {
      // Each opening gives some ids away, so that the first one tells.
      const id = await sledId(copy, options);
      if (nextId !== undefined) {
        t.is(nextId, id, label);
        counts.ids += 1;
      }
      t.deepEqual(found, (await sledCheck(copy, options)).map(asKeyspace), label);
    }
    return true;
  };
  for (let number = 0; number < HISTORIES; number += 1) {
    const [store, copy] = [join(directory, `store-${String(number)}`), join(directory, `copy-${String(number)}`)];
    if ((await unlessHung(() => history(store, copy, number))) === null) counts.hung += 1;
    for (const path of [store, copy]) await rm(path, { recursive: true, force: true });
  }
  t.log(JSON.stringify(counts));
  t.true(counts.refused <= 2 + HISTORIES / 20);
  t.true(counts.hung <= 1 + HISTORIES / 200);
});

function anyOptions(next: Random, version: OlderSled): CheckerOptions {
  const compression = next(3) === 0;
  // With compression and segments of 256 bytes, sled of each version spoils its own store when it opens it again.
  return { version, compression, config: { segment_size: String((compression ? 512 : 256) << next(11)) } };
}

/** Lets a program write to a store once or more often. @returns whether it was killed at last */
async function live(store: string, options: CheckerOptions, next: Random): Promise<boolean> {
  let killed = false;
  for (let life = 0, lives = 1 + next(3); life < lives; life += 1) {
    killed = next(4) === 0;
    await sledWrite(store, anyLines(next), { ...options, noFlush: killed });
  }
  if (next(3) > 0) return killed;
  await sledChurn(store, next(1_000_000), next(3) * next(100), options);
  return true;
}

function anyLines(next: Random): string[] {
  const lines: string[] = [];
  for (const name of TREES) {
    if (next(3) === 0) continue;
    lines.push(name.length === 0 ? "tree" : `tree ${hex(name)}`);
    for (let step = 0, count = next(2) === 0 ? next(10) : next(300); step < count; step += 1) lines.push(anyLine(next));
    if (next(4) === 0) lines.push(`random ${String(next(1000))} ${String(next(400))}`);
    if (next(3) === 0) lines.push("flush");
  }
  if (next(3) === 0) lines.push(`drop ${hex(Buffer.from("gone"))}`);
  return lines;
}

function anyLine(next: Random): string {
  const key = hex(Buffer.from((["", "edge:", "node:"][next(3)] ?? "") + (next(9) === 0 ? "" : String(next(400)))));
  const value = hex(Buffer.from("value ".repeat(next(20))));
  switch (next(12)) {
    case 0:
    case 1:
      return `delete ${key}`;
    case 2:
      return `merge ${key} ${value}`;
    case 3:
      return `fill ${key} ${String(next(5) === 0 ? next(200_000) : next(3000))} ${String(next(256))}`;
    default:
      return `put ${key} ${value}`;
  }
}

async function nextIdOf(store: string): Promise<number | undefined> {
  await using source = await openSledSource(store);
  const id = source.info.options?.get("sled.nextId");
  return id === undefined ? undefined : Number(id);
}

function asKeyspace({ name, records, digest }: TreeContent): unknown {
  return { name: name.toString("latin1").replace(/^__sled__default$/, "default"), records, digest };
}

for (const version of VERSIONS) {
  test(`a store of sled ${version} on another machine is read, and tells its version`, async (t) => {
    const store = await unpackStore(t, `words-sled-${version}`);
    const copy = `${store}-copy`;
    await cp(store, copy, { recursive: true });
    {
      await using source = await openSledSource(store);
      t.is(source.info.options?.get("sled.version"), version);
      t.is(source.info.version, "0.34.7");
      t.deepEqual(source.info.warnings, []);
    }
    const found = await readStore(store);
    t.is(found.reduce((sum, { records }) => sum + records, 0), 21);
    t.deepEqual(found, (await sledCheck(copy, { version })).map(asKeyspace));
  });

  test(`a store of sled ${version} whose conf is gone is read by what its log shows`, async (t) => {
    const options: CheckerOptions = { version, config: { segment_size: "1024" } };
    const store = join(await temporaryDirectory(t), "store");
    await sledWrite(store, ["put 01 02", "random 7 60", "tree 00ff", "random 8 60", "flush", "overwrite 8 30"], options);
    const expected = (await sledCheck(store, options)).map(asKeyspace);
    await rm(join(store, "conf"));
    t.deepEqual(await readStore(store), expected);
  });

  test(`sled ${version} opens a store whose snapshot is spoiled, and no warning says otherwise`, async (t) => {
    const store = join(await temporaryDirectory(t), "store");
    await sledWrite(store, ["random 7 400"], { version });
    await sledCheck(store, { version });
    const snapshot = (await stateOf(store)).map((line) => line.split(" ")[0] ?? "").find((name) => name.startsWith("snap."));
    await rm(join(store, snapshot ?? "none"));
    await cp(join(store, "conf"), join(store, snapshot ?? "none"));
    await using source = await openSledSource(store);
    t.is(source.info.warnings.length, 1);
    t.notRegex(source.info.warnings[0] ?? "", /sled does not open/);
    await source.close();
    const found = await readStore(store);
    t.deepEqual(found, (await sledCheck(store, { version })).map(asKeyspace));
    t.is((await failure(t, () => readStore(store, true))).code, "STORE_UNSUPPORTED");
  });
}
