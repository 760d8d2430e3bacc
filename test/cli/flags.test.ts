/**
 * One flag, one effect: every option of every command has a row, with a run that ends otherwise than the same run without it. Where only the
 * time or the memory would differ, the row names the test that proves the effect.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import type { Command } from "commander";
import { openRocksdbSource } from "#src/engines/rocksdb/rocksdb.js";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { inspectDump } from "#src/operations/inspect/inspect.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { recoverDump } from "#src/operations/recover/recover.js";
import { sledCheck, sledWrite } from "../checker/run.js";
import { inParallel } from "../faults/support.js";
import { unpackInto } from "../fixtures/unpack.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { kgdump } from "./support/run.js";

interface Context {
  /** The directory with what the rows name. */
  readonly ground: string;
}
const test = anyTest as TestFn<Context>;

test.before(async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "kgdump-flags-"));
  t.context = { ground: directory };
  await ground(directory);
});

test.after.always((t) => rm(t.context.ground, { recursive: true, force: true }));

/** The arguments without the option, and those that it adds; or the whole other arguments; or the test that proves it. */
type Row = { readonly base: string; readonly add: string } | { readonly base: string; readonly instead: string } | { readonly proof: string };

const made = (command: string) => (add: string, base = ""): Row => ({ base: `${command}${base === "" ? "" : ` ${base}`}`, add });
const [compacting, exporting, importing, inspecting] = [made("compact sled"), made("export store -o x.kgd"), made("import new -i graph.kgd"), made("inspect graph.kgd")];
const [counting, reporting] = [made("stats graph.kgd"), made("report graph.kgd")];
const [migrating, rolling, restoring, verifying] = [made("migrate --from store"), made("rollback migrated"), made("restore new -i graph.kgd"), made("verify graph.kgd --against store --seed 1")];

