/** The machine-readable description of the format is true: it agrees with the text, the program, the Python reader, and with every vector. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { Unpackr } from "msgpackr";
import * as constants from "#src/format/constants.js";
import { checkPayloadLength, kindName } from "#src/format/frame.js";
import { CODEC_IDS, DEFAULT_LIMITS } from "#src/format/index.js";
import { resolveLimits } from "#src/format/limits.js";
import { splitDump } from "../format/support/dumps.js";
import { invalidVectors, ROOT, validVectors } from "./vector-files.js";

interface Field {
  readonly key: string;
  readonly type: "uint" | "str" | "bin" | "map" | "maps" | "array" | "arrays" | "options";
  /** Whether it may be nil: `full`, exactly in a full dump. */
  readonly nil?: "any" | "full";
  readonly of?: string | readonly Omit<Field, "key">[];
  readonly min?: number;
  readonly max?: number | string;
  readonly values?: readonly string[];
  readonly form?: "uuid";
  /** Minor version since which it is there. */
  readonly since?: number;
  readonly limit?: string;
}

interface Description {
  readonly version: { readonly major: number; readonly minor: number };
  readonly magic: { readonly bytes: number; readonly type: number; readonly text: string };
  readonly frame: { readonly head: number; readonly prelude: number; readonly marker: number };
  readonly tail: { readonly bytes: number; readonly type: number; readonly text: string };
  readonly kinds: readonly { readonly kind: number; readonly name: string; readonly payload: string; readonly limit: string | number | { readonly fixed: number; readonly keys: number } }[];
  readonly unknownKinds: { readonly limit: number };
  readonly raised: { readonly rawBlock: Readonly<Record<string, string>> };
  readonly maps: Readonly<Record<string, readonly Field[]>>;
  readonly arrays: Readonly<Record<string, readonly Field[]>>;
  readonly limits: readonly { readonly name: string; readonly value: number; readonly what: string; readonly option: boolean }[];
  readonly codecs: readonly { readonly id: number; readonly name: string }[];
  readonly codes: readonly string[];
  readonly orderOfChecks: readonly { readonly what: string; readonly codes: readonly string[] }[];
}

const described = JSON.parse(readFileSync(join(ROOT, "format-spec", "format.json"), "utf8")) as Description;
const spec = readFileSync(join(ROOT, "format-spec", "README.md"), "utf8");
/** Cells of a table's rows, from behind a piece of text to the next empty line behind the table. */
const table = (from: string): string[][] => {
  const rows = spec.slice(spec.indexOf(from)).split("\n").slice(1);
  const first = rows.findIndex((line) => line.startsWith("| --- "));
  const end = rows.findIndex((line, place) => place > first && !line.startsWith("|"));
  return rows.slice(first + 1, end).map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim()));
};
const plain = (cell: string | undefined): string => (cell ?? "").replaceAll("`", "");

const TYPES = { uint: "uint", str: "str", bin: "bin", map: "map", maps: "array of maps", arrays: "array of arrays", array: "array [major, minor]", options: "map of str to str" } as const;
const typeText = ({ type, nil }: Field): string => `${TYPES[type]}${nil === undefined ? "" : " or nil"}`;

/** Where the table of a map or an array is in the text. */
const TABLES: Readonly<Record<string, string>> = {
  header: "### Header (H)\n", base: "`base`, what a delta builds on:\n", source: "`source`:\n", keyspace: "Each of `keyspaces`:\n", keyspaceStart: "### Keyspace-start (S)\n",
  gap: "### Gap (G)\n", keyspaceEnd: "### Keyspace-end (E)\n", block: "### Block (B)\n", listed: "An array of three: keyspace",
};

test("its fields are those of the text", (t) => {
  for (const [name, place] of Object.entries(TABLES)) {
    t.is(spec.split(place).length, 2, place);
    const said = table(place).map((cells) => (name === "block" || name === "listed" ? [cells[1], cells[2]] : [cells[0], cells[1]]).map(plain));
    const known = described.maps[name] ?? described.arrays[name] ?? [];
    t.deepEqual(said, known.map((field) => [field.key, typeText(field)]), name);
  }
  const location = /\[(offset, frame length, [^\]]*)\]/.exec(spec)?.[1]?.replace(/ \(.*\)/, "").replace("number of the first block", "first block").replace("number of blocks", "blocks");
  t.deepEqual(location?.split(", "), described.arrays.location?.map(({ key }) => key));
});

