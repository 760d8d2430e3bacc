/**
 * The service's settings file, `storage.toml`, as far as it is about the store: `[storage]` and `[storage.sled]`.
 *
 * Everything that is wrong in it is told at once, each with line and column. Settings of RocksDB that are left over are
 * no error, and neither is a section that is not about storage; both are told in notes.
 */
import { TomlError, parse } from "smol-toml";
import * as v from "valibot";
import { type ConfigProblem, KgdumpError } from "../errors.js";
import { chooseCompression } from "./compression.js";
import { isRocksdbSetting, WITHOUT_EFFECT } from "./other-settings.js";
import { adviceOn, type SledSettings } from "./sled-settings.js";
import { FILE_SCHEMA, isTable, SLED_ENTRIES, STORAGE_ENTRIES } from "./storage-schema.js";
import { closest } from "./suggest.js";
import { placeOf, type TomlPath, TomlPlaces } from "./toml-places.js";

/** Something about a file that is no error: what was left out and why. */
export interface StorageNote extends ConfigProblem {
  /** The setting that it is about: of no interest when something else decides on that. */
  readonly setting: keyof SledSettings | null;
}

/** What a storage.toml says. */
export interface StorageFile {
  /** The store's directory as the file names it: a relative one starts at the working directory, as it does for the service. */
  readonly path: string | undefined;
  readonly settings: SledSettings;
  /** What the user should know, in the file's order. */
  readonly notes: readonly StorageNote[];
}

/**
 * Reads the text of a storage.toml.
 * @param text the whole file; a byte order mark is ignored
 * @param file its name, for problems and notes
 * @throws {KgdumpError} CONFIG_INVALID with all `problems`
 */
export function parseStorageFile(text: string, file: string): StorageFile {
  const plain = text.startsWith("\ufeff") ? text.slice(1) : text;
  return new Reader(plain, file, parseToml(plain, file)).read();
}

/**
 * Parses TOML.
 * @throws {KgdumpError} CONFIG_INVALID with the place
 */
export function parseToml(text: string, file: string): Record<string, unknown> {
  try {
    return parse(text, { integersAsBigInt: true, maxDepth: 100 });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = /^(?:Invalid TOML document: )?(.*)$/m.exec(error.message)?.[1] ?? error.message;
    const lineStart = text.split("\n").slice(0, error.line - 1).join("\n").length + (error.line > 1 ? 1 : 0);
    throw invalid(file, [{ ...placeOf(text, lineStart + error.column - 1), message: `this is not TOML: ${reason}` }], 1, error);
  }
}

/**
 * The error for a file's problems: one is told as it is, several in lines of their own.
 * @param problems in the file's order
 * @param all how many there are, if only the first are given
 */
export function invalid(file: string, problems: readonly ConfigProblem[], all = problems.length, cause?: unknown): KgdumpError {
  const [first] = problems;
  const some = all > problems.length ? `; here are the first ${problems.length.toString()}` : "";
  const message =
    problems.length === 1 && first !== undefined
      ? `${file}:${first.line.toString()}:${first.column.toString()}: ${first.message}`
      : `${file} has ${all.toString()} problems${some}`;
  return new KgdumpError("CONFIG_INVALID", message, { path: file, problems, hint: `correct ${file}, then run it again`, cause });
}

/** So many problems and so many notes are told. */
const MOST_TOLD = 100;

interface Remark {
  readonly offset: number;
  readonly message: string;
  readonly setting: keyof SledSettings | null;
}

class Reader {
  readonly #file: string;
  readonly #document: Record<string, unknown>;
  readonly #places: TomlPlaces;
  readonly #problems: Remark[] = [];
  readonly #notes: Remark[] = [];

  constructor(text: string, file: string, document: Record<string, unknown>) {
    this.#file = file;
    this.#document = document;
    this.#places = new TomlPlaces(text);
  }

