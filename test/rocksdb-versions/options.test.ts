/** OPTIONS of restored stores under RocksDB's own libraries: the source's version knows every word of them. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { OPTION_KINDS, type Scope } from "#src/engines/rocksdb/option-names.js";
import { optionProblem } from "#src/engines/rocksdb/option-rules.js";
import { exportStore } from "#src/operations/export/export.js";
import { restoreDump } from "#src/operations/import/restore.js";
import { temporaryDirectory } from "../support/temporary.js";
import { run, versionsFor } from "./versions.js";

/** Fields of the newest OPTIONS file, as `section name=value`. */
async function fieldsOf(store: string): Promise<string[]> {
  const newest = (await readdir(store)).filter((name) => name.startsWith("OPTIONS-")).sort().at(-1) ?? "";
  let section = "";
  return (await readFile(join(store, newest), "latin1")).split("\n").map((line) => line.trim()).flatMap((line) => {
    if (line.startsWith("[")) section = line;
    return line.startsWith("#") || !line.includes("=") ? [] : [`${section} ${line}`];
  });
}

function scopeOf(section: string): Scope | null {
  if (section.startsWith("[DBOptions")) return "database";
  if (section.startsWith("[CFOptions")) return "family";
  return section.startsWith("[TableOptions") ? "table" : null;
}

test("the version that wrote the original opens the restored store with the OPTIONS that it finds, which say the same", async (t) => {
  const { work, versions } = await versionsFor(t);
  for (const { library, version } of versions) {
    const directory = await temporaryDirectory(t);
    const [store, dump, restored] = ["store", "a.kgd", "restored"].map((name) => join(directory, name)) as [string, string, string];
    await run(work, [library, "zero", store, "1"]);
    await exportStore({ store, output: dump });
    const { warnings } = await restoreDump({ target: restored, input: dump });
    t.deepEqual(warnings, [], version);
    t.deepEqual((await fieldsOf(restored)).sort(), [...new Set(await fieldsOf(store))].sort(), version);
    // The function that reads OPTIONS came to the C API with version 7.
    if (!version.startsWith("6.")) t.is((await run(work, [library, "options", restored])).trim(), "default", version);
  }
});

test("every option that a version writes is known, and so is its value", async (t) => {
  const { work, versions } = await versionsFor(t);
  for (const { library, version } of versions) {
    const store = join(await temporaryDirectory(t), "store");
    await run(work, [library, "zero", store, "1"]);
    for (const field of await fieldsOf(store)) {
      const [, section = "", name = "", value = ""] = /^(\[.*?\]) (.*?)=(.*)$/.exec(field) ?? [];
      const scope = scopeOf(section);
      if (scope === null) continue;
      t.true(OPTION_KINDS[scope].has(name), `${version}: ${field}`);
      t.is(optionProblem(scope, name, value), null, `${version}: ${field}`);
    }
  }
});