test("its kinds, codecs, codes and limits are those of the text and of the program", (t) => {
  t.deepEqual(described.version, { ...constants.FORMAT_VERSION });
  t.deepEqual(described.magic, { bytes: constants.MAGIC_LENGTH, type: constants.MAGIC_TYPE, text: constants.MAGIC_TEXT });
  t.deepEqual(described.frame, { head: constants.FRAME_HEAD_LENGTH, prelude: constants.PRELUDE_LENGTH, marker: constants.MARKER_LENGTH });
  t.deepEqual(described.tail, { bytes: constants.TAIL_LENGTH, type: constants.TAIL_TYPE, text: constants.TAIL_TEXT });
  t.deepEqual(described.kinds.map(({ kind, name }) => [kind, name]), Object.values(constants.Kind).map((kind) => [kind, kindName(kind)]));
  t.deepEqual(Object.fromEntries(described.codecs.map(({ id, name }) => [name, id])), CODEC_IDS);
  t.deepEqual(table("### Error codes\n").map(([code]) => code), [...described.codes]);
  const limits = table("## Limits\n").map(([what, value, option]) => [what, Number(value?.replaceAll(",", "")), (option ?? "").replace(/[ |]/g, "")]);
  t.deepEqual(limits, described.limits.map(({ name, what, value, option }) => [what, value, option ? name : ""]));
  const options = described.limits.filter(({ option }) => option).map(({ name, value }) => [name, value]);
  t.deepEqual(Object.fromEntries(options), { ...DEFAULT_LIMITS });
  const codes = new Set(described.orderOfChecks.flatMap((step) => step.codes));
  t.deepEqual(described.codes.filter((code) => !codes.has(code)), ["DUMP_ABORTED", "DUMP_CODEC_UNKNOWN"]);
});

test("the limits of payloads, and what raises others, are those of the program", (t) => {
  const limits = resolveLimits();
  const most = (limit: Description["kinds"][number]["limit"]): number =>
    typeof limit === "number" ? limit : typeof limit === "string" ? (described.limits.find(({ name }) => name === limit)?.value ?? -1) : limit.fixed + limit.keys * limits.key;
  for (const { kind, limit } of [...described.kinds, { kind: 0x78, limit: described.unknownKinds.limit }]) {
    t.notThrows(() => { checkPayloadLength({ kind, payloadLength: most(limit) }, limits, 0); });
    t.throws(() => { checkPayloadLength({ kind, payloadLength: most(limit) + 1 }, limits, 0); }, { code: "DUMP_LIMIT_EXCEEDED" });
  }
  t.deepEqual(described.raised, { rawBlock: { key: "rawBlock", value: "rawBlock", payload: "min(rawBlock + 2 * key + 64, 4294967295)" } });
  for (const rawBlock of [1_200_000_000, 4_000_000_000]) {
    const { key, value, payload } = resolveLimits({ rawBlock });
    t.deepEqual([key, value, payload], [rawBlock, rawBlock, Math.min(rawBlock + 2 * rawBlock + 64, 4_294_967_295)]);
  }
});

/** What is wrong with a decoded payload, by the description alone. */
function wrong(value: unknown, field: Omit<Field, "key">, minor: number, isFull: boolean): string | null {
  if (field.nil !== undefined && value === null) return field.nil === "full" && !isFull ? "nil in a delta" : null;
  if (field.nil === "full" && isFull) return "not nil in a full dump";
  const { type, of } = field;
  const [map, parts] = typeof of === "string" ? [described.maps[of] ?? [], described.arrays[of] ?? []] : [[], of ?? []];
  switch (type) {
    case "uint": {
      const isNumber = typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value) && value >= 0);
      return isNumber && BigInt(value) >= BigInt(field.min ?? 0) && BigInt(value) <= BigInt(field.max ?? 0) ? null : "no such number";
    }
    case "str":
      if (typeof value !== "string") return "no text";
      if (field.form === "uuid" && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)) return "no UUID";
      return field.values === undefined || field.values.includes(value) ? null : "no such word";
    case "bin": {
      if (!(value instanceof Uint8Array)) return "no bytes";
      const most = field.max ?? described.limits.find(({ name }) => name === field.limit)?.value ?? -1;
      return value.length >= (field.min ?? 0) && value.length <= Number(most) ? null : "so many bytes may not be";
    }
    case "options":
      return value instanceof Map && [...value].every((pair) => pair.every((part) => typeof part === "string")) ? null : "no options";
    case "map":
      return fieldsWrong(value, map, minor, isFull);
    case "maps":
    case "arrays":
      if (!Array.isArray(value)) return "no array";
      return value.map((each) => (type === "maps" ? fieldsWrong(each, map, minor, isFull) : itemsWrong(each, parts, minor, isFull))).find((problem) => problem !== null) ?? null;
    case "array":
      return itemsWrong(value, parts, minor, isFull);
  }
}

