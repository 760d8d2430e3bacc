import { readFileSync } from "node:fs";
import test from "ava";
import { KgdumpError } from "#src/errors.js";
import { iterateEntries } from "#src/format/index.js";

test("each case that Rust's decoder has to agree with is decoded so here", (t) => {
  const lines = readFileSync(new URL("../../../test/fuzz/entries.tsv", import.meta.url), "utf8").split("\n").filter((line) => /^[0-9a-f]/.test(line));
  t.true(lines.length > 1000);
  for (const line of lines) {
    const [hex = "", expected = ""] = line.split("\t");
    let found: string;
    try {
      found = String([...iterateEntries(Buffer.from(hex, "hex"))].length);
    } catch (error) {
      found = error instanceof KgdumpError && error.code === "DUMP_ENTRIES_MALFORMED" ? "bad" : String(error);
    }
    t.is(found, expected, hex);
  }
});