const ROWS: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  compact: {
    "--dry-run": compacting("--dry-run"),
    "--segment-size": compacting("--segment-size 4KiB"),
    "--compression": compacting("--compression"),
    "--no-compression": compacting("--no-compression", "--compression"),
    "--compression-level": compacting("--compression-level 19", "--compression --json"),
    "--remove-original": compacting("--remove-original"),
    "--undo": { base: "compact sled", instead: "compact sled --undo" },
    "--discard-new": { proof: "test/operations/migrate/compact/compact.test.ts" },
  },
  export: {
    "--output": { base: "export store", add: "-o x.kgd" },
    "--codec": exporting("--codec none"),
    "--level": exporting("--level 19", "--codec zstd"),
    "--block-size": exporting("--block-size 1KiB"),
    "--keyspace": exporting("--keyspace nodes"),
    "--exclude-keyspace": exporting("--exclude-keyspace nodes"),
    "--cf": exporting("--cf nodes"),
    "--exclude-cf": exporting("--exclude-cf nodes"),
    "--prefix": exporting("--prefix k000000"),
    "--from": exporting("--from k0000010"),
    "--to": exporting("--to k0000010"),
    "--limit": exporting("--limit 7"),
    "--base": exporting("--base older.kgd"),
    "--ttl": { base: "export ttl -o x.kgd", add: "--ttl strip" },
    "--paranoid": { proof: "test/engines/rocksdb/account-cost.test.ts" },
    "--max-block-size": { proof: "test/operations/disk/readable.test.ts" },
    "--dry-run": exporting("--dry-run"),
    "--force": { base: "export store -o graph.kgd", add: "--force" },
  },
  find: { "--keyspace": { base: "find store a", add: "--keyspace default" }, "--cf": { base: "find store a", add: "--cf default" } },
  import: {
    "--input": { base: "import new", add: "-i graph.kgd" },
    "--merge": { base: "import sled -i graph.kgd", add: "--merge" },
    "--if-exists": { base: "import sled -i graph.kgd --merge", add: "--if-exists keep" },
    "--no-verify": importing("--no-verify"),
    "--map": importing("--map nodes=vertices"),
    "--keyspace": importing("--keyspace nodes"),
    "--exclude-keyspace": importing("--exclude-keyspace nodes"),
    "--cf": importing("--cf nodes"),
    "--exclude-cf": importing("--exclude-cf nodes"),
    "--prefix": importing("--prefix k000001"),
    "--jobs": { proof: "test/engines/sled/loader.test.ts" },
    "--owner": { proof: "test/faults/owner.test.ts" },
    "--mode": { proof: "test/faults/owner.test.ts" },
    "--allow-gaps": { proof: "test/cli/recover.test.ts" },
    "--max-block-size": importing("--max-block-size 100"),
    "--config": { base: "import -i graph.kgd", add: "--config storage.toml" },
    "--cache-capacity": importing("--cache-capacity 1MiB", "--json"),
    "--compression": importing("--compression"),
    "--no-compression": { base: "import --config storage.toml -i graph.kgd", add: "--no-compression" },
    "--compression-level": importing("--compression-level 22", "--compression"),
    "--flush-every-ms": importing("--flush-every-ms 250", "--json"),
    "--segment-size": importing("--segment-size 1MiB"),
  },
  inspect: {
    "--blocks": inspecting("--blocks"),
    "--entries": inspecting("--entries"),
    "--keys": inspecting("--keys"),
    "--gaps": { base: "inspect salvaged.kgd", add: "--gaps" },
    "--check": inspecting("--check"),
    "--get": inspecting("--get k0000003"),
    "--raw": inspecting("--raw", "--get k0000003"),
    "--hex": inspecting("--hex", "--get k0000003"),
    "--keyspace": inspecting("--keyspace nodes", "--entries"),
    "--cf": inspecting("--cf nodes", "--entries"),
    "--prefix": inspecting("--prefix k000001", "--entries"),
    "--limit": inspecting("--limit 2", "--entries"),
    "--reverse": inspecting("--reverse", "--keys"),
    "--width": inspecting("--width 5", "--entries"),
    "--layout": inspecting("--layout layout.toml", "--keys"),
    "--max-block-size": inspecting("--max-block-size 100", "--entries"),
    "--ttl": { base: "inspect ttl", add: "--ttl keep" },
    "--paranoid": { proof: "test/engines/rocksdb/account-cost.test.ts" },
  },
  migrate: {
    "--from": { base: "migrate", add: "--from store" },
    "--to": migrating("--to new"),
    "--engine": { base: "migrate --from sled", add: "--engine rocksdb" },
    "--options-from": { base: "migrate --from sled --to new", add: "--options-from other" },
    "--config": { base: "migrate", add: "--config service.toml" },
    "--cache-capacity": migrating("--cache-capacity 1MiB", "--json"),
    "--compression": migrating("--compression"),
    "--no-compression": { base: "migrate --config service.toml", add: "--no-compression" },
    "--compression-level": migrating("--compression-level 22", "--compression"),
    "--flush-every-ms": migrating("--flush-every-ms 250", "--json"),
    "--segment-size": migrating("--segment-size 1MiB"),
    "--backup-dir": migrating("--backup-dir backups"),
    "--dump": migrating("--dump backups/d.kgd"),
    "--keep-dump": migrating("--keep-dump", "--no-keep-dump"),
    "--no-keep-dump": migrating("--no-keep-dump"),
    "--stream": migrating("--stream"),
    "--live": migrating("--live"),
    "--wait": migrating("--wait 1"),
    "--check-graph": migrating("--check-graph"),
    "--must-exist": { base: "migrate --config missing.toml", add: "--must-exist" },
    "--map": migrating("--map nodes=vertices"),
    "--exclude-keyspace": migrating("--exclude-keyspace nodes"),
    "--exclude-cf": migrating("--exclude-cf nodes"),
    "--ttl": { base: "migrate --from ttl", add: "--ttl keep" },
    "--paranoid": { proof: "test/engines/rocksdb/account-cost.test.ts" },
    "--discard-prepared": { base: "migrate --from prepared", add: "--discard-prepared" },
    "--log": migrating("--log events.log"),
    "--dry-run": migrating("--dry-run"),
    "--force": { proof: "test/operations/migrate/plan/preview.test.ts" },
  },
  rollback: {
    "--config": { base: "rollback", add: "--config migrated.toml" },
    "--discard-new": rolling("--discard-new"),
    "--carry-back": rolling("--carry-back"),
    "--map": rolling("--map default=vertices", "--carry-back"),
    "--log": rolling("--log events.log", "--discard-new"),
    "--dry-run": rolling("--dry-run"),
  },
  recover: {
    "--output": { base: "recover damaged.kgd", add: "-o x.kgd" },
    "--to": { base: "recover store -o x.kgd", add: "--to new" },
    "--owner": { proof: "test/faults/owner.test.ts" },
    "--mode": { proof: "test/faults/owner.test.ts" },
    "--dry-run": { base: "recover damaged.kgd -o x.kgd", add: "--dry-run" },
    "--force": { base: "recover damaged.kgd -o graph.kgd", add: "--force" },
    "--include-unknown-tables": { base: "recover unknown -o x.kgd", add: "--include-unknown-tables" },
    "--max-block-size": { base: "recover damaged.kgd -o x.kgd", add: "--max-block-size 100" },
  },
  restore: {
    "--input": { base: "restore new", add: "-i graph.kgd" },
    "--options-from": { base: "restore new -i sled.kgd", add: "--options-from reverse" },
    "--compression": restoring("--compression none"),
    "--table-block-size": restoring("--table-block-size 1KiB"),
    "--map": restoring("--map nodes=vertices"),
    "--keyspace": restoring("--keyspace nodes"),
    "--exclude-keyspace": restoring("--exclude-keyspace nodes"),
    "--cf": restoring("--cf nodes"),
    "--exclude-cf": restoring("--exclude-cf nodes"),
    "--ttl": { base: "restore new -i ttl.kgd", add: "--ttl keep" },
    "--ttl-time": { base: "restore new -i ttl.kgd", add: "--ttl-time 1000000000" },
    "--no-verify": restoring("--no-verify"),
    "--owner": { proof: "test/faults/owner.test.ts" },
    "--mode": { proof: "test/faults/owner.test.ts" },
    "--allow-gaps": { proof: "test/cli/recover.test.ts" },
    "--max-block-size": restoring("--max-block-size 100"),
  },
  completion: {},
  status: { "--config": { base: "status", add: "--config migrated.toml" } },
  cleanup: {
    "--config": { base: "cleanup", add: "--config migrated.toml --dry-run" },
    "--dry-run": { base: "cleanup migrated", add: "--dry-run" },
    "--force": { proof: "test/cli/cleanup.test.ts" },
  },
  stats: {
    "--keyspace": counting("--keyspace nodes"),
    "--cf": counting("--cf nodes"),
    "--depth": counting("--depth 0"),
    "--separator": counting("--separator 0"),
    "--top": { base: "stats dotted.kgd", add: "--top 1" },
    "--schema": { base: "stats dotted.kgd", add: "--schema" },
    "--sample": counting("--sample 40 --seed 1"),
    "--seed": { base: "stats graph.kgd --sample 2 --seed 1", instead: "stats graph.kgd --sample 2 --seed 2" },
    "--grep": counting("--grep 7$"),
    "--keys": counting("--keys", "--grep y"),
    "--values": counting("--values", "--grep a"),
    "--csv": counting("--csv"),
    "--ttl": { base: "stats ttl", add: "--ttl strip" },
    "--paranoid": { proof: "test/operations/stats/stats.test.ts" },
    "--max-block-size": counting("--max-block-size 100"),
  },
  report: {
    "--output": reporting("-o x.html"),
    "--force": reporting("--force", "-o dotted.kgd"),
    "--keyspace": reporting("--keyspace nodes"),
    "--cf": reporting("--cf nodes"),
    "--separator": reporting("--separator 0"),
    "--layout": { proof: "test/operations/report/report.test.ts" },
    "--no-values": { base: "report dotted.kgd", add: "--no-values" },
    "--ttl": { base: "report ttl", add: "--ttl strip" },
    "--paranoid": { proof: "test/operations/report/report.test.ts" },
    "--max-block-size": reporting("--max-block-size 100"),
  },
  browse: {
    "--keyspace": { proof: "test/cli/browse/screen.test.ts" },
    "--cf": { proof: "test/cli/browse/screen.test.ts" },
    "--layout": { proof: "test/cli/browse/screen.test.ts" },
    "--ttl": { proof: "test/cli/browse/rows.test.ts" },
    "--paranoid": { proof: "test/cli/browse/rows.test.ts" },
    "--max-block-size": { proof: "test/cli/browse/rows.test.ts" },
  },
  graph: {
    "--keyspace": { base: "graph graph.kgd", add: "--keyspace nodes" },
    "--cf": { base: "graph graph.kgd", add: "--cf nodes" },
    "--layout": { proof: "test/cli/graph.test.ts" },
    "--top": { proof: "test/cli/graph.test.ts" },
    "--node": { proof: "test/cli/graph.test.ts" },
    "--depth": { proof: "test/operations/relations/neighbours.test.ts" },
    "--limit": { proof: "test/operations/relations/neighbours.test.ts" },
    "--dot": { proof: "test/cli/graph.test.ts" },
    "--svg": { proof: "test/cli/graph.test.ts" },
    "--ttl": { base: "graph ttl", add: "--ttl strip" },
    "--paranoid": { proof: "test/operations/relations/graph.test.ts" },
    "--max-block-size": { base: "graph graph.kgd", add: "--max-block-size 100" },
  },
  verify: {
    "--against": { base: "verify graph.kgd", add: "--against store" },
    "--ttl": { base: "verify ttl.kgd --against ttl", add: "--ttl strip" },
    "--paranoid": { proof: "test/engines/rocksdb/account-cost.test.ts" },
    "--map": { base: "verify graph.kgd --against mapped --seed 1", add: "--map nodes=vertices" },
    "--options": { base: "verify graph.kgd --against other --seed 1", add: "--options" },
    "--samples": verifying("--samples 0"),
    "--seed": { base: "verify graph.kgd --against store --seed 1", instead: "verify graph.kgd --against store --seed 2" },
    "--graph": verifying("--graph"),
    "--max-block-size": verifying("--max-block-size 100"),
  },
};

