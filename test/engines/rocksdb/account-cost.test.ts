/** What the account of a pass costs, in bytes that are read: tables are walked when they have to be, and once. */
import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { kgdump } from "../../cli/support/run.js";
import { hex, Maker } from "../../maker/run.js";
import { temporaryDirectory } from "../../support/temporary.js";

const READER = fileURLToPath(new URL("./account-cost-reader.js", import.meta.url));
const D = hex("default");
const key = (number: number): string => `key${String(number).padStart(6, "0")}`;
const puts = (from: number, to: number, text = "v"): string[] => Array.from({ length: to - from }, (_, index) => `put ${D} ${hex(key(from + index))} ${hex(text.repeat(200))}`);

async function made(t: ExecutionContext, ...plan: string[]): Promise<{ store: string; size: number }> {
  const store = join(await temporaryDirectory(t), "store");
  const maker = new Maker();
  try {
    await maker.make(store, ["options compression=kNoCompression", "open", ...plan, `flush ${D}`, "close"]);
  } finally {
    await maker.close();
  }
  const tables = (await readdir(store)).filter((name) => name.endsWith(".sst"));
  const sizes = await Promise.all(tables.map(async (name) => (await stat(join(store, name))).size));
  return { store, size: sizes.reduce((sum, size) => sum + size, 0) };
}

/** How often the tables' bytes were read in a pass. */
async function times({ store, size }: { store: string; size: number }, options: { paranoid?: boolean; splits?: readonly string[]; entries: number }, t: ExecutionContext): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [READER, store, options.paranoid === true ? "1" : "0", JSON.stringify(options.splits ?? [])]);
  const { entries, read } = JSON.parse(stdout) as { entries: number; read: number };
  t.is(entries, options.entries);
  return read / size;
}

const SPLITS = Array.from({ length: 19 }, (_, part) => key((part + 1) * 500));

test("a store whose properties account for all is read once, and twice when each table is to be walked", async (t) => {
  const store = await made(t, ...puts(0, 10_000));
  for (const splits of [[], SPLITS]) {
    const [once, walked] = [await times(store, { splits, entries: 10_000 }, t), await times(store, { splits, entries: 10_000, paranoid: true }, t)];
    t.true(once < 1.5, `${String(once)} times`);
    t.true(walked > 1.8 && walked < 2.5, `${String(walked)} times`);
  }
});

test("removals of keys that are nowhere else hide nothing: no table is walked", async (t) => {
  const store = await made(t, ...puts(0, 10_000), `flush ${D}`, `delete ${D} ${hex("a")}`, `delete ${D} ${hex("b")}`);
  const once = await times(store, { splits: SPLITS, entries: 10_000 }, t);
  t.true(once < 1.5, `${String(once)} times`);
});

test("keys that were written again have each table walked, however many parts are read", async (t) => {
  const store = await made(t, ...puts(0, 10_000), `flush ${D}`, ...puts(0, 10, "w"));
  for (const splits of [[], SPLITS]) {
    const walked = await times(store, { splits, entries: 10_000 }, t);
    t.true(walked > 1.8 && walked < 2.5, `${String(walked)} times`);
  }
});

test("each command that can be told --paranoid has each table walked then", async (t) => {
  const { store, size } = await made(t, ...puts(0, 10_000));
  const directory = await temporaryDirectory(t);
  const told = join(directory, "io");
  // What all of its threads have read, when it ends.
  const telling = `data:text/javascript,${encodeURIComponent(`import { readFileSync, writeFileSync } from "node:fs"; process.on("exit", () => writeFileSync(${JSON.stringify(told)}, readFileSync("/proc/self/io", "utf8")));`)}`;
  const read = async (words: readonly string[]): Promise<number> => {
    const { code, stderr } = await kgdump(words, { env: { NODE_OPTIONS: `--import ${telling}` } });
    t.is(code, 0, stderr);
    return Number(/^rchar: (\d+)$/m.exec(await readFile(told, "utf8"))?.[1]);
  };
  const migration = (to: string, ...words: string[]): string[] => ["migrate", "--from", store, "--to", join(directory, to), "--stream", ...words];
  for (const [walks, [name = "", ...words]] of [
    [1, ["export", store, "-o", "/dev/null"]], [1, ["verify", store]], [1, ["verify", store, "--against", store]], [1, migration("one")], [1, migration("two", "--live")],
    // When all of it is compared at the end, it is not read once more behind the switch.
    [2, migration("three", "--live", "--check-graph")],
  ] as const) {
    const [plain, paranoid] = [await read([name, ...words]), await read([name, ...words.map((word) => word.replace(/(one|two|three)$/, "$1-paranoid")), "--paranoid"])];
    t.true(paranoid - plain > (walks - 0.3) * size, `${name} ${words.slice(-2).join(" ")}: ${String((paranoid - plain) / size)} times more`);
  }
});
