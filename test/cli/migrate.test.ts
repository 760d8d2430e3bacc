import { cp, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { kgdump, shell } from "./support/run.js";

/** A RocksDB store at the path that a storage.toml names. */
async function service(t: ExecutionContext): Promise<{ directory: string; path: string; config: string }> {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "graph", { default: numbered("k", 500), nodes: { a: "1" } });
  const config = join(directory, "storage.toml");
  await writeFile(config, `[storage]\nengine = "sled"\npath = ${JSON.stringify(path)}\n\n[storage.sled]\ncompression = true\n`);
  return { directory, path, config };
}

test("a service's store is migrated by its settings, and comes back", async (t) => {
  const { directory, path, config } = await service(t);
  const log = join(directory, "migration.log");
  const dry = await kgdump(["migrate", "--config", config, "--dry-run"]);
  t.is(dry.code, 0, dry.stderr);
  t.regex(dry.stdout.toString(), /would become the sled store .*\n[^]*about 50\d entries[^]*nothing was changed\n$/);

  const migrated = await kgdump(["migrate", "--config", config, "--log", log, "--no-input"]);
  t.is(migrated.code, 0, migrated.stderr);
  t.is(migrated.stdout.length, 0);
  const lines = migrated.stderr.split("\n").filter((line) => /^\d{4}-/.test(line));
  t.true(lines.length >= 8 && lines.every((line) => line.includes("migration")));
  t.deepEqual((await readFile(log, "utf8")).trimEnd().split("\n"), lines);
  t.is((await stat(log)).mode & 0o777, 0o600);
  t.regex(migrated.stderr, /migrated: .* is a sled store now, with 501 entries/);
  t.regex(migrated.stderr, /use_compression\(true\)/);

  t.is((await kgdump(["migrate", "--config", config])).code, 0);
  const back = await kgdump(["rollback", "--config", config, "--json"]);
  t.is(back.code, 0, back.stderr);
  const said = back.stdout.toString().trimEnd().split("\n").map((line) => JSON.parse(line) as Record<string, Record<string, unknown>>);
  t.true(said.slice(0, -1).every(({ event }) => event !== undefined));
  t.like(said.at(-1)?.rollback, { status: "rolled-back", source: path, carried: false });
  t.true((await readdir(path)).includes("CURRENT"));
});

test("a dry run says all that a live migration would do, and that nothing is to be done", async (t) => {
  const { directory, path, config } = await service(t);
  const before = await readdir(directory);
  const dry = await kgdump(["migrate", "--config", config, "--dry-run", "--live", "--dump", join(directory, "mine.kgd")]);
  t.is(dry.code, 0, dry.stderr);
  const said = dry.stdout.toString();
  t.regex(said, /delta: +\S+mine\.delta\.kgd, as large as what changes meanwhile\n/);
  t.regex(said, /steps: +1\. copy: [^\n]*may run[^\n]*\n +2\. wait: [^\n]*\n +3\. catch-up: [^\n]*is stopped[^\n]*\n +4\. switch: [^\n]*is stopped[^\n]*\n +5\. confirm: [^\n]*delta[^\n]*may run/);
  t.regex(said, /room for changes of 10 %/);
  const json = JSON.parse((await kgdump(["migrate", "--config", config, "-n", "--live", "--json"])).stdout.toString()) as { status: string; plan: { delta: string; steps: unknown[] } };
  t.is(json.status, "to-migrate");
  t.regex(json.plan.delta, /\.delta\.kgd$/);
  t.is(json.plan.steps.length, 5);
  t.deepEqual(await readdir(directory), before);
  await kgdump(["migrate", "--config", config]);
  const again = await kgdump(["migrate", "--config", config, "--dry-run"]);
  t.is(again.code, 0);
  t.is(again.stdout.toString(), `${path} is a sled store already: there would be nothing to do\nnothing was changed\n`);
});

