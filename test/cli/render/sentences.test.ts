/**
 * What results say, sentence by sentence: each is made up here, with one thing changed, and what is printed of it stands in `sentences.txt`. Transcripts show what
 * becomes of real stores; this shows what they seldom have. `KGDUMP_UPDATE=1` writes the file: read what changed before you keep it.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { renderCleanup } from "#src/cli/render/cleanup.js";
import { renderCompact, renderCompactPlan, renderUndoCompact } from "#src/cli/render/compact.js";
import { renderMigration, renderRollback, renderStatus } from "#src/cli/render/migrate.js";
import { renderMigrationPreview, renderRollbackPreview } from "#src/cli/render/migration-preview.js";
import { renderRecover } from "#src/cli/render/recover.js";
import { renderRecoverStore } from "#src/cli/render/recover-store.js";
import { renderRestore } from "#src/cli/render/restore.js";
import { renderExport, renderImport, renderPlan } from "#src/cli/render/results.js";
import { renderStore } from "#src/cli/render/store.js";
import { renderSummary } from "#src/cli/render/summary.js";
import { renderVerify } from "#src/cli/render/verify.js";
import { makePaint } from "#src/cli/terminal/style.js";
import { results } from "./sentences-results.js";

const FILE = join("test", "cli", "render", "sentences.txt");
// The colours are part of what is said.
const paint = makePaint(true);
const look = { paint, verbose: false, columns: 100 };
const verbose = { ...look, verbose: true, columns: null };

/** What each result is printed as: its own look, and with `-v` where that says more. */
function printed(): [string, string][] {
  const all: [string, string][] = [];
  const each = (what: string, of: Readonly<Record<string, unknown>>, render: (result: never) => string): void => {
    for (const [name, result] of Object.entries(of)) all.push([`${what}: ${name}`, render(result as never)]);
  };
  each("recover", results.recover, (result) => renderRecover(result, look));
  each("recover -v", { long: results.recover["many of everything"] }, (result) => renderRecover(result, verbose));
  each("recover a store", results.recoverStore, (result) => renderRecoverStore(result, look));
  each("recover a store -v", { many: results.recoverStore.many }, (result) => renderRecoverStore(result, verbose));
  each("export", results.export, (result) => renderExport(result, undefined, paint));
  each("export --base", results.export, (result) => renderExport(result, ["/a.kgd", "/b.kgd"], paint));
  each("export -n", results.plan, (result) => renderPlan(result, undefined, look));
  each("export -n --base", results.plan, (result) => renderPlan(result, ["/a.kgd", "/b.kgd"], look));
  each("import", results.import, (result) => renderImport(result, look));
  each("import -v", { plain: results.import.plain }, (result) => renderImport(result, verbose));
  each("restore", results.restore, (result) => renderRestore(result, paint));
  each("inspect", results.summary, (result) => renderSummary(result, "a.kgd", look));
  each("inspect -v", { whole: results.summary.whole }, (result) => renderSummary(result, null, verbose));
  each("inspect a store", results.store, (result) => renderStore(result, "store", look));
  each("inspect a store -v", { many: results.store["with many keyspaces"] }, (result) => renderStore(result, "a store", verbose));
  each("verify", results.verify, (result) => renderVerify(result, look));
  each("verify -v", { "two stores": results.verify["two stores, of which one differs"] }, (result) => renderVerify(result, verbose));
  each("migrate -n", results.preview, (result) => renderMigrationPreview(result, paint));
  each("migrate", results.migrate, (result) => renderMigration(result, look));
  each("rollback -n", results.rollbackPreview, (result) => renderRollbackPreview(result, {}, paint));
  each("rollback -n --discard-new", results.rollbackPreview, (result) => renderRollbackPreview(result, { discardNew: true }, paint));
  each("rollback", results.rollback, (result) => renderRollback(result, false, paint));
  each("rollback --carry-back", results.rollback, (result) => renderRollback(result, true, paint));
  each("status", results.status, (result) => renderStatus(result, paint));
  each("cleanup", results.cleanup, (result) => renderCleanup(result, false, paint));
  each("cleanup -n", results.cleanup, (result) => renderCleanup(result, true, paint));
  each("compact -n", results.compactPlan, (result) => renderCompactPlan(result, paint));
  each("compact", results.compact, (result) => renderCompact(result, look));
  each("compact, put back", results.undoCompact, (result) => renderUndoCompact(result, paint));
  return all;
}

/** Colours as a person can read them: `<red>` up to `</>`. */
const COLOURS: Readonly<Record<string, string>> = { 1: "<b>", 2: "<dim>", 22: "</>", 31: "<red>", 32: "<green>", 33: "<yellow>", 39: "</>" };
const readable = (text: string): string => text.split("\u001b[").map((part, index) => (index === 0 ? part : part.replace(/^(\d+)m/, (whole, code: string) => COLOURS[code] ?? whole))).join("");

test("each sentence of a result is as it stands in the file", async (t) => {
  // How long ago something was depends on today.
  const text = printed().map(([name, said]) => [name, said.replaceAll(/\(\d+ \w+ ago\)/g, "(AGE)")] as const).map(([name, said]) => `## ${name}\n${readable(said)}`).join("");
  if (process.env.KGDUMP_UPDATE === "1") await writeFile(FILE, text);
  t.deepEqual(text.split(/^(?=## )/m), (await readFile(FILE, "utf8")).split(/^(?=## )/m));
});
