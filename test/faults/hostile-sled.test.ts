/**
 * Sled stores of somebody who means harm: pages, messages, segments, snapshots, conf and value files changed, with checksums that are right again. Whatever
 * they say, each operation ends well, leaves the store as it is, and what it shows is what the unmodified crate finds in the log.
 *
 * `KGDUMP_HOSTILE=n` tries so many, and some of them by the commands as well; `SEED=n` others.
 */
import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { cp, readdir, readFile, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { sledCheck, sledWrite } from "../checker/run.js";
import { Random } from "../fuzz/random.js";
import { SEED } from "../support/seed.js";
import { temporaryDirectory } from "../support/temporary.js";
import { editSegment, editTrees, type Form, harm, replaceSnapshot, type Segment, type Tree } from "./hostile-sled-files.js";
import type { Report } from "./hostile-sled-reader.js";
import { treeDigest, watch } from "./watchdog.js";

const READER = fileURLToPath(new URL("./hostile-sled-reader.js", import.meta.url));
const CHECKER = fileURLToPath(new URL("../../checker/sled-check", import.meta.url));
const TURNS = Number(process.env.KGDUMP_HOSTILE ?? 40);
/** Of a long run, each so many-th store is also given to the commands. */
const WATCHED = 20;
const VERBS = new Set(["export", "verify", "inspect", "recover", "stats", "report", "graph", "browse", "find", "status", "compact", "migrate", "rollback"]);
const LIMIT_MS = 120_000;
const MOST_MEMORY = 500 * 2 ** 20;
const FORMS: readonly Form[] = [
  { compression: false, segment: 4096 },
  { compression: true, segment: 8192 },
  { compression: false, segment: 65_536 },
  { compression: true, segment: 524_288 },
];

/** Makes a store with a few hundred entries, three trees, values in files of their own and a snapshot, in several lives. */
async function makeStore(store: string, { compression, segment }: Form, seed: number): Promise<void> {
  const options = { compression, config: { segment_size: String(segment) } };
  const large = `fill 6b65 ${String(segment * 2)} 7`;
  await sledWrite(store, [`random ${String(seed)} 200`, large, "tree 00ff", "random 8 60", "delete 6b65", "tree 65", "put 61 31"], options);
  await sledWrite(store, [`overwrite ${String(seed)} 90`, "put 6b 76", "tree 00ff", "random 9 40", `fill 62 ${String(segment)} 9`], options);
  await sledCheck(store, options);
}

/** The process that reads stores; it is started again when it has ended. */
class Reader {
  #child: ChildProcessWithoutNullStreams | null = null;
  #lines: AsyncIterator<string> | null = null;
  #printed = "";

  /** What became of a store, or how the process ended. */
  async ask(store: string, harmed: string): Promise<Report | string> {
    if (this.#child === null) {
      this.#child = spawn(process.execPath, [READER]);
      this.#child.stderr.on("data", (chunk: Buffer) => (this.#printed += chunk.toString()));
      this.#child.stdin.on("error", () => undefined);
      this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
    }
    const child = this.#child;
    const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    child.stdin.write(`${[store, harmed].join("\t")}\n`);
    const line = await this.#lines?.next();
    clearTimeout(limit);
    if (line !== undefined && line.done !== true && this.#printed === "") return JSON.parse(line.value) as Report;
    await this.end();
    const said = `the process ended by ${String(child.signalCode ?? child.exitCode)} (SIGKILL: it hung, or the memory was full): ${this.#printed}`;
    this.#printed = "";
    return said;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  async end(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.once("close", resolve));
  }
}

/** What the crate finds in the log of a copy, which it changes; null when it does not open it, or not in time. */
async function crateReads(copy: string, form: Form): Promise<Report["content"]> {
  // What a snapshot says is for the crate what the log says; nobody can tell which of them lies.
  for (const name of await readdir(copy)) if (name.startsWith("snap.")) await rm(join(copy, name));
  const conf = await readFile(join(copy, "conf"), "latin1").catch(() => "");
  const compression = /^use_compression: (true|false)$/m.exec(conf)?.[1] ?? String(form.compression);
  const flags = [...(compression === "true" ? ["--compression"] : []), `--segment_size=${/^segment_size: (\d+)$/m.exec(conf)?.[1] ?? String(form.segment)}`];
  try {
    const { stdout } = await promisify(execFile)("sh", ["-c", `ulimit -v 8000000; exec timeout -s KILL 30 "$0" "$@"`, CHECKER, copy, ...flags], { maxBuffer: 1 << 26 });
    return stdout.split("\n").filter((line) => line !== "").map((line) => {
      const [name = "", records, , digest = ""] = line.split("\t");
      return { name: Buffer.from(name, "hex").toString("latin1").replace(/^__sled__default$/, "default"), records: Number(records), digest };
    });
  } catch {
    return null;
  }
}

const sorted = (content: Report["content"]): unknown => [...(content ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ name, records, digest }) => [name, records, digest]);

interface Tally {
  readonly kinds: Map<string, number>;
  readonly outcomes: Map<string, number>;
}

const count = (map: Map<string, number>, what: string): void => void map.set(what, (map.get(what) ?? 0) + 1);

interface Case {
  readonly form: Form;
  readonly harmed: string;
}

/** What is wrong with how one changed store is read. */
async function judge(store: string, copy: string, { form, harmed }: Case, reader: Reader, tally: Tally): Promise<string[]> {
  const before = await treeDigest(dirname(store));
  const report = await reader.ask(store, harmed);
  if (typeof report === "string") return [report];
  const wrong = [...report.wrong];
  if ((await treeDigest(dirname(store))) !== before) wrong.push("the store or what lies beside it has changed");
  if (report.peak > MOST_MEMORY) wrong.push(`${String(Math.round(report.peak / 2 ** 20))} MiB were in memory`);
  count(tally.outcomes, `export: ${report.codes.export ?? "done"}`);
  if (report.content === null) return wrong;
  await cp(store, copy, { recursive: true });
  const found = await crateReads(copy, form);
  await rm(copy, { recursive: true });
  count(tally.outcomes, found === null ? "not opened by the crate" : "read by the crate, too");
  if (found !== null && JSON.stringify(sorted(found)) !== JSON.stringify(sorted(report.content))) {
    wrong.push(`the crate finds something else: ${JSON.stringify(sorted(found))} instead of ${JSON.stringify(sorted(report.content))}`);
  }
  return wrong;
}

async function attack(t: ExecutionContext): Promise<void> {
  t.timeout(24 * 60 * 60_000);
  t.log(`SEED=${String(SEED)}`);
  const directory = await temporaryDirectory(t);
  const [made, home, copy] = [join(directory, "made"), join(directory, "home"), join(directory, "copy")];
  await using reader = new Reader();
  const tally: Tally = { kinds: new Map(), outcomes: new Map() };
  const wrong: string[] = [];
  for (const [index, form] of FORMS.entries()) await makeStore(join(made, String(index)), form, SEED % 1000);
  for (let turn = 0; turn < TURNS; turn += 1) {
    const random = new Random(SEED, turn);
    const index = random.below(FORMS.length);
    const form = FORMS[index];
    if (form === undefined) throw new RangeError("no such form");
    const store = join(home, "store");
    await cp(join(made, String(index)), store, { recursive: true });
    const what = await harm(store, form, random);
    if (what !== null) {
      const harmed = what.split(/[ :]/)[0] ?? "";
      count(tally.kinds, harmed);
      const found = await judge(store, copy, { form, harmed }, reader, tally);
      if (turn % WATCHED === WATCHED - 1 && TURNS > 100) found.push(...(await watch(store, join(directory, `watched${String(turn)}`), VERBS)));
      if (found.length > 0 && process.env.KGDUMP_KEEP !== undefined) await cp(store, join(process.env.KGDUMP_KEEP, `${String(SEED)}-${String(turn)}-${basename(store)}`), { recursive: true });
      wrong.push(...found.map((line) => `SEED=${String(SEED)}, number ${String(turn)} (${what}, form ${String(index)}): ${line}`));
    }
    await rm(home, { recursive: true });
  }
  t.log(Object.fromEntries(tally.kinds), Object.fromEntries(tally.outcomes));
  t.true((tally.outcomes.get("export: STORE_DAMAGED") ?? 0) > 0);
  t.deepEqual(wrong, []);
}

test(`whatever the files of a sled store say, every operation ends well, SEED=${String(SEED)}`, attack);

const PAGES: Readonly<Record<string, (segment: Segment) => void>> = {
  "a page with a number that no log has room for": ({ messages }) => {
    const last = messages.at(-1);
    if (last !== undefined) last.page = 1n << 29n;
  },
  "a header that calls more of the log stable than there is": (segment) => {
    segment.stable = segment.lsn + 3n * 524_288n;
  },
  "a place in the log that no log comes to": (segment) => {
    segment.lsn = (1n << 63n) - 524_288n;
    for (const message of segment.messages) message.number = segment.lsn / 524_288n;
  },
};

for (const [what, edit] of Object.entries(PAGES)) {
  test(`refused, and in little memory: ${what}`, async (t) => {
    const directory = await temporaryDirectory(t);
    const store = join(directory, "home", "store");
    await sledWrite(store, ["random 7 100"]);
    await editSegment(store, 524_288, edit);
    await using reader = new Reader();
    const report = await reader.ask(store, "messages");
    if (typeof report === "string") return t.fail(report);
    t.deepEqual([report.codes.export, report.codes["migrate --dry-run"], report.codes.verify, report.wrong], ["STORE_DAMAGED", null, "STORE_DAMAGED", []]);
    t.true(report.peak < MOST_MEMORY, String(report.peak));
  });
}

test("refused: two trees with one name, or with one root", async (t) => {
  const directory = await temporaryDirectory(t);
  await using reader = new Reader();
  for (const [name, change] of Object.entries({ name: (trees: Tree[]) => trees[0], root: ([first]: Tree[]) => (first === undefined ? undefined : { ...first, name: Buffer.from("other") }) })) {
    const store = join(directory, name, "store");
    await sledWrite(store, ["random 7 100"]);
    await editTrees(store, 524_288, change);
    const report = await reader.ask(store, "messages");
    if (typeof report === "string") return t.fail(report);
    t.deepEqual([report.codes.export, report.wrong], ["STORE_DAMAGED", []], name);
  }
});

test("a snapshot that would become a thousand times as big is passed over, and what the log says is read", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = join(directory, "home", "store");
  await sledWrite(store, ["random 7 100"], { compression: true });
  await sledCheck(store, { compression: true });
  await replaceSnapshot(store, Buffer.alloc(1 << 29));
  await using reader = new Reader();
  const report = await reader.ask(store, "snapshot");
  if (typeof report === "string") return t.fail(report);
  t.deepEqual(report.wrong, []);
  t.is(report.codes.export, null);
  t.true(report.peak < MOST_MEMORY, String(report.peak));
});
