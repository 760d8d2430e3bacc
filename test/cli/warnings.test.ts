/** What an operation warns of is printed by its command, also with -q. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { makeStore } from "../support/stores.js";
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
