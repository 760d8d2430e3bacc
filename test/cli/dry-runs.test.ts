/**
 * What a dry run says yes to, the real run does, and what one refuses the other refuses by the same code: over every store of the fixtures and every
 * mistake about paths and options. Only damage inside of files is left to the real run, and the dry run says so.
 */
import { chmod, cp, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { unpackStore } from "../fixtures/unpack.js";
import { whyNoOtherUser } from "../faults/other-users.js";
import { inParallel } from "../faults/support.js";
import { temporaryDirectory } from "../support/temporary.js";
import { kgdump } from "./support/run.js";

/** Its damage is in the order of keys within a table: found by reading. */
const FOUND_BY_READING: readonly string[] = ["account-key-out-of-order"];

interface Verdict {
  readonly code: number | null;
  readonly error: string;
  readonly said: string;
}

async function verdict(args: readonly string[], cwd: string): Promise<Verdict> {
  const { code, stderr, stdout } = await kgdump(args, { cwd });
  return { code, error: /\[([A-Z_]+)\]/.exec(stderr)?.[1] ?? "", said: stdout.toString() };
}

/** Runs both, each in a copy of its own, and compares. */
async function compare(t: ExecutionContext, ground: string, what: string, args: readonly string[]): Promise<{ dry: Verdict; real: Verdict }> {
  const [one, other] = [`${ground}.dry`, `${ground}.real`];
  for (const copy of [one, other]) await cp(ground, copy, { recursive: true, verbatimSymlinks: true });
  const before = (await readdir(one, { recursive: true })).sort();
  const dry = await verdict([...args, "--dry-run"], one);
  t.deepEqual((await readdir(one, { recursive: true })).sort(), before, `${what}: a dry run changes nothing`);
  return { dry, real: await verdict(args, other) };
}

const STORES = (await readdir("test/fixtures/stores")).filter((name) => name.endsWith(".tar.gz")).map((name) => name.slice(0, -".tar.gz".length));

test("each store of the fixtures is refused by both, or by none", async (t) => {
  t.true(STORES.length > 20);
  await inParallel(STORES, 3, async (name) => {
    const ground = join(await temporaryDirectory(t), "ground");
    await mkdir(ground);
    await cp(await unpackStore(t, name), join(ground, "store"), { recursive: true });
    for (const args of [["export", "store", "-o", "x.kgd"], ["migrate", "--from", "store", ...(name.includes("sled") ? ["--engine", "rocksdb"] : [])]]) {
      const what = `${args[0] ?? ""} ${name}`;
      const place = `${ground}-${args[0] ?? ""}`;
      await cp(ground, place, { recursive: true });
      const { dry, real } = await compare(t, place, what, args);
      if (FOUND_BY_READING.includes(name)) t.deepEqual([dry.code, real.error], [0, "STORE_DAMAGED"], what);
      else t.deepEqual([dry.code, dry.error], [real.code, real.error], what);
      if (dry.code === 0) t.regex(dry.said, /not looked for: damage inside files/, what);
    }
  });
});

const MISTAKES: Readonly<Record<string, readonly string[]>> = {
  "an output that exists": ["export", "store", "-o", "exists.kgd"],
  "an output in no directory": ["export", "store", "-o", "no/x.kgd"],
  "an output that is a directory": ["export", "store", "-o", "dir", "-f"],
  "an output inside the store": ["export", "store", "-o", "store/x.kgd"],
  "an output behind a link that leads nowhere": ["export", "store", "-o", "dangling/x.kgd"],
  "a keyspace that is not there": ["export", "store", "-o", "x.kgd", "--keyspace", "nope"],
  "a base that is not there": ["export", "store", "-o", "x.kgd", "--base", "nope.kgd"],
  "a base that is no dump": ["export", "store", "-o", "x.kgd", "--base", "exists.kgd"],
  "a base and a part": ["export", "store", "-o", "x.kgd", "--base", "exists.kgd", "--prefix", "a"],
  "a range from behind to before": ["export", "store", "-o", "x.kgd", "--from", "b", "--to", "a"],
  "a range without keys": ["export", "store", "-o", "x.kgd", "--from", "a", "--to", "a"],
  "no store": ["export", "nope", "-o", "x.kgd"],
  "a target that is taken": ["migrate", "--from", "store", "--to", "dir"],
  "a target in no directory": ["migrate", "--from", "store", "--to", "no/x"],
  "backups in no directory": ["migrate", "--from", "store", "--backup-dir", "no"],
  "backups in a file": ["migrate", "--from", "store", "--backup-dir", "exists.kgd"],
  "a dump that exists": ["migrate", "--from", "store", "--dump", "exists.kgd"],
  "a dump in no directory": ["migrate", "--from", "store", "--dump", "no/x.kgd"],
  "a log in no directory": ["migrate", "--from", "store", "--log", "no/log"],
  "a keyspace to leave out that is not there": ["migrate", "--from", "store", "--exclude-keyspace", "nope"],
  "options from what has none": ["migrate", "--from", "store", "--options-from", "exists.kgd"],
  "a file to migrate": ["migrate", "--from", "exists.kgd"],
  "nothing to migrate": ["migrate", "--from", "nope"],
};

test("each mistake about paths and options is refused by both, by the same code", async (t) => {
  const ground = join(await temporaryDirectory(t), "ground");
  await mkdir(join(ground, "dir"), { recursive: true });
  await cp(await unpackStore(t, "maya-lz4"), join(ground, "store"), { recursive: true });
  await writeFile(join(ground, "exists.kgd"), "no dump");
  await writeFile(join(ground, "dir", "file"), "");
  await symlink("nowhere", join(ground, "dangling"));
  await inParallel(Object.entries(MISTAKES), 3, async ([what, args], index) => {
    const place = `${ground}-${String(index)}`;
    await cp(ground, place, { recursive: true, verbatimSymlinks: true });
    const { dry, real } = await compare(t, place, what, args);
    t.deepEqual([dry.code, dry.error], [real.code, real.error], what);
    t.not(real.code, 0, what);
  });
});

test("of several problems the first is the error, and the others are told", async (t) => {
  const reason = whyNoOtherUser();
  if (reason !== null) {
    t.log(`SKIPPED: ${reason}`);
    t.pass();
    return;
  }
  const directory = await temporaryDirectory(t);
  await chmod(directory, 0o755);
  const [store, out] = [join(directory, "store"), join(directory, "out")];
  await cp(await unpackStore(t, "maya-lz4"), store, { recursive: true });
  for (const path of [store, out]) {
    await mkdir(path, { recursive: true });
    await chmod(path, 0o755);
  }
  for (const name of await readdir(store)) await chmod(join(store, name), 0o644);
  await writeFile(join(out, "x.kgd"), "");
  const { code, stderr } = await kgdump(["export", store, "-o", join(out, "x.kgd"), "--dry-run"], { user: 65_534 });
  t.is(code, 1, stderr);
  t.regex(stderr, /^warning: looking at \S+\/out: permission denied/m);
  t.regex(stderr, /the export would fail: \S+x\.kgd exists already \[OUTPUT_EXISTS\]/);
});
