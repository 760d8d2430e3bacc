/** The worked example, run as its README says: a service's graph from RocksDB to sled, changed there, and back. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { delimiter, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { gather, KGDUMP, kgdump } from "../cli/support/run.js";
import { temporaryDirectory } from "../support/temporary.js";

const SCRIPT = join(process.cwd(), "examples", "maya", "there-and-back.sh");
const PROGRAMS = join(process.cwd(), "build", "maya");

/** Whether the program was built with RocksDB, which only a library can bring. */
async function hasRocksdb(t: ExecutionContext): Promise<boolean> {
  t.true(existsSync(join(PROGRAMS, "maya-example")), "run `npm test`, which builds it");
  if ((await readdir(PROGRAMS)).some((name) => /\.(so|dylib)/.test(name))) return true;
  t.log("SKIPPED: RocksDB was compiled into the addon, and there is no library to link the example to");
  return false;
}

test("the example's graph goes to sled and comes back", async (t) => {
  if (!(await hasRocksdb(t))) return;
  const directory = await temporaryDirectory(t);
  const [bin, place] = [join(directory, "bin"), join(directory, "place")];
  await mkdir(bin);
  await symlink(KGDUMP, join(bin, "kgdump"));
  await symlink(process.execPath, join(bin, "node"));
  const env = { ...process.env, PATH: [bin, PROGRAMS, process.env.PATH ?? ""].join(delimiter) };
  const ended = await gather(spawn(SCRIPT, [place], { env, stdio: ["ignore", "pipe", "pipe"] }));
  t.is(ended.code, 0, ended.stderr);

  const said = async (name: string): Promise<string> => readFile(join(place, name), "utf8");
  const before = await said("before.txt");
  t.is(before.match(/^\S/gm)?.length, 200);
  t.is(before.match(/^ {2}outgoing /gm)?.length, 400);
  t.is(before.match(/^ {2}incoming /gm)?.length, 400);
  t.is(before.match(/^ {2}embedding = \[(-?[\d.]+,?){16}\]$/gm)?.length, 20);
  t.true(before.includes("Café"));
  t.is(await said("after.txt"), before);
  const back = await said("back.txt");
  t.is(await said("changed.txt"), back);
  t.is(back.match(/^\S/gm)?.length, 201);
  t.is(back.match(/^ {2}outgoing /gm)?.length, 400);
  t.regex(back, / Changed \d+\n/);
  t.regex(back, /name = "new since the migration"/);
  t.regex(ended.stdout.toString(), /201 nodes, 400 edges, 402 lists, 0 other entries\n {2}whole/);
});

test("what the example leaves when it is stopped between an edge and its lists is found", async (t) => {
  if (!(await hasRocksdb(t))) return;
  const store = join(await temporaryDirectory(t), "store");
  const run = async (...args: string[]): Promise<number | null> =>
    (await gather(spawn(join(PROGRAMS, "maya-example"), [...args, "--engine", "sled", "--path", store], { stdio: ["ignore", "pipe", "pipe"] }))).code;
  t.is(await run("write"), 0);
  t.is((await kgdump(["verify", store, "--graph"])).stderr, "");
  const { sledWrite, hex } = await import("../checker/run.js");
  const listed = await kgdump(["export", store, "-o", `${store}.kgd`, "-q"]);
  t.is(listed.code, 0, listed.stderr);
  const lists = (await kgdump(["inspect", `${store}.kgd`, "--entries", "--prefix", "node_edges:", "--limit", "1", "--json"])).stdout.toString();
  const { key } = JSON.parse(lists) as { key: { text: string } };
  await sledWrite(store, [`put ${hex(Buffer.from(key.text))} ${hex(Buffer.from("[]"))}`]);
  const checked = await kgdump(["verify", `${store}.kgd`, "--against", store, "--graph"]);
  t.is(checked.code, 4);
  t.regex(checked.stdout.toString(), new RegExp(`list-lacks-edge +\\d+ +\\d+ [^\\n]*\\n +${key.text}`));
  t.not(await run("read", "--compression"), 0);
});
