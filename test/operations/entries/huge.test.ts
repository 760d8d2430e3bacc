/** Entries that are larger than some reader takes. */
import { join } from "node:path";
import test from "ava";
import { entryJson, jsonLine } from "#src/cli/render/json/json.js";
import { MOST_WHOLE, renderValue } from "#src/cli/render/value.js";
import { engineNamed } from "#src/engines/registry.js";
import { KgdumpError } from "#src/errors.js";
import { openDump } from "#src/operations/dump/open-dump.js";
import { HugeEntries } from "#src/operations/entries/huge.js";
import { exportStore } from "#src/operations/export/export.js";
import { ImportPlan } from "#src/operations/import/plan.js";
import { refuseTooLarge } from "#src/operations/import/too-large.js";
import { kgdump } from "../../cli/support/run.js";
import { makeStore } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

const SLED = engineNamed("sled");
const LARGEST = SLED.largest ?? { key: 0, value: 0 };

const name = Buffer.from("default");
const entry = (keyBytes: number, valueBytes: number, entries = 1) => ({ data: Buffer.alloc(0), entries, keyBytes, valueBytes, firstKey: Buffer.from("k".repeat(100)) });

for (const [keyBytes, valueBytes, refused, tooLarge] of [
  [10, LARGEST.value, false, false],
  [10, LARGEST.value + 1, true, false],
  [LARGEST.key, 0, false, false],
  [LARGEST.key + 1, 0, true, true],
  [10, 2 ** 30, true, false],
  [10, 2 ** 30 + 1, true, true],
] as const) {
  test(`an entry with a key of ${keyBytes.toString()} and a value of ${valueBytes.toString()} bytes`, (t) => {
    const look = (): void => { new HugeEntries("sled").look(name, entry(keyBytes, valueBytes)); };
    if (refused) t.is(t.throws(look, { instanceOf: KgdumpError }).code, "STORE_UNSUPPORTED");
    else t.notThrows(look);
    const any = new HugeEntries(undefined);
    const lookAny = (): void => { any.look(name, entry(keyBytes, valueBytes)); };
    if (tooLarge) {
      const error = t.throws(lookAny, { instanceOf: KgdumpError });
      t.is(error.code, "STORE_UNSUPPORTED");
      t.regex(error.message, /"k{64}…" of "default" has a key of \d+ and a value of \d+ bytes; readers of the dump would accept keys up to 16 MiB and values up to 1 GiB$/);
      t.regex(error.hint ?? "", /^write it with --max-block-size 4GiB, and read the dump with the same/);
    } else t.notThrows(lookAny);
    const wanted = new HugeEntries(undefined, 2 ** 32 - 1);
    wanted.look(name, entry(keyBytes, valueBytes));
    t.is(wanted.warnings().length, tooLarge ? 1 : 0);
    if (tooLarge) t.regex(wanted.warnings().join(), /"k{64}…" of "default" has a key of \d+ and a value of \d+ bytes.*--max-block-size 4GiB/);
  });
}

test("three of them are named, and all more are counted", (t) => {
  const huge = new HugeEntries(undefined, 2 ** 32 - 1);
  for (let count = 0; count <= 10; count++) {
    const warnings = huge.warnings();
    t.deepEqual(warnings.slice(3), count < 4 ? [] : [count === 4 ? "1 more entry is as large" : `${String(count - 3)} more entries are as large`]);
    t.is(warnings.filter((warning) => warning.includes("has a key of 1 and")).length, Math.min(count, 3));
    huge.look(name, entry(1, 2 ** 31));
  }
});

const holding = (value: number): typeof SLED => ({ ...SLED, largest: { ...LARGEST, value } });

test("a dump file with such an entry is refused by its index, before anything is written", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "store", { default: { small: "1" }, big: { a: "x", big: "y".repeat(3_000_000), c: "z", ["k".repeat(256)]: "y".repeat(3_000_000) } });
  const input = join(directory, "a.kgd");
  await exportStore({ store, output: input });
  await using dump = await openDump(input);
  const error = await t.throwsAsync(() => refuseTooLarge(new ImportPlan(dump.header, {}), { input }, holding(2_999_999)), { instanceOf: KgdumpError });
  t.is(error.code, "STORE_UNSUPPORTED");
  t.regex(error.message, /the entry "big" of "big" has a key of 3 and a value of 3000000 bytes/);
  await t.notThrowsAsync(() => refuseTooLarge(new ImportPlan(dump.header, {}), { input }, holding(3_000_000)));
  await t.notThrowsAsync(() => refuseTooLarge(new ImportPlan(dump.header, { excludeKeyspaces: ["big"] }), { input }, holding(1)));
});

for (const [what, byte, start] of [["text", 0x61, /^a{1000}/], ["no text", 0xff, /^hex:(ff){1000}/], ["JSON", 0x5b, /^\[{1000}/]] as const) {
  test(`a huge value of ${what} is shown by its beginning and its size`, (t) => {
    const value = Buffer.alloc(MOST_WHOLE + 1, byte);
    const shown = renderValue(value, null);
    t.regex(shown, start);
    t.regex(shown, /… \(16,777,217 bytes; all of them: --get KEY --raw\)$/);
    t.true(shown.length < 300_000);
    const json = JSON.parse(jsonLine(entryJson({ keyspace: name, key: name, value }, true))) as { value: { text?: string; hex?: string }; valueBytes: number };
    t.is(json.valueBytes, value.length);
    t.is((json.value.text ?? json.value.hex ?? "").length, what === "no text" ? 131_072 : 65_536);
    t.notRegex(renderValue(value.subarray(0, 1000), null), /bytes;/);
  });
}

test("inspect shows huge values, and writes them whole with --raw", async (t) => {
  const directory = await temporaryDirectory(t);
  const bytes = MOST_WHOLE + 1000;
  await exportStore({ store: await makeStore(directory, "store", { default: { big: "é".repeat(bytes / 2), small: "1" } }), output: join(directory, "a.kgd") });
  for (const args of [["--entries"], ["--get", "big"], ["--entries", "--json"], ["--get", "big", "--json"]]) {
    const ended = await kgdump(["inspect", "a.kgd", ...args], { cwd: directory });
    t.is(ended.code, 0, ended.stderr);
    t.true(ended.stdout.length < 200_000, args.join(" "));
    t.regex(ended.stdout.toString(), args.includes("--json") ? new RegExp(`"valueBytes": ?${bytes.toString()}`) : /16,778,216 bytes; all of them/);
  }
  const raw = await kgdump(["inspect", "a.kgd", "--get", "big", "--raw"], { cwd: directory });
  t.is(raw.stdout.length, bytes);
});