  read(): StorageFile {
    this.#lookAtRoot();
    for (const issue of v.safeParse(FILE_SCHEMA, this.#document).issues ?? []) {
      const path = (issue.path ?? []).map((item) => item.key as string | number);
      const name = path.findLast((key) => typeof key === "string") ?? "it";
      this.#problem(path, typeof path.at(-1) === "number" ? issue.message : `${name} ${issue.message}`, "value");
    }
    const { storage } = this.#document;
    const { sled, ...own } = isTable(storage) ? storage : {};
    const settings = this.#settings(isTable(sled) ? sled : {});
    if (valueOf(STORAGE_ENTRIES.engine, own.engine) === "rocksdb") {
      this.#note(
        ["storage", "engine"],
        'engine is "rocksdb"; kgdump imports into a sled store. Before the service opens that, its file must say engine = "sled"',
      );
    }
    if (this.#problems.length > 0) {
      const told = this.#placed(this.#problems).map(({ line, column, message }) => ({ line, column, message }));
      throw invalid(this.#file, told, this.#problems.length);
    }
    return { path: valueOf(STORAGE_ENTRIES.path, own.path), settings, notes: this.#placed(this.#notes) };
  }

  #lookAtRoot(): void {
    for (const [name, value] of Object.entries(this.#document)) {
      if (name === "storage") {
        if (isTable(value)) this.#lookAtStorage(value);
      } else if (isRocksdbSetting(name)) {
        this.#leftover([name], isTable(value));
      } else if (name === "sled") {
        this.#problem([name], 'unknown section "sled"; did you mean [storage.sled]?');
      } else if (Object.hasOwn(STORAGE_ENTRIES, name) || Object.hasOwn(SLED_ENTRIES, name)) {
        this.#problem([name], `"${name}" belongs in [${homeOf(name)}]`);
      } else if (closest(name, ["storage"]) !== undefined) {
        this.#problem([name], `unknown section "${name}"; did you mean "storage"?`);
      } else if (isTable(value) || (Array.isArray(value) && value.every(isTable))) {
        this.#note([name], `[${name}] is not about the store, and was ignored`);
      } else {
        const guess = closest(name, [...Object.keys(STORAGE_ENTRIES), ...Object.keys(SLED_ENTRIES)]);
        const advice = guess === undefined ? "settings are in [storage] and [storage.sled]" : `did you mean "${guess}" in [${homeOf(guess)}]?`;
        this.#problem([name], `unknown setting "${name}" outside of any section; ${advice}`);
      }
    }
  }

  #lookAtStorage(storage: Record<string, unknown>): void {
    for (const [name, value] of Object.entries(storage)) {
      const path = ["storage", name];
      if (name === "sled") {
        if (isTable(value)) this.#lookAtSled(value);
      } else if (isRocksdbSetting(name)) {
        this.#leftover(path, isTable(value));
      } else if (Object.hasOwn(SLED_ENTRIES, name)) {
        this.#problem(path, `"${name}" belongs in [storage.sled]`);
      } else if (!Object.hasOwn(STORAGE_ENTRIES, name)) {
        this.#unknown(path, "[storage]", Object.keys(STORAGE_ENTRIES), Object.keys(SLED_ENTRIES));
      }
    }
  }

  #lookAtSled(sled: Record<string, unknown>): void {
    for (const name of Object.keys(sled)) {
      const path = ["storage", "sled", name];
      const why = WITHOUT_EFFECT.get(name);
      if (why !== undefined) {
        this.#note(path, `${name} ${why}: it changes nothing here`);
      } else if (Object.hasOwn(STORAGE_ENTRIES, name)) {
        this.#problem(path, `"${name}" belongs in [storage]`);
      } else if (isRocksdbSetting(name)) {
        this.#leftover(path, false);
      } else if (!Object.hasOwn(SLED_ENTRIES, name)) {
        this.#unknown(path, "[storage.sled]", Object.keys(SLED_ENTRIES), Object.keys(STORAGE_ENTRIES));
      }
    }
  }