/** The options of every command, at one of them. */
const GLOBAL: Readonly<Record<string, Row>> = {
  "--json": inspecting("--json"),
  "--quiet": exporting("--quiet"),
  "--verbose": { base: "export missing -o x.kgd", add: "--verbose" },
  "--as-root": { proof: "test/faults/root-works-as.test.ts" },
  "--no-input": { proof: "test/cli/migrate.test.ts" },
  "--color": inspecting("--color always"),
  "--progress": exporting("--progress json"),
};

/** Stores, dumps and settings that the rows name; each run works on a copy. */
async function ground(directory: string): Promise<void> {
  const at = (name: string): string => join(directory, name);
  const settings = (path: string): string => `[storage]\npath = ${JSON.stringify(path)}\n[storage.sled]\ncompression = true\n`;
  const store = await makeStore(directory, "store", { default: { ...numbered("k", 40), a: "1" }, nodes: { a: "x".repeat(3000), k1: "y" }, empty: {} });
  await exportStore({ store, output: at("graph.kgd") });
  const older = await makeStore(directory, "older", { default: { ...numbered("k", 39), a: "0" }, nodes: { a: "z" } });
  await exportStore({ store: older, output: at("older.kgd") });
  await importDump({ target: at("sled"), input: at("older.kgd") });
  const dotted = await makeStore(directory, "dotted", { default: { "a.b": '{"x":1}', "a.c": "{}", "d:e": "1" } });
  await exportStore({ store: dotted, output: at("dotted.kgd") });
  await importDump({ target: at("mapped"), input: at("graph.kgd"), map: new Map([["nodes", "vertices"]]) });
  await exportStore({ store: at("sled"), output: at("sled.kgd") });
  await makeStore(directory, "reverse", { default: {}, nodes: {} }, [{ name: Buffer.from("nodes"), comparator: "reverse-bytewise" }]);
  await restoreDump({ target: at("other"), input: at("graph.kgd"), compression: "none" });
  for (const [name, fixture] of [["ttl", "odd-ttl"], ["prepared", "log-two-phase-prepared"]] as const) await rename(await unpackInto(directory, fixture), at(name));
  await exportStore({ store: at("ttl"), output: at("ttl.kgd"), ttl: "strip" });
  // A table that MANIFEST does not name.
  await cp(store, at("unknown"), { recursive: true });
  const [table = ""] = (await readdir(older)).filter((name) => name.endsWith(".sst"));
  await cp(join(older, table), join(at("unknown"), "900000.sst"));
  const bytes = await readFile(at("graph.kgd"));
  const middle = bytes.length - 900;
  bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
  await writeFile(at("damaged.kgd"), bytes);
  await recoverDump({ input: at("damaged.kgd"), output: at("salvaged.kgd") });
  await mkdir(at("backups"));
  await writeFile(at("layout.toml"), '[[keys]]\nkey = "{u64}"\n');
  await writeFile(at("storage.toml"), settings("new"));
  await writeFile(at("service.toml"), settings("store"));
  await writeFile(at("missing.toml"), settings("missing"));
  await writeFile(at("migrated.toml"), settings("migrated"));
}

