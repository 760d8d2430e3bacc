/** Sled stores read from their files: nothing is written, whatever state they are in, and what sled needs and the log does not may be lost. */
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import test, { type ExecutionContext } from "ava";
import { openSledSource } from "#src/engines/sled/reader.js";
import { sledCheck, sledHold, sledWrite, type TreeContent } from "../../checker/run.js";
import { stateOf } from "../../support/store-state.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { digestOf, failure, readRecords } from "./support.js";

const KGDUMP = fileURLToPath(new URL("../../../../bin/kgdump.js", import.meta.url));

/** A store with a snapshot, several trees and value files, and what the crate as it is published finds in it. */
async function makeStore(t: ExecutionContext, name = "store"): Promise<{ path: string; trees: TreeContent[] }> {
  const path = join(await temporaryDirectory(t), name);
  await sledWrite(path, ["random 7 3000", "tree 00ff0a", "random 8 500", "fill 6b 300000 7", "tree 64656661756c74", "put 01 02", "tree -", "put 03 04"]);
  return { path, trees: await sledCheck(path) };
}

/** The same, as kgdump reads it. */
async function read(path: string): Promise<{ trees: TreeContent[]; warnings: readonly string[] }> {
  await using source = await openSledSource(path);
  const trees: TreeContent[] = [];
  for (const { name } of source.info.keyspaces) {
    const records = await readRecords(source, name);
    const tree = { default: "__sled__default", "__sled__tree:default": "default" }[Buffer.from(name).toString()];
    const bytes = records.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
    trees.push({ name: tree === undefined ? Buffer.from(name) : Buffer.from(tree), records: records.length, bytes, digest: digestOf(records) });
  }
  return { trees, warnings: source.info.warnings.filter((warning) => !warning.startsWith("its tree ")) };
}

const snapshotOf = async (path: string): Promise<string> => (await readdir(path)).find((name) => /^snap\.[0-9A-F]{16}$/.test(name)) ?? "none";

/** What may be the matter with a store's files that loses nothing, and whether a warning tells. */
const STATES: Record<string, { warns: boolean; spoil: (path: string, snapshot: string) => Promise<unknown> }> = {
  "conf is empty": { warns: false, spoil: (path) => truncate(join(path, "conf")) },
  "conf is gone": { warns: false, spoil: (path) => rm(join(path, "conf")) },
  "the snapshot is gone": { warns: false, spoil: (path, snapshot) => rm(join(path, snapshot)) },
  "the snapshot is empty": { warns: true, spoil: (path, snapshot) => truncate(join(path, snapshot)) },
  "the snapshot is cut": { warns: true, spoil: (path, snapshot) => truncate(join(path, snapshot), 100) },
  "the snapshot has a flipped bit": {
    warns: true,
    spoil: async (path, snapshot) => {
      const bytes = await readFile(join(path, snapshot));
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      await writeFile(join(path, snapshot), bytes);
    },
  },
  "the snapshot is a directory": {
    warns: true,
    spoil: async (path, snapshot) => {
      await rm(join(path, snapshot));
      await mkdir(join(path, snapshot));
    },
  },
  "an unfinished snapshot stands beside it": { warns: true, spoil: (path) => writeFile(join(path, "snap.00000000FFFFFFFF.generating"), "half a snapshot") },
  "copies of it stand beside it": {
    warns: false,
    spoil: async (path, snapshot) => {
      for (const end of ["~", ".bak", " (conflicted copy)", ".in___motion"]) await cp(join(path, snapshot), join(path, `${snapshot}${end}`));
    },
  },
  "files of others are in it": {
    warns: false,
    spoil: async (path) => {
      await mkdir(join(path, "lost+found"));
      await writeFile(join(path, ".DS_Store"), "x");
      await writeFile(join(path, "blobs", ".DS_Store"), "x");
      await writeFile(join(path, "blobs", "nothing of sled's"), "x");
    },
  },
};

test("what only sled needs may be lost: the log has it all", async (t) => {
  const { path, trees } = await makeStore(t);
  for (const [what, { warns, spoil }] of Object.entries(STATES)) {
    const copy = `${path} ${what}`;
    await cp(path, copy, { recursive: true });
    await spoil(copy, await snapshotOf(copy));
    const before = await stateOf(copy);
    const found = await read(copy);
    t.deepEqual(found.trees, trees, what);
    t.is(found.warnings.length, warns ? 1 : 0, `${what}: ${found.warnings.join("; ")}`);
    t.deepEqual(await stateOf(copy), before, what);
  }
});