  /** What `[storage.sled]` comes to. Settings that are wrong alone, which was told, count as left out. */
  #settings(sled: Record<string, unknown>): SledSettings {
    const compression = valueOf(SLED_ENTRIES.compression, sled.compression);
    const useCompression = valueOf(SLED_ENTRIES.use_compression, sled.use_compression);
    const factor = valueOf(SLED_ENTRIES.compression_factor, sled.compression_factor);
    const level = valueOf(SLED_ENTRIES.compression_level, sled.compression_level);
    const flushEveryMs = valueOf(SLED_ENTRIES.flush_every_ms, sled.flush_every_ms);
    const choice = chooseCompression(compression, useCompression);
    const named = useCompression === undefined ? "compression" : "use_compression";
    if (choice.contradiction === true) {
      const { line } = this.#places.at(this.#places.key(["storage", "sled", "compression"]));
      const against = `use_compression contradicts compression in line ${line.toString()}; keep one of them`;
      this.#problem(["storage", "sled", "use_compression"], against, "value");
    }
    if (choice.note !== null) this.#note(["storage", "sled", named], choice.note, "compression");
    if (factor !== undefined && level !== undefined && factor !== level) {
      this.#problem(["storage", "sled", "compression_level"], "compression_level and compression_factor are the same setting; keep one of them");
    }
    const settings = {
      cacheCapacity: valueOf(SLED_ENTRIES.cache_capacity, sled.cache_capacity),
      compression: choice.compression,
      compressionLevel: factor ?? level,
      flushEveryMs: flushEveryMs === false ? undefined : flushEveryMs,
      segmentSize: valueOf(SLED_ENTRIES.segment_size, sled.segment_size),
    };
    for (const advice of adviceOn(settings)) this.#note(["storage", "sled", "segment_size"], advice, "segmentSize");
    return settings;
  }

  #leftover(path: TomlPath, table: boolean): void {
    const name = String(path.at(-1));
    const message = table
      ? `[${path.join(".")}] holds settings of RocksDB, which mean nothing to sled and were left out; remove them`
      : `${name} is a setting of RocksDB, which means nothing to sled and was left out; remove it`;
    this.#note(path, message);
  }

  #unknown(path: TomlPath, where: string, known: readonly string[], elsewhere: readonly string[]): void {
    const name = String(path.at(-1));
    const guess = closest(name, known) ?? closest(name, elsewhere);
    const advice =
      guess === undefined
        ? `known are ${known.filter((key) => !WITHOUT_EFFECT.has(key)).join(", ")}`
        : `did you mean "${guess}"${known.includes(guess) ? "" : ` in [${homeOf(guess)}]`}?`;
    this.#problem(path, `unknown setting "${name}" in ${where}; ${advice}`);
  }

  #problem(path: TomlPath, message: string, at: "key" | "value" = "key"): void {
    this.#problems.push({ offset: this.#places[at](path), message, setting: null });
  }

  #note(path: TomlPath, message: string, about: keyof SledSettings | null = null): void {
    this.#notes.push({ offset: this.#places.key(path), message, setting: about });
  }

  /** The first remarks of the file, with their places. */
  #placed(remarks: readonly Remark[]): StorageNote[] {
    const first = remarks.toSorted((a, b) => a.offset - b.offset).slice(0, MOST_TOLD);
    return first.map(({ offset, message, setting }) => ({ ...this.#places.at(offset), message, setting }));
  }
}

/** What a setting's value is read as; undefined when it is not there, or wrong. */
function valueOf<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> | undefined {
  const parsed = v.safeParse(schema, value);
  return parsed.success ? parsed.output : undefined;
}

function homeOf(name: string): string {
  return Object.hasOwn(STORAGE_ENTRIES, name) ? "storage" : "storage.sled";
}