/** A migrated store can't be copied, as its journal has its path: it is made where it is needed. */
async function migrated(place: string): Promise<void> {
  const path = await makeStore(place, "migrated", { default: numbered("k", 10) });
  await migrateStore({ source: path, keepDump: false });
  await sledWrite(path, ["put 6e6577 01"]);
}

/** What does not depend on time, chance and place. */
function settled(text: string, place: string): string {
  return text
    .replaceAll(place, "PLACE")
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, "ID")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z|\d{8}T\d{6}Z/g, "TIME")
    .replaceAll(/(?<!\d)1[6-9]\d{8}(?!\d)/g, "TIME")
    .replaceAll(/"started": ?"[^"]*"/g, "START")
    .replaceAll(/\b(?:seconds|downtime|free|needed)=[\d.]+/g, "NUMBER")
    .replaceAll(/"(?:\w*[sS]econds|downtime|pid|free|needed|updatedAt|\w*Bytes)": ?[\d.]+/g, "NUMBER")
    .replaceAll(/\(?[\d.,]+ ?(?:s|ms|[kMG]?i?B(?:\/s)?)\b\)?/g, "NUMBER")
    // After the numbers: the digits behind the point of some are eight.
    .replaceAll(/\b[0-9a-f]{8}\b/g, "ID");
}