test("a page that the log has lost and a snapshot names is damage, also where the log looks whole", async (t) => {
  const path = join(await temporaryDirectory(t), "store");
  const config = { segment_size: "4096" };
  await sledWrite(path, ["random 7 3000", "flush", "overwrite 7 3000"], { config });
  await sledCheck(path, { config });
  const db = await readFile(join(path, "db"));
  let missed = 0;
  for (let segment = 1; segment * 4096 < db.length - 4096; segment += 7) {
    const lost = Buffer.from(db);
    lost.fill(0, segment * 4096, segment * 4096 + 4096);
    await writeFile(join(path, "db"), lost);
    if (lost.equals(db)) continue;
    missed++;
    t.is((await failure(t, () => read(path))).code, "STORE_DAMAGED", `segment ${segment}`);
  }
  t.true(missed > 10);
});

test("stores that may not be written to are read, and programs are kept out meanwhile", async (t) => {
  const { path, trees } = await makeStore(t);
  for (const name of await readdir(path, { recursive: true })) await chmod(join(path, name), (await stat(join(path, name))).isDirectory() ? 0o555 : 0o444);
  await chmod(path, 0o555);
  const before = await stateOf(path);
  t.deepEqual((await read(path)).trees, trees);
  t.deepEqual(await stateOf(path), before);
  for (const name of [".", "blobs"]) await chmod(join(path, name), 0o755);
  for (const name of ["db", "conf"]) await chmod(join(path, name), 0o644);
  const source = await openSledSource(path);
  await t.throwsAsync(sledCheck(path), { message: /lock/ });
  t.regex((await failure(t, () => read(path))).message, /this process/);
  await source.close();
  const holder = await sledHold(path);
  t.is((await failure(t, () => read(path))).code, "STORE_IN_USE");
  await holder.release();
  t.deepEqual(await sledCheck(path), trees);
});

test("nothing of a store is opened for writing, made, renamed or removed by the commands that read it", async (t) => {
  const { path } = await makeStore(t);
  const dump = `${path}.kgd`;
  for (const command of [
    ["export", path, "-f", "-o", dump],
    ["verify", dump, "--against", path],
    ["export", path, "--dry-run"],
    ["verify", path, "--against", path],
    ["recover", path, "-f", "-o", `${path}.recovered.kgd`],
    ["recover", path, "--dry-run"],
    ["status", path],
    ["migrate", "--from", path],
    ["migrate", "--from", path, "--dry-run"],
  ]) {
    const trace = ["-f", "-qq", "-e", "trace=open,openat,openat2,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,truncate,ftruncate,link,linkat,symlink,symlinkat,utimensat,chmod,fchmod,fchmodat"];
    const run = await promisify(execFile)("strace", [...trace, process.execPath, KGDUMP, ...command], { maxBuffer: 64 << 20 }).catch((error: unknown) => error as { code?: unknown; stderr: string });
    if ("code" in run) {
      t.is(run.code, "ENOENT", run.stderr.slice(-2000));
      t.log("SKIPPED: there is no strace here");
      return;
    }
    const lines = run.stderr.split("\n").filter((line) => line.includes(`"${path}/`) || line.includes(`"${path}"`));
    t.true(lines.length > 0, command.join(" "));
    t.deepEqual(
      lines.filter((line) => /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/.test(line) || !/ (open|openat|openat2)\(/.test(` ${line}`)),
      [],
      command.join(" "),
    );
  }
});

/** Gives a store the conf of another version. */
async function putVersion(path: string, version: string): Promise<void> {
  const text = Buffer.from(`segment_size: 524288\nuse_compression: false\nversion: ${version}\n`);
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(text));
  await writeFile(join(path, "conf"), Buffer.concat([text, sum]));
}

test("other versions of sled are named, with what to do", async (t) => {
  const { path, trees } = await makeStore(t);
  for (const version of ["0.29", "0.31", "0.35", "1.34"]) {
    await putVersion(path, version);
    const error = await failure(t, () => read(path));
    t.is(error.code, "STORE_UNSUPPORTED");
    t.regex(error.message, new RegExp(`sled ${version.replace(".", "\\.")}; only those of sled 0\\.32 to 0\\.34`));
    t.regex(error.hint ?? "", /export.*import/);
  }
  for (const version of ["0.32", "0.33"]) {
    await putVersion(path, version);
    t.deepEqual(await read(path), { trees, warnings: [] });
  }
  const alpha = `${path}-alpha`;
  for (const name of ["metadata", "slabs"]) await mkdir(join(alpha, name), { recursive: true });
  const error = await failure(t, () => read(alpha));
  t.is(error.code, "STORE_UNSUPPORTED");
  t.regex(error.message, /1\.0/);
});