function fieldsWrong(value: unknown, fields: readonly Field[], minor: number, isFull: boolean): string | null {
  if (!(value instanceof Map)) return "no map";
  const due = fields.filter(({ since = 0 }) => since <= minor);
  if (value.size !== due.length) return `fields: ${[...value.keys()].join()}`;
  return due.map((field) => (value.has(field.key) ? wrong(value.get(field.key), field, minor, isFull) : "is missing") ?? "").map((problem, place) => problem && `${due[place]?.key ?? ""}: ${problem}`).find(Boolean) ?? null;
}

function itemsWrong(value: unknown, fields: readonly Omit<Field, "key">[], minor: number, isFull: boolean): string | null {
  if (!Array.isArray(value) || value.length !== fields.length) return "not so many parts";
  return fields.map((field, place) => wrong(value[place], field, minor, isFull)).find((problem) => problem !== null) ?? null;
}

const unpackr = new Unpackr({ mapsAsObjects: false, int64AsType: "bigint", useRecords: false });

/** The first payload of a dump that is not as described. */
function problemOf(dump: Buffer): string | null {
  const minor = dump.readUInt16BE(15);
  let isFull = true;
  for (const { kind, payload } of splitDump(dump).frames) {
    const name = described.kinds.find((each) => each.kind === kind)?.payload ?? "";
    let value: unknown;
    try {
      value = unpackr.unpack(payload);
    } catch {
      return `${name}: no MessagePack`;
    }
    if (name === "header" && value instanceof Map) isFull = value.get("kind") === "full";
    const problem = name in described.maps ? fieldsWrong(value, described.maps[name] ?? [], minor, isFull) : itemsWrong(value, described.arrays[name] ?? [], minor, isFull);
    if (problem !== null) return `${name}: ${problem}`;
  }
  return null;
}

test("payloads of all valid vectors are as described", (t) => {
  const known = validVectors().filter(({ bytes }) => bytes.readUInt16BE(15) <= described.version.minor);
  t.true(known.length > 60);
  for (const { name, bytes } of known) t.is(problemOf(bytes), null, name);
});

test("each field has vectors in which it is missing and of another type, and the description tells so", (t) => {
  const invalid = new Map(invalidVectors().map((vector) => [vector.name, vector]));
  const PREFIXES: Readonly<Record<string, string>> = { header: "header", base: "base", baseKeyspace: "base-keyspace", salvaged: "salvaged", source: "source", keyspace: "keyspace", keyspaceStart: "start", gap: "gap", keyspaceEnd: "end", result: "result", footer: "footer", footerKeyspace: "footer-keyspace", abort: "abort" };
  t.deepEqual(Object.keys(PREFIXES), Object.keys(described.maps));
  for (const [map, fields] of Object.entries(described.maps)) {
    for (const { key } of fields) {
      for (const what of ["missing", "type"]) {
        const name = `${PREFIXES[map] ?? ""}-${key}-${what}`;
        const instead = map === "source" && key === "options" && what === "type" ? "source-option-number" : name;
        const vector = invalid.get(instead);
        t.not(vector, undefined, instead);
        if (vector !== undefined) t.not(problemOf(vector.bytes), null, instead);
      }
    }
  }
});

test("the Python reader has the same limits", async (t) => {
  const python = await promisify(execFile)(process.execPath, [join(ROOT, "scripts", "setup", "python.mjs")]).catch(() => undefined);
  if (python === undefined) {
    t.log("SKIPPED: there is no Python");
    t.pass();
    return;
  }
  const script = "import json, kgdump_reader as r, strict_msgpack as s; print(json.dumps(dict(key=r.KEY, value=r.VALUE, rawBlock=r.RAW_BLOCK, payload=r.PAYLOAD, keyspaces=r.KEYSPACES, header=r.PAYLOADS['H'], footer=r.PAYLOADS['F'], expansion=r.EXPANSION, freeExpansion=r.FREE_EXPANSION, name=r.NAME, text=s.TEXT, options=s.OPTIONS, smallPayload=r.PAYLOADS['S'], gap=r.PAYLOADS['G'] - 2 * r.KEY, unknownPayload=16 * r.MIB, footerKey=r.FOOTER_KEY, indexBlocks=r.INDEX_BLOCKS, indexFrames=r.INDEX_FRAMES, nesting=s.NESTING, fields=s.FIELDS, fieldName=s.FIELD_NAME)))";
  const { stdout } = await promisify(execFile)(python.stdout.trim(), ["-c", script], { cwd: join(ROOT, "format-spec", "reader") });
  t.deepEqual(JSON.parse(stdout), Object.fromEntries(described.limits.map(({ name, value }) => [name, value])));
});
