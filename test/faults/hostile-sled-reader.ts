/**
 * A process of its own in which all operations read sled stores that were changed in bad faith, so that a crash, a hang or a lack of memory is seen and hurts
 * nobody. Each line of standard input is the path of a store, in a directory of its own, and what was changed of it, with
 * a tab between; each is answered by a line, a Report as JSON.
 */
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { KgdumpError } from "#src/errors.js";
import { exportStore } from "#src/operations/export/export.js";
import { planExport } from "#src/operations/export/plan.js";
import { findVersions } from "#src/operations/inspect/find.js";
import { inspectDump } from "#src/operations/inspect/inspect.js";
import { rollbackStore } from "#src/operations/migrate/back/rollback.js";
import { compactStore, planCompact } from "#src/operations/migrate/compact/compact.js";
import { previewMigration } from "#src/operations/migrate/plan/preview.js";
import { migrationStatus } from "#src/operations/migrate/status.js";
import { recoverStore } from "#src/operations/recover/index.js";
import { verifyDump, verifyStore } from "#src/operations/verify/verify.js";
import { readStore } from "../engines/sled/support.js";
import { peakMemory } from "../support/memory.js";

/** What became of one store. */
export interface Report {
  /** The code of each operation's error; null when it succeeded. */
  readonly codes: Readonly<Record<string, string | null>>;
  /** What no operation may do, in words. */
  readonly wrong: readonly string[];
  /** What the reader of files shows of it; null when it is refused. */
  readonly content: readonly { readonly name: string; readonly records: number; readonly digest: string }[] | null;
  /** The most bytes that were in memory. */
  readonly peak: number;
}

/** @param harmed what was changed, in a word */
async function report(store: string, harmed: string): Promise<Report> {
  const [codes, wrong]: [Record<string, string | null>, string[]] = [{}, []];
  const work = join(dirname(dirname(store)), "work");
  await mkdir(work, { recursive: true });
  const attempt = async <T>(name: string, run: () => Promise<T>): Promise<T | null> => {
    try {
      const result = await run();
      codes[name] = null;
      return result;
    } catch (error) {
      codes[name] = error instanceof KgdumpError ? error.code : "INTERNAL";
      const text = `${String(error)} ${error instanceof KgdumpError ? (error.hint ?? "") : ""}`;
      if (codes[name] === "INTERNAL" || /panic|unwrap|overflow/i.test(text)) wrong.push(`${name}: ${text}`);
      return null;
    }
  };
  const dump = join(work, "out.kgd");
  const exported = await attempt("export", () => exportStore({ store, output: dump, force: true }));
  await attempt("export --dry-run", () => planExport({ store }));
  await attempt("inspect", () => inspectDump({ input: store }));
  await attempt("status", () => migrationStatus(store));
  await attempt("find", () => findVersions(store, Buffer.from("key")));
  await attempt("migrate --dry-run", () => previewMigration({ source: store }));
  await attempt("rollback", () => rollbackStore({ target: store }));
  await attempt("compact --dry-run", () => planCompact({ store }));
  const recovered = await attempt("recover", () => recoverStore({ store, output: join(work, "saved.kgd"), force: true }));
  await attempt("verify", () => verifyStore({ store, against: store }));
  const verified = exported === null ? null : await attempt("verify of the dump", () => verifyDump({ input: dump, against: store }));
  const content = await attempt("read", () => readStore(store));
  const compacted = join(work, "compact", "store");
  await cp(store, compacted, { recursive: true });
  const small = await attempt("compact", () => compactStore({ store: compacted, removeOriginal: true }));
  if (exported !== null) {
    const total = (content ?? []).reduce((sum, { records }) => sum + records, 0);
    if (content === null || total !== exported.entries) wrong.push(`export tells of ${String(exported.entries)} entries, and its source has ${String(total)}`);
    if (verified?.against?.equal !== true) wrong.push("what was exported is not what verify finds");
    // What a snapshot does not know may be lost, where it lies about that; and of a log that says what sled never says, some may be older than something else in it.
    const mayDoubt = harmed === "snapshot" || harmed === "messages";
    if (recovered === null || (recovered.lost && !mayDoubt) || (recovered.entries !== exported.entries && !recovered.lost)) {
      wrong.push(`export is whole, and recover has ${String(recovered?.entries)} entries of ${String(exported.entries)}: ${JSON.stringify(recovered?.losses ?? codes.recover)}`);
    }
    if (small !== null && JSON.stringify(await readStore(compacted).catch(String)) !== JSON.stringify(content)) wrong.push("what was made compact is not what was there");
  } else {
    if (small !== null) wrong.push("compact makes anew what export refuses");
    // Without conf, whose settings the log shows, nothing is lost.
    if (codes.export === "STORE_DAMAGED" && recovered?.lost === false && harmed !== "conf") wrong.push("recover calls whole what export calls damaged");
  }
  await rm(work, { recursive: true });
  return { codes, wrong, content, peak: peakMemory() };
}

for await (const line of createInterface(process.stdin)) {
  const [store = "", harmed = ""] = line.split("\t");
  const result = await report(store, harmed);
  // The peak of the next one is to be its own, where the system allows it.
  await writeFile("/proc/self/clear_refs", "5").catch(() => undefined);
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
