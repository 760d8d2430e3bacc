/** What an operation warns of is printed by its command, also with -q. */
import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { recoverDump } from "#src/operations/recover/recover.js";
import { unpackStore } from "../fixtures/unpack.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { kgdump } from "./support/run.js";

const WARNING = /reverse key order/;

test("import and migrate print the warnings of what they make, and of the settings file", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "graph", { default: { a: "1" }, back: { b: "2", c: "3" } }, [{ name: Buffer.from("back"), comparator: "reverse-bytewise" }]);
  const dump = join(directory, "graph.kgd");
  await exportStore({ store, output: dump });
  const config = join(directory, "storage.toml");
  await writeFile(config, `[storage]\npath = "${join(directory, "by-config")}"\nmax_open_files = 100\n`);
  const ways = { import: ["import", join(directory, "sled"), "-i", dump], "import --config": ["import", "--config", config, "-i", dump], migrate: ["migrate", "--from", store] };
  for (const [what, words] of Object.entries(ways)) {
    const { code, stderr } = await kgdump([...words, "-q"]);
    t.is(code, 0, stderr);
    t.regex(stderr, /^warning: /m, what);
    t.regex(stderr, WARNING, what);
    if (what === "import --config") t.regex(stderr, /max_open_files/);
  }
});

test("verify, import and restore print what is said of a salvaged dump, compact what is said of a store, as export does", async (t) => {
  const directory = await temporaryDirectory(t);
  const [dump, saved] = [join(directory, "dump.kgd"), join(directory, "saved.kgd")];
  await exportStore({ store: await makeStore(directory, "graph", { default: numbered("k", 500) }), output: dump, codec: "none", blockSize: 4096 });
  const bytes = await readFile(dump);
  bytes.write("K", bytes.indexOf("k0000250"));
  await writeFile(dump, bytes);
  await recoverDump({ input: dump, output: saved });
  const torn = await unpackStore(t, "maya-unflushed");
  for (const name of await readdir(torn)) if (name.endsWith(".log")) await appendFile(join(torn, name), "torn");
  const salvaged = /^warning: the dump was salvaged/m;
  const cut = /^warning: the log \S+ ends with/m;
  for (const [words, warning] of [
    [["verify", saved], salvaged],
    [["import", join(directory, "sled"), "-i", saved, "--allow-gaps"], salvaged],
    [["restore", join(directory, "rocksdb"), "-i", saved, "--allow-gaps"], salvaged],
    [["export", torn, "-o", join(directory, "torn.kgd")], cut],
    [["migrate", "--from", torn, "--to", join(directory, "migrated"), "--stream"], cut],
    [["compact", torn], cut],
  ] as const) {
    const { code, stderr } = await kgdump([...words, "-q"]);
    t.is(code, 0, stderr);
    t.regex(stderr, warning, words[0]);
  }
});