test("exit codes tell what is in the way", async (t) => {
  const { directory, path, config } = await service(t);
  t.is((await kgdump(["migrate"])).code, 2);
  t.is((await kgdump(["rollback", path])).code, 1);
  t.is((await kgdump(["migrate", "--from", path, "--to", path, "--stream", "--dump", "x"])).code, 2);
  await writeFile(join(directory, "graph.kgdump-migration.json"), "{}");
  const damaged = await kgdump(["migrate", "--config", config, "--json"]);
  t.is(damaged.code, 1);
  t.regex(damaged.stderr, /MIGRATION_JOURNAL_DAMAGED/);
  t.true((await readdir(path)).includes("CURRENT"));
});

test("status tells scripts and people how things are", async (t) => {
  const { directory, path, config } = await service(t);
  const status = async (...args: string[]): Promise<[number | null, string]> => {
    const ended = await kgdump(["status", ...args]);
    return [ended.code, ended.stdout.toString()];
  };
  const [before, said] = await status("--config", config);
  t.is(before, 10);
  t.regex(said, /a RocksDB store, written by version 10\.\d+\.\d+, [^]*migration: +none is known/);
  await kgdump(["migrate", "--config", config]);
  const [after, json] = await status(path, "--json");
  t.is(after, 0);
  const { status: told } = JSON.parse(json) as { status: Record<string, unknown> };
  t.like(told, { state: "migrated", found: "sled", version: "0.34", entries: 501 });
  t.true((told.backup as { bytes: number }).bytes > 0 && (told.dump as { bytes: number }).bytes > 0);
  const journal = `${path}.kgdump-migration.json`;
  await writeFile(journal, (await readFile(journal, "utf8")).replace('"done"', '"switching"'));
  t.is((await status(path))[0], 11);
  t.is((await status(join(directory, "nothing")))[0], 12);
  t.is((await status(directory))[0], 13);
});

test("from one path to another, and a backup in a directory of its own", async (t) => {
  const { directory, path } = await service(t);
  const copy = join(directory, "copy");
  await cp(path, copy, { recursive: true });
  const across = await kgdump(["migrate", "--from", path, "--to", join(directory, "sled"), "--no-keep-dump", "-q"]);
  t.is(across.code, 0, across.stderr);
  t.is(across.stderr, "");
  t.deepEqual((await readdir(directory)).filter((name) => name.endsWith(".kgd")), []);
  const backups = join(directory, "backups");
  await mkdir(backups);
  t.is((await kgdump(["migrate", "--from", copy, "--backup-dir", backups, "--stream"])).code, 0);
  t.is((await readdir(backups)).length, 1);
});

test("a path that is named must be there; a service that has no store yet is told so, and may start", async (t) => {
  const { directory, path } = await service(t);
  const typo = `${path}h`;
  const mistaken = await kgdump(["migrate", "--from", typo, "--to", join(directory, "sled")]);
  t.is(mistaken.code, 1, mistaken.stderr);
  t.true(mistaken.stderr.includes(`there is no store at ${typo} [STORE_NOT_FOUND]`), mistaken.stderr);
  t.true(mistaken.stderr.includes(`did you mean ${path}?`), mistaken.stderr);
  t.deepEqual(await readdir(directory), ["graph", "storage.toml"]);
  const config = join(directory, "new.toml");
  await writeFile(config, `[storage]\nengine = "sled"\npath = ${JSON.stringify(typo)}\n`);
  const first = await kgdump(["migrate", "--config", config, "-q"]);
  t.is(first.code, 0, first.stderr);
  t.regex(first.stderr, /^warning: there is no store at .*: nothing was migrated\n$/);
});

test("the commands that are printed can be pasted into a shell, whatever the store is called", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "it's a $graph", { default: { a: "1" } });
  const migrated = await kgdump(["migrate", "--from", store, "-v"]);
  const [, command = ""] = /way back: +(kgdump rollback .+)\n/.exec(migrated.stderr) ?? [];
  const back = await shell(command);
  t.is(back.code, 0, `${command}: ${back.stderr}`);
  const wrong = await kgdump(["import", join(directory, "new"), "-i", store]);
  const [, told = ""] = /(kgdump status .+?) shows what it is/.exec(wrong.stderr) ?? [];
  const status = await shell(told);
  t.regex(status.stdout.toString(), /RocksDB/, `${told}: ${status.stderr}`);
});