/** What lies at a path, by its content. */
async function contentOf(path: string): Promise<unknown> {
  const info = await stat(path);
  if (path.endsWith(".kgd")) {
    const { keyspaces, header, complete } = await inspectDump({ input: path }).catch(() => ({ keyspaces: [], header: null, complete: false }));
    return { size: info.size, complete, keyspaces, base: header?.base === null || header === null, filter: header?.filter };
  }
  if (/\.(?:json|log|toml)$/.test(path)) return settled(await readFile(path, "utf8"), dirname(path));
  if (info.isFile()) return info.size;
  if (existsSync(join(path, "conf"))) {
    const conf = await readFile(join(path, "conf"));
    const trees = await sledCheck(path, conf.includes("use_compression: true") ? { compression: true } : {}).catch((error: unknown) => String(error).slice(0, 60));
    return { conf: createHash("sha256").update(conf).digest("hex"), size: (await stat(join(path, "db"))).size, trees };
  }
  if (!existsSync(join(path, "CURRENT"))) return (await readdir(path)).map((name) => settled(name, path)).sort();
  const tables = (await readdir(path)).filter((name) => name.endsWith(".sst"));
  const sizes = await Promise.all(tables.map(async (name) => (await stat(join(path, name))).size));
  const source = await openRocksdbSource(path, { ttl: "keep" });
  const families = source.info.keyspaces.map(({ name, comparator, settings }) => [Buffer.from(name).toString(), comparator, settled(JSON.stringify([...(settings ?? [])]), path)]);
  await source.close();
  return { families, size: sizes.reduce((sum, size) => sum + size, 0) };
}

