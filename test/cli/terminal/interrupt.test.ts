/** An interrupt behind the moment at which something got its final name: what is there is told, and is never called interrupted. */
import { readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import test, { type ExecutionContext } from "ava";
import { makeStore } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { type Ended, gather, kgdump, start } from "../support/run.js";

/** Lines of a module: the process interrupts itself, and goes on when it has the signal. Waiting for a signal alone does not keep a process running. */
const INTERRUPT = `
  const received = new Promise((done) => process.once("SIGINT", done));
  const awake = setInterval(() => undefined, 1000);
  process.kill(process.pid, "SIGINT");
  await received;
  clearInterval(awake);
`;

/**
 * A module that interrupts its process when a call of the system gave a file or directory its name, and goes on when the interrupt was received.
 * @param condition an expression with `from` and `to`, the names before and after
 */
function interruptingAt(condition: string): string {
  return `
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    for (const name of ["link", "rename"]) {
      const real = fs.promises[name];
      fs.promises[name] = async (from, to) => {
        await real(from, to);
        if (!(${condition})) return;
        ${INTERRUPT}
      };
    }
    syncBuiltinESMExports();
  `;
}

/** Runs kgdump with a module that is loaded before it. */
async function kgdumpWith(work: string, source: string, args: readonly string[]): Promise<Ended> {
  const module = join(work, "preload.mjs");
  await writeFile(module, source);
  return kgdump(args, { env: { NODE_OPTIONS: `--import=${pathToFileURL(module).href}` } });
}

/** Runs kgdump, interrupted as soon as something has the name `at`. */
function interrupted(work: string, at: string, args: readonly string[]): Promise<Ended> {
  return kgdumpWith(work, interruptingAt(`to === ${JSON.stringify(at)}`), args);
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
  t.true(ended.stderr.includes(`finished before, and complete: ${out}`), ended.stderr);
  t.false((await readdir(work)).includes("new"));
  t.is((await kgdump(["verify", out])).code, 0);
  await rm(out);
  const json = await interrupted(work, out, ["recover", damaged, "-o", out, "--to", target, "--json"]);
  t.deepEqual((JSON.parse(json.stderr) as { error: { code: string; published: string[] } }).error.published, [out]);
});

const journalOf = (store: string): string => `${store}.kgdump-migration.json`;
/** A condition: the journal of a migration was just written, and says that the migration is at this step. */
const journalSays = (store: string, step: string): string =>
  `to === ${JSON.stringify(journalOf(store))} && JSON.parse(fs.readFileSync(to, "utf8")).step === ${JSON.stringify(step)}`;

interface Status {
  readonly state: string;
  readonly journal: { readonly step: string };
}

async function statusOf(store: string): Promise<Status> {
  return (JSON.parse((await kgdump(["status", store, "--json"])).stdout.toString()) as { status: Status }).status;
}

test("a live migration that is stopped behind the switch says what holds, and each command does what is said of it", async (t) => {
  const work = await temporaryDirectory(t);
  for (const [end, flags, left] of [
    ["migrate", [], "reading the original once more, whole and the delta of what had changed since the dump are not done yet"],
    ["rollback", ["--stream"], "reading the original once more, whole is not done yet"],
    ["migrate", ["--check-graph"], "the delta of what had changed since the dump is not done yet"],
  ] as const) {
    const store = await makeStore(work, `${end}${flags.join("")}`, { default: { a: "1", b: "2" } });
    const migrate = ["migrate", "--live", "--from", store, ...flags];
    const stopped = await kgdumpWith(work, interruptingAt(journalSays(store, "confirming")), migrate);
    t.is(stopped.code, 130, stopped.stderr);
    t.regex(stopped.stderr, /\[INTERRUPTED\]/);
    t.true(stopped.stderr.includes(`finished before, and complete: ${store}`), stopped.stderr);
    t.true(stopped.stderr.includes(`hint: the sled store is in place at ${store} and its service can run; ${left}: the same`), stopped.stderr);
    t.like(await statusOf(store), { state: "migrated", journal: { step: "confirming" } });
    if (end === "migrate") {
      // The same again, which is stopped as well; this time as JSON.
      const again = await kgdumpWith(work, interruptingNow(store), [...migrate, "--json"]);
      t.is(again.code, 130, again.stderr);
      const { error } = JSON.parse(again.stderr) as { error: { code: string; hint: string; published: string[] } };
      t.like(error, { code: "INTERRUPTED", published: [store] });
      t.true(error.hint.includes(left), error.hint);
      const done = await kgdump(migrate);
      t.is(done.code, 0, done.stderr);
      t.like(await statusOf(store), { state: "migrated", journal: { step: "done" } });
    }
    const back = await kgdump(["rollback", store]);
    t.is(back.code, 0, back.stderr);
    t.is((await statusOf(store)).state, "to-migrate");
  }
});

/** A module that interrupts its process before a migration goes on: when it removes what may be left of writing its journal. */
function interruptingNow(store: string): string {
  return `
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    const real = fs.promises.unlink;
    fs.promises.unlink = async (path) => {
      const removal = real(path);
      await removal.catch(() => undefined);
      if (path.endsWith(${JSON.stringify(`.${basename(journalOf(store))}.tmp`)})) { ${INTERRUPT} }
      await removal;
    };
    syncBuiltinESMExports();
  `;
}

