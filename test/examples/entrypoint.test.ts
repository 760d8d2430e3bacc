/** The container's entry point, run for real: by the system's sh, with kgdump in PATH and a RocksDB store. */
import { spawn } from "node:child_process";
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { lockRocksdb } from "#src/engines/rocksdb/lock.js";
import { type Ended, gather, KGDUMP } from "../cli/support/run.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";

const ENTRYPOINT = join(process.cwd(), "examples", "container", "entrypoint.sh");

interface Container {
  readonly directory: string;
  readonly path: string;
  readonly log: string;
  /** Runs the entry point with a service. */
  start(service: readonly string[]): Promise<Ended>;
}

/** What a container has: kgdump in its PATH, the settings, a volume with the store. */
async function container(t: ExecutionContext): Promise<Container> {
  const directory = await temporaryDirectory(t);
  const [bin, volume] = [join(directory, "bin"), join(directory, "volume")];
  await mkdir(bin);
  await mkdir(volume);
  await symlink(KGDUMP, join(bin, "kgdump"));
  await symlink(process.execPath, join(bin, "node"));
  const path = await makeStore(volume, "knowledge_graph", { default: numbered("k", 300), nodes: { a: "1" } });
  const config = join(directory, "storage.toml");
  await writeFile(config, `[storage]\nengine = "sled"\npath = ${JSON.stringify(path)}\n`);
  const log = join(directory, "migration log.txt");
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}`, KGDUMP_CONFIG: config, KGDUMP_LOG: log };
  const start = (service: readonly string[]): Promise<Ended> => gather(spawn(ENTRYPOINT, service, { env, stdio: ["ignore", "pipe", "pipe"] }));
  return { directory, path, log, start };
}

/** A service that tells its arguments, and ends with 9. */
const SERVICE = ["sh", "-c", 'echo "service: $# [$1] [$2]"; exit 9', "maya-learn", "--name", "two words"];

test("the first start migrates, the second goes on; arguments and exit code are the service's own", async (t) => {
  const { path, log, start } = await container(t);
  const first = await start(SERVICE);
  t.is(first.code, 9, first.stderr);
  t.is(first.stdout.toString(), "service: 2 [--name] [two words]\n");
  t.regex(first.stderr, /migration [0-9a-f]{8} switch: /);
  t.regex(await readFile(log, "utf8"), /migration [0-9a-f]{8} done: /);
  t.true((await readdir(path)).includes("conf"));
  const names = await readdir(join(path, ".."));

  const second = await start(SERVICE);
  t.is(second.code, 9, second.stderr);
  t.is(second.stdout.toString(), "service: 2 [--name] [two words]\n");
  t.regex(second.stderr, /nothing to do/);
  t.deepEqual(await readdir(join(path, "..")), names);
});

test("a store in use stops it with kgdump's exit code, and the service is not started", async (t) => {
  const { path, start } = await container(t);
  const lock = await lockRocksdb(path);
  const refused = await start(SERVICE);
  lock.release();
  t.is(refused.code, 6, refused.stderr);
  t.is(refused.stdout.length, 0);
  t.regex(refused.stderr, /\[STORE_IN_USE\][^]*\nentrypoint: the migration failed with exit code 6: the store is in use[^\n]*\n$/);
  t.true((await readdir(path)).includes("CURRENT"));
  t.is((await start(SERVICE)).code, 9);
});

test("what can't be read stops it; nothing to migrate does not", async (t) => {
  const { directory, path, start } = await container(t);
  await writeFile(join(path, "CURRENT"), "not a name\n");
  const damaged = await start(SERVICE);
  t.is(damaged.code, 7, damaged.stderr);
  t.is(damaged.stdout.length, 0);
  await writeFile(join(directory, "storage.toml"), `[storage]\nengine = "sled"\npath = ${JSON.stringify(join(directory, "volume", "none"))}\n`);
  t.is((await start(["true"])).code, 0);
  await writeFile(join(directory, "storage.toml"), "[storage\n");
  t.is((await start(["true"])).code, 2);
});

test("without a service it is a mistake of usage, and without kgdump it says so", async (t) => {
  const { directory, start } = await container(t);
  const none = await start([]);
  t.is(none.code, 2);
  t.regex(none.stderr, /^entrypoint: no service is named/);
  const missing = await gather(spawn("/bin/sh", [ENTRYPOINT, "true"], { env: { PATH: join(directory, "nowhere") }, stdio: ["ignore", "pipe", "pipe"] }));
  t.is(missing.code, 127, missing.stderr);
  t.regex(missing.stderr, /can't be run/);
});

test("a signal reaches the migration, which cleans up; the service is not started", async (t) => {
  const directory = await temporaryDirectory(t);
  // In kgdump's place a program that tells when it runs, and what it is told: a real migration of a small store is over too soon.
  const bin = join(directory, "slow");
  await mkdir(bin);
  const fake = join(bin, "kgdump");
  await writeFile(fake, "#!/bin/sh\ntrap 'echo cleaned >&2; exit 143' TERM\necho running >&2\nwhile :; do sleep 0.05; done\n");
  await chmod(fake, 0o755);
  const child = spawn(ENTRYPOINT, SERVICE, { env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ""}` }, stdio: ["ignore", "pipe", "pipe"] });
  child.stderr.once("data", () => child.kill("SIGTERM"));
  const ended = await gather(child);
  t.is(ended.code, 143, ended.stderr);
  t.is(ended.stdout.length, 0);
  t.regex(ended.stderr, /cleaned\nentrypoint: told to stop/);
});