/** What a run can see of the ground: what its arguments name, with what the settings name that they name. */
async function namedBy(words: readonly string[], from: string): Promise<string[]> {
  const named = new Set([...words, ...(words.includes("service.toml") ? ["store"] : [])].flatMap((word) => word.split("/")));
  return (await readdir(from)).filter((name) => named.has(name));
}

/** Runs the arguments in a copy of the ground, and tells all that can be seen of it afterwards. */
async function run(t: ExecutionContext, from: string, args: string): Promise<string> {
  const place = await temporaryDirectory(t);
  const words = args.split(" ");
  for (const name of await namedBy(words, from)) await cp(join(from, name), join(place, name), { recursive: true });
  if (args.includes("migrated")) await migrated(place);
  const { code, stdout, stderr } = await kgdump(words, { cwd: place, env: { SOURCE_DATE_EPOCH: "1700000000" } });
  const names = (await readdir(place)).sort();
  const content = await Promise.all(names.map(async (name) => [settled(name, place), await contentOf(join(place, name))]));
  const said = stdout.includes(0) ? `${String(stdout.length)} bytes` : settled(stdout.toString(), place);
  return JSON.stringify({ code, said, stderr: settled(stderr, place), content }, null, 1);
}

const COMMANDS = ["browse", "cleanup", "compact", "completion", "export", "find", "graph", "import", "inspect", "recover", "report", "restore", "stats", "status", "verify"] as const;

/** Each command as commander knows it. */
async function commands(): Promise<Command[]> {
  const { migrateCommand, rollbackCommand } = await import("#src/cli/commands/migrate.js");
  const others = await Promise.all(
    COMMANDS.map(async (name) => {
      const module = (await import(`../../../dist/cli/commands/${name}.js`)) as Readonly<Record<string, unknown>>;
      return (module[`${name}Command`] as () => Command)();
    }),
  );
  return [...others, migrateCommand(), rollbackCommand()];
}

test("every option of every command has a row, and no row is of an option that is not there", async (t) => {
  const { addGlobalOptions } = await import("#src/cli/options.js");
  const { Command } = await import("commander");
  const all = new Command();
  addGlobalOptions(all);
  // Of an option with two names the first counts.
  const names = (command: Command): string[] => command.options.map(({ flags }) => /--[a-z-]+/.exec(flags)?.[0] ?? flags).sort();
  t.deepEqual(Object.keys(GLOBAL).sort(), names(all));
  const found = Object.fromEntries((await commands()).map((command) => [command.name(), names(command)]));
  t.deepEqual(Object.fromEntries(Object.entries(ROWS).map(([name, rows]) => [name, Object.keys(rows).sort()])), found);
});

test("a row that names a test names one that knows the option", async (t) => {
  for (const [command, rows] of Object.entries({ ...ROWS, all: GLOBAL })) {
    for (const [flag, row] of Object.entries(rows)) {
      if (!("proof" in row)) continue;
      const text = await readFile(row.proof, "utf8");
      const word = flag.replace(/^--/, "").replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
      t.true(text.includes(flag) || text.includes(word), `${row.proof} says nothing of ${command} ${flag}`);
    }
  }
});

for (const [command, rows] of Object.entries({ ...ROWS, "all commands": GLOBAL })) {
  if (Object.values(rows).every((row) => "proof" in row)) continue;
  test(`each option makes a difference: ${command}`, async (t) => {
    t.timeout(20 * 60_000);
    const from = t.context.ground;
    const known = new Map<string, Promise<string>>();
    // The same run twice must not differ, or a difference would mean nothing.
    const baseline = async (args: string): Promise<string> => {
      const [one, two] = [await run(t, from, args), await run(t, from, args)];
      t.is(one, two, `${args} does not end the same way each time`);
      return one;
    };
    await inParallel(Object.entries(rows), 2, async ([flag, row]) => {
      if ("proof" in row) return;
      const without = known.get(row.base) ?? baseline(row.base);
      known.set(row.base, without);
      const other = await run(t, from, "add" in row ? `${row.base} ${row.add}` : row.instead);
      t.not(other, await without, `${command} ${flag} makes no difference`);
    });
  });
}