test("a migration that was to be stopped when its store had its place ends as it would without", async (t) => {
  const work = await temporaryDirectory(t);
  const store = await makeStore(work, "graph", { default: { a: "1", b: "2" } });
  const ended = await kgdumpWith(work, interruptingAt(journalSays(store, "done")), ["migrate", "--from", store]);
  t.is(ended.code, 0, ended.stderr);
  t.like(await statusOf(store), { state: "migrated", journal: { step: "done" } });
});

test("a migration that fails when its store has its place says so", async (t) => {
  const work = await temporaryDirectory(t);
  const journal = (step: string) => (store: string): string => journalSays(store, step).replaceAll("readFileSync(to,", "readFileSync(from,");
  const aside = (store: string): string => `to.startsWith(${JSON.stringify(`${store}.rocksdb-backup-`)})`;
  for (const [name, flags, condition] of [["ended", [], journal("done")], ["switched", ["--live"], journal("confirming")], ["confirmed", ["--live"], journal("done")], ["moved", [], aside]] as const) {
    const store = await makeStore(work, name, { default: { a: "1", b: "2" } });
    const failing = `
      import fs from "node:fs";
      import { syncBuiltinESMExports } from "node:module";
      const real = fs.promises.rename;
      fs.promises.rename = async (from, to) => {
        if (${condition(store)}) throw Object.assign(new Error("ENOSPC: no space left on device, rename"), { code: "ENOSPC", errno: -28, syscall: "rename" });
        return real(from, to);
      };
      syncBuiltinESMExports();
    `;
    const ended = await kgdumpWith(work, failing, ["migrate", "--from", store, ...flags]);
    t.is(ended.code, 5, ended.stderr);
    t.true(ended.stderr.includes(`the sled store is in place at ${store}`), ended.stderr);
    t.true(ended.stderr.includes(`\`kgdump rollback ${store}\` puts the original back`), ended.stderr);
    t.is((await kgdump(["migrate", "--from", store])).code, 0);
    t.like(await statusOf(store), { state: "migrated", journal: { step: "done" } });
  }
});

test("when cleaning up takes too long, the command ends all the same, and its temporary file is gone", async (t) => {
  const { work, sound } = await stores(t);
  const before = await readdir(work);
  const ended = await kgdumpWith(
    work,
    `
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    const { open } = fs.promises;
    fs.promises.unlink = () => new Promise(() => undefined);
    fs.promises.open = async (path, ...more) => {
      const handle = await open(path, ...more);
      if (String(path).endsWith(".tmp")) process.kill(process.pid, "SIGINT");
      return handle;
    };
    syncBuiltinESMExports();
    `,
    ["export", sound, "-o", join(work, "x.kgd")],
  );
  t.is(ended.signal, "SIGINT");
  t.regex(ended.stderr, /interrupted by SIGINT \[INTERRUPTED\]\n$/);
  t.deepEqual((await readdir(work)).filter((name) => name !== "preload.mjs"), before);
});

test("a signal on the way out, when all was told, changes nothing", async (t) => {
  const { work, sound, dump } = await stores(t);
  const out = join(work, "out");
  for (const args of [["export", sound, "-o", out], ["import", out, "-i", dump], ["verify", dump], ["inspect", dump, "--entries"], ["--help"]]) {
    const ended = await kgdumpWith(work, 'process.once("exit", () => { process.kill(process.pid, "SIGINT"); const end = Date.now() + 50; while (Date.now() < end); });', args);
    t.is(ended.signal, null, args[0]);
    t.is(ended.code, 0, `${args.join(" ")}: ${ended.stderr}`);
    await rm(out, { recursive: true, force: true });
  }
});

test("nor does one that comes with the result, until the process is gone", async (t) => {
  const { work, sound } = await stores(t);
  for (let round = 0; round < 12; round++) {
    const out = join(work, `out-${round.toString()}`);
    const child = start(["export", sound, "-o", out]);
    // Through all that happens until its end. Its first words may come behind the news that it ended, so that only "close" is the last.
    let more: NodeJS.Timeout | undefined;
    child.stderr?.once("data", () => { more = setInterval(() => child.kill("SIGTERM"), 1); });
    const { code, signal, stderr } = await gather(child);
    clearInterval(more);
    t.deepEqual({ code, signal }, { code: 0, signal: null }, stderr);
    t.notRegex(stderr, /INTERRUPTED|stopping/);
  }
});

test("when the result of what is done can't be written, a signal that ends the command says so", async (t) => {
  const { work, dump } = await stores(t);
  const ended = await kgdumpWith(
    work,
    `
    import net from "node:net";
    // Nobody takes what is written to stdout.
    for (const name of ["_write", "_writev"]) {
      const real = net.Socket.prototype[name];
      net.Socket.prototype[name] = function (...args) {
        if (this === process.stderr) return real.apply(this, args);
        process.kill(process.pid, "SIGINT");
        setTimeout(() => process.kill(process.pid, "SIGINT"), 300);
      };
    }
    `,
    ["verify", dump],
  );
  t.is(ended.signal, "SIGINT", ended.stderr);
  t.regex(ended.stderr, /interrupted by SIGINT \[INTERRUPTED\]\n {2}hint: all was done by then: only the result could not be written\n$/);
});
