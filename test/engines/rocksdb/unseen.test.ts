/**
 * What nobody can see, by docs/limits.md: each of its points with a store of which something is missing, which is exported all the same, without a word or
 * with the warning that the point names. A point without a store here fails, and so does a store that tells of what it lacks after all.
 */
import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { crc32c, masked } from "../../simulator/bytes.js";
import { differences, exportedOf } from "../../maker/exported.js";
import { hex, Maker } from "../../maker/run.js";
import { readRecords } from "../../simulator/log-file.js";
import { liveTables, readManifest, Tag, writeManifest } from "../../simulator/manifest.js";
import { changeableKeys, changeKey } from "../../simulator/table-key.js";
import { temporaryDirectory } from "../../support/temporary.js";

const [D, A, B] = [hex("default"), hex("a"), hex("b")];
const put = (family: string, ...keys: readonly number[]): string[] => keys.map((key) => `put ${family} ${hex(`k${String(key)}`)} ${hex(`value ${String(key)}`)}`);
const KEPT = "options disable_auto_compactions=true;avoid_flush_during_recovery=true";
/** Tables in which a key and a value can be found and changed. */
const PLAIN = "compression=kNoCompression;block_based_table_factory={format_version=3;checksum=kCRC32c;block_restart_interval=1}";
const UNCHECKED = PLAIN.replace("kCRC32c", "kNoChecksum");

/** A store, and what is done to it; `$STORE.copy` is where a plan may put a copy, which is looked at then. */
interface Case {
  readonly plan: readonly string[];
  readonly harm?: (store: string) => Promise<void>;
  readonly copied?: boolean;
  /** What is warned of; default: nothing. */
  readonly told?: RegExp;
  /** A key that is lost with the crash already, so that the model lacks it. */
  readonly lost?: string;
}

const logsOf = async (store: string): Promise<string[]> => (await readdir(store)).filter((name) => name.endsWith(".log")).sort();
const removeLog = (at: number) => async (store: string): Promise<void> => {
  const log = (await logsOf(store)).at(at);
  if (log !== undefined) await rm(join(store, log));
};
const forgetDiary = async (store: string): Promise<void> => {
  for (const name of await readdir(store)) if (name.startsWith("LOG")) await writeFile(join(store, name), "");
};
const tableOf = async (store: string): Promise<string> => join(store, (await readdir(store)).find((name) => name.endsWith(".sst")) ?? "");

/** Takes the newest log's last record, or makes it longer than the file. */
const harmEnd = (whole: boolean) => async (store: string): Promise<void> => {
  const path = join(store, (await logsOf(store)).at(-1) ?? "");
  const bytes = await readFile(path);
  const ends = readRecords(bytes).map(({ end }) => end);
  const [before = 0, last = 0] = ends.slice(-2);
  if (whole) return truncate(path, before);
  bytes.writeUInt16LE(1000, before + 4);
  bytes.writeUInt8(bytes.readUInt8(last - 1) ^ 1, last - 1);
  return writeFile(path, bytes.subarray(0, last));
};

/** Changes a value, and mends the checksum of its block: what was changed before that was computed. */
const changeValue = (mended: boolean) => async (store: string): Promise<void> => {
  const path = await tableOf(store);
  const table = await readFile(path);
  const at = table.indexOf("value 2");
  table.write("V", at);
  const block = changeableKeys(table)[0]?.block ?? { at: 0, size: 0 };
  if (mended) table.writeUInt32LE(masked(crc32c(table.subarray(block.at, block.at + block.size + 1))), block.at + block.size + 1);
  await writeFile(path, table);
};
const changeKeyInOrder = async (store: string): Promise<void> => {
  const path = await tableOf(store);
  const table = await readFile(path);
  const key = changeableKeys(table).find(({ key: bytes }) => bytes.toString() === "k2");
  if (key !== undefined) changeKey(table, key, Buffer.from("k3"));
  await writeFile(path, table);
};
const loseTable = async (store: string): Promise<void> => {
  const manifest = await readManifest(store);
  const [gone = 0n] = liveTables(manifest);
  await writeManifest(manifest, manifest.edits.map((edit) => edit.filter(({ tag, number }) => tag !== Tag.newFile || number !== gone)));
  await rm(join(store, `${String(gone).padStart(6, "0")}.sst`));
};

