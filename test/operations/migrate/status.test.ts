/** Status: what became of the backup and the dump is said as it is, at every step. */
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import test from "ava";
import { renderStatus } from "#src/cli/render/migrate.js";
import { makePaint } from "#src/cli/terminal/style.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { journalPath } from "#src/operations/migrate/journal.js";
import { migrateStore } from "#src/operations/migrate/migrate.js";
import { migrationStatus } from "#src/operations/migrate/status.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

const paint = makePaint(false);

/** State of backup and dump, and the lines about them and about the migration. */
async function told(path: string): Promise<{ backup: string | undefined; dump: string | undefined; lines: Record<string, string> }> {
  const status = await migrationStatus(path);
  const rows = renderStatus(status, paint).split("\n").map((row) => /^ {2}(\w+): +(.*)$/.exec(row)).filter((row) => row !== null);
  return { backup: status.backup?.state, dump: status.dump?.state, lines: Object.fromEntries(rows.map(([, name = "", text = ""]) => [name, text])) };
}

test("not made yet, there, gone, put back: each is said only when it is so", async (t) => {
  const path = await makeStore(await temporaryDirectory(t), "graph", { default: numbered("k", 20) });
  t.deepEqual((await told(path)).lines, { migration: "none is known" });

  const { backup, dump } = await migrateStore({ source: path });
  const done = await told(path);
  t.like(done, { backup: "there", dump: "there" });
  t.regex(done.lines.migration ?? "", /^\w+, done 20/);
  t.true(done.lines.backup?.startsWith(`${String(backup)}, `));

  await rm(dump ?? "");
  t.is((await told(path)).lines.dump, `${String(dump)}, which is gone`);

  await rollbackStore({ target: path });
  const back = await told(path);
  t.is(back.backup, "put-back");
  t.is(back.lines.backup, "none: it was put back in place");
  t.regex(back.lines.migration ?? "", /rolled back 20/);
});

test("at each step: whether it is finished, and a backup that is not made yet", async (t) => {
  const path = await makeStore(await temporaryDirectory(t), "graph", { default: { a: "1" } });
  await migrateStore({ source: path });
  await rollbackStore({ target: path });
  const journal = JSON.parse(await readFile(journalPath(path), "utf8")) as Record<string, unknown>;
  for (const step of ["exporting", "importing", "copying", "waiting", "following", "imported", "switching"] as const) {
    await writeFile(journalPath(path), JSON.stringify({ ...journal, step, rollback: null }));
    const { backup, lines } = await told(path);
    t.deepEqual([backup, lines.backup], ["not-made", "not made yet"], step);
    t.regex(lines.migration ?? "", new RegExp(`not finished \\(${step}\\) since 20`));
    t.is((await migrationStatus(path)).state, "unfinished", step);
  }
  // The service may run with its new store then.
  for (const [step, state] of [["confirming", "to-migrate"], ["done", "to-migrate"], ["rolling-back", "unfinished"], ["rolled-back", "to-migrate"]] as const) {
    await writeFile(journalPath(path), JSON.stringify({ ...journal, step }));
    t.is((await migrationStatus(path)).state, state, step);
  }
});

test("a migration that was stopped has nothing to undo, and never had a backup", async (t) => {
  const path = await makeStore(await temporaryDirectory(t), "graph", { default: numbered("k", 20) });
  const stop = new AbortController();
  const onEvent = ({ phase }: { readonly phase: string }): void => { if (phase === "export") stop.abort(new Error("stopped")); };
  await t.throwsAsync(migrateStore({ source: path, onEvent, signal: stop.signal }), { message: "stopped" });
  const { backup, dump, lines } = await told(path);
  t.deepEqual({ backup, dump }, { backup: "not-made", dump: "not-made" });
  t.is(lines.backup, "none was made");
  t.is(lines.dump, "none was made");
  t.regex(lines.migration ?? "", /stopped 20.*: there is nothing to undo$/);
  t.is((await migrationStatus(path)).state, "to-migrate");
});

test("while a backup is put back it is not gone; of several compactions the last one's original is told", async (t) => {
  const path = await makeStore(await temporaryDirectory(t), "graph", { default: { a: "1" } });
  await migrateStore({ source: path });
  await rollbackStore({ target: path });
  const journal = JSON.parse(await readFile(journalPath(path), "utf8")) as Record<string, unknown>;
  await writeFile(journalPath(path), JSON.stringify({ ...journal, step: "rolling-back" }));
  t.is((await migrationStatus(path)).backup?.state, "put-back");
  for (const stamp of ["20260102T030405Z", "20260203T040506Z", "20250101T000000Z"]) await mkdir(`${path}.before-compact-${stamp}`);
  t.is((await migrationStatus(path)).compacted?.path, `${path}.before-compact-20260203T040506Z`);
});

test("whatever leads to a store, what a compaction left of it is told", async (t) => {
  const path = await makeStore(await temporaryDirectory(t), "graph", { default: { a: "1" } });
  const kept = `${path}.before-compact-20260102T030405Z`;
  for (const left of [kept, `${path}.after-compact-20260102T030405Z`]) await makeStore(dirname(path), basename(left), { default: { a: "1" } });
  const links = await temporaryDirectory(t);
  for (const [name, to] of [["graph", path], ["again", "graph"], ["data", dirname(path)]] as const) await symlink(to, join(links, name));
  for (const named of [path, join(links, "graph"), join(links, "again"), join(links, "data", "graph")]) {
    const { path: told, compacted, remains } = await migrationStatus(named);
    t.deepEqual([told, compacted?.path, compacted?.state], [named, kept, "there"], named);
    t.deepEqual(remains.map(({ kind }) => kind).sort(), ["after-compact", "before-compact"], named);
  }
});
