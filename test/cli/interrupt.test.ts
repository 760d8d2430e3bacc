/** An interrupt behind the moment at which something got its final name: what is there is told, and is never called interrupted. */
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import test, { type ExecutionContext } from "ava";
import { makeStore } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { type Ended, kgdump } from "./support/run.js";

/** A module that interrupts its process when a call of the system gave `path` to a file or directory, and goes on when the interrupt was received. */
function interruptingAt(path: string): string {
  return `
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    for (const name of ["link", "rename"]) {
      const real = fs.promises[name];
      fs.promises[name] = async (from, to) => {
        await real(from, to);
        if (to !== ${JSON.stringify(path)}) return;
        const received = new Promise((done) => process.once("SIGINT", done));
        // Waiting for a signal alone does not keep a process running.
        const awake = setInterval(() => undefined, 1000);
        process.kill(process.pid, "SIGINT");
        await received;
        clearInterval(awake);
      };
    }
    syncBuiltinESMExports();
  `;
}

/** Runs kgdump, interrupted as soon as something has the name `at`. */
async function interrupted(work: string, at: string, args: readonly string[]): Promise<Ended> {
  const module = join(work, "preload.mjs");
  await writeFile(module, interruptingAt(at));
  return kgdump(args, { env: { NODE_OPTIONS: `--import=${pathToFileURL(module).href}` } });
}

interface Made {
  readonly work: string;
  readonly sound: string;
  readonly damaged: string;
  readonly dump: string;
}

async function stores(t: ExecutionContext): Promise<Made> {
  const work = await temporaryDirectory(t);
  const sound = await makeStore(work, "sound", { default: { a: "1", b: "2" } });
  const damaged = await makeStore(work, "damaged", { default: { a: "1", b: "2" } });
  for (const name of await readdir(damaged)) if (name.startsWith("MANIFEST-")) await rm(join(damaged, name));
  const dump = join(work, "graph.kgd");
  t.is((await kgdump(["export", sound, "-o", dump])).code, 0);
  return { work, sound, damaged, dump };
}

test("what is published whole before an interrupt ends as it would without", async (t) => {
  const { work, sound, damaged, dump } = await stores(t);
  const out = join(work, "out");
  const commands: Readonly<Record<string, readonly [number, ...string[]]>> = {
    export: [0, "export", sound, "-o", out],
    import: [0, "import", out, "-i", dump],
    restore: [0, "restore", out, "-i", dump],
    "recover of a dump": [0, "recover", dump, "-o", out],
    "recover of a store that lost something": [3, "recover", damaged, "-o", out],
    "recover into a store": [3, "recover", damaged, "--to", out],
  };
  for (const [name, [code, ...args]] of Object.entries(commands)) {
    const ended = await interrupted(work, out, args);
    t.is(ended.code, code, `${name}: ${ended.stderr}`);
    t.notRegex(ended.stderr, /INTERRUPTED/, name);
    t.true((await readdir(work)).includes("out"), name);
    t.deepEqual((await readdir(work)).filter((entry) => entry.includes("kgdump") || entry.includes("recovering")), [], name);
    await rm(out, { recursive: true });
  }
});

test("an interrupt between two things that a command makes tells of the first", async (t) => {
  const { work, damaged } = await stores(t);
  const [out, target] = [join(work, "out.kgd"), join(work, "new")];
  const ended = await interrupted(work, out, ["recover", damaged, "-o", out, "--to", target]);
  t.is(ended.code, 130, ended.stderr);
  t.true(ended.stderr.includes(`finished before, and there whole: ${out}`), ended.stderr);
  t.false((await readdir(work)).includes("new"));
  t.is((await kgdump(["verify", out])).code, 0);
  await rm(out);
  const json = await interrupted(work, out, ["recover", damaged, "-o", out, "--to", target, "--json"]);
  t.deepEqual((JSON.parse(json.stderr) as { error: { code: string; published: string[] } }).error.published, [out]);
});