/** By the first words of each point, in its order. */
const CASES: readonly (readonly [point: string, cases: readonly Case[]])[] = [
  ["data that RocksDB wrote with its log disabled", [{ plan: ["open", ...put(D, 1), "wal off", ...put(D, 2), "crash"], lost: "k2" }]],
  [
    "the end of the newest log, if it was cut exactly between two records",
    [
      { plan: ["open", ...put(D, 1, 2, 3), "crash"], harm: harmEnd(true) },
      { plan: ["open", ...put(D, 1, 2, 3), "crash"], harm: harmEnd(false), told: /the log \S+ ends with a write that was never completed/ },
    ],
  ],
  ["the newest log of a copy that has never been opened", [{ plan: [`family ${A}`, "open", ...put(A, 1), ...put(D, 2), `flush ${A}`, ...put(A, 3), "checkpoint $STORE.copy", "crash"], harm: removeLog(-1), copied: true, told: /which leave out empty logs/ }]],
  [
    "the oldest log of a session before the last one",
    [{ plan: [KEPT, `family ${A}`, "open", ...put(A, 1), ...put(D, 1), "close", "open", ...put(D, 2), `flush ${D}`, "crash"], harm: async (store) => { await forgetDiary(store); await removeLog(0)(store); } }],
  ],
  [
    "likewise the newest log of a session before the last one",
    [
      {
        plan: [KEPT, `family ${A}`, `family ${B}`, "open", ...put(B, 1), ...put(A, 2), `flush ${A}`, ...put(A, 3), ...put(D, 4), "close", "open", "crash"],
        harm: async (store) => {
          await forgetDiary(store);
          // Those of an earlier opening are removed by RocksDB in the end.
          const [options = ""] = (await readdir(store)).filter((name) => name.startsWith("OPTIONS-")).sort();
          await rm(join(store, options));
          await removeLog(1)(store);
        },
      },
    ],
  ],
  [
    "a log that holds nothing but transactions that are prepared",
    [
      {
        plan: ["options disable_auto_compactions=true;allow_2pc=true", "mode transactions committed", "open", ...put(D, 1), "crash", "open", `begin ${hex("t")}`, `in ${hex("t")} put ${D} ${hex("k2")} ${hex("value 2")}`, `prepare ${hex("t")}`, "crash", "open", ...put(D, 3), "crash"],
        harm: async (store) => {
          await forgetDiary(store);
          await removeLog(1)(store);
        },
      },
    ],
  ],
  [
    "a log from before the newest MANIFEST",
    [{ plan: [`${KEPT};max_manifest_file_size=1`, `family ${A}`, "open", "close", "open", ...put(A, 1), ...put(D, 2), `flush ${D}`, ...put(D, 3), "crash"], harm: async (store) => { await forgetDiary(store); await removeLog(0)(store); } }],
  ],
  [
    "what was changed in memory before RocksDB computed its checksum",
    [
      { plan: [`family ${D} ${PLAIN}`, "open", ...put(D, 1, 2, 4), `flush ${D}`, "close"], harm: changeValue(true) },
      { plan: [`family ${D} ${PLAIN}`, "open", ...put(D, 1, 2, 4), `flush ${D}`, "close"], harm: changeKeyInOrder },
    ],
  ],
  ["a table that is gone from both MANIFEST and the disk", [{ plan: ["open", ...put(D, 1), `flush ${D}`, ...put(D, 2), `flush ${D}`, "close"], harm: loseTable }]],
  ["a changed byte in a family that was written without checksums", [{ plan: [`family ${D} ${UNCHECKED}`, "open", ...put(D, 1, 2, 4), `flush ${D}`, "close"], harm: changeValue(false) }]],
];

test("each point of what nobody can see has stores that show it", async (t) => {
  const page = await readFile("docs/limits.md", "utf8");
  const points = [...(/\*\*What nobody can see:\*\*\n((?: {2}.*\n)+)/.exec(page)?.[1] ?? "").matchAll(/^ {2}- (.*)$/gm)].map(([, text = ""]) => text);
  t.deepEqual(points.map((text) => CASES.find(([point]) => text.startsWith(point))?.[0]), CASES.map(([point]) => point));
});

for (const [point, cases] of CASES) {
  test(`nobody can see ${point}`, async (t) => {
    await using maker = new Maker();
    const directory = await temporaryDirectory(t);
    for (const [number, { plan, harm, copied = false, told, lost }] of cases.entries()) {
      const made = join(directory, String(number));
      const model = await maker.make(made, plan.map((line) => line.replaceAll("$STORE", made)));
      const store = copied ? `${made}.copy` : made;
      await harm?.(store);
      const { exported, warnings } = await exportedOf(store);
      const isMissing = lost === undefined ? differences(model, exported).length > 0 || model.prepared.length > 0 : !(exported.get(D) ?? []).some(([key]) => key.toString() === lost);
      t.true(isMissing, "nothing is missing");
      if (told === undefined) t.deepEqual(warnings, []);
      else t.regex(warnings.join("\n"), told);
    }
  });
}
