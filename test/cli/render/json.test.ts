/**
 * What `--json` writes of results that are made up, as `sentences.test.ts` does for what a person reads: its shape is a part of the public interface.
 * `KGDUMP_UPDATE=1` writes `json.txt`: read what changed before you keep it.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { blockJson, entryJson, exportJson, importJson, type Json, jsonLine, planJson, storeSummaryJson, summaryJson } from "#src/cli/render/json/json.js";
import { migrationJson, migrationPreviewJson, statusJson } from "#src/cli/render/json/migrate.js";
import { recoverJson, recoverStoreJson } from "#src/cli/render/json/recover.js";
import { verifyJson } from "#src/cli/render/json/verify.js";
import { MOST_WHOLE } from "#src/cli/render/value.js";
import { results } from "./sentences-results.js";

const FILE = join("test", "cli", "render", "json.txt");

/** What is in the JSON of a result, without what is around all of it. */
function inside(json: Json): Readonly<Record<string, Json>> {
  const all = JSON.parse(jsonLine(json)) as Readonly<Record<string, Json>>;
  const [[, first] = ["", null], ...more] = Object.entries(all);
  return more.length === 0 ? (first as Readonly<Record<string, Json>>) : all;
}

/** The JSON of the first result of each command, and what that of the others has otherwise. */
function printed(): string {
  const all: string[] = [];
  const each = (what: string, of: Readonly<Record<string, unknown>>, json: (result: never) => Json): void => {
    const made = Object.entries(of).map(([name, result]) => ({ name, json: json(result as never) }));
    const first = inside(made[0]?.json ?? {});
    for (const [index, { name, json: one }] of made.entries()) {
      const own = Object.entries(inside(one)).filter(([field, value]) => JSON.stringify(value) !== JSON.stringify(first[field]));
      const gone = Object.keys(first).filter((field) => !(field in inside(one)));
      all.push(`${what}: ${name}\n${index === 0 ? jsonLine(one) : `${JSON.stringify(Object.fromEntries(own))}${gone.map((field) => `, no ${field}`).join("")}\n`}`);
    }
  };
  each("recover", results.recover, recoverJson);
  each("recover a store", results.recoverStore, recoverStoreJson);
  each("export", results.export, exportJson);
  each("export -n", results.plan, planJson);
  each("import", results.import, importJson);
  each("inspect", results.summary, summaryJson);
  each("inspect --blocks", results.blocks, blockJson);
  each("inspect a store", results.store, storeSummaryJson);
  each("verify", results.verify, verifyJson);
  each("migrate", results.migrate, migrationJson);
  each("migrate -n", results.preview, migrationPreviewJson);
  each("status", results.status, statusJson);
  return all.join("");
}

test("the JSON of each result is as it stands in the file", async (t) => {
  const text = printed();
  if (process.env.KGDUMP_UPDATE === "1") await writeFile(FILE, text);
  t.deepEqual(text.split("\n"), (await readFile(FILE, "utf8")).split("\n"));
});

test("a value that is too large to be shown whole is cut between its characters, with its length", (t) => {
  const entry = (value: Uint8Array): Json => entryJson({ keyspace: Buffer.from("k"), key: Buffer.from("a"), value }, true);
  const names = { keyspace: { text: "k" }, key: { text: "a" } };
  for (const [front, letter] of [["", "x"], ["", "ä"], ["x", "ä"], ["x", "€"], ["xy", "😀"], ["xyz", "😀"]] as const) {
    const text = front + letter.repeat(Math.floor((64 * 1024 - front.length) / Buffer.byteLength(letter)));
    const whole = Buffer.concat([Buffer.from(front), Buffer.alloc(MOST_WHOLE + 1 - front.length, letter)]);
    t.deepEqual(entry(whole), { ...names, value: { text }, valueBytes: MOST_WHOLE + 1 }, `${front} ${letter}`);
  }
  t.deepEqual(entry(Buffer.from("ä")), { ...names, value: { text: "ä" } });
  t.false("valueBytes" in (entry(Buffer.alloc(MOST_WHOLE, "x")) as object));
});
