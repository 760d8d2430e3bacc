/**
 * The OPTIONS file of a store that was loaded: it says what the source's OPTIONS said, in the words of the source's version, so that the
 * service opens the store as it opened the original. While a store is loaded its options are others: nothing may be compacted away then.
 */
import { open, readdir, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { systemError } from "../../errors.js";
import { TABLE_PREFIX } from "./option-lines.js";

/** What OPTIONS is to say of a family. */
export interface FinalFamily {
  readonly name: Uint8Array;
  /** Values by name, those of tables with `table.` before them; they take the place of what stands there. */
  readonly values: ReadonlyMap<string, string>;
  /** Whether these are all: other options are left out, as the source's version may not know them. */
  readonly complete: boolean;
}

/** What OPTIONS is to say. */
export interface FinalOptions {
  /** Version of the RocksDB whose words these are; null for the one that wrote the store. */
  readonly version: string | null;
  /** Of the database; they take the place of what stands there. */
  readonly database: { readonly values: ReadonlyMap<string, string>; readonly complete: boolean };
  readonly families: readonly FinalFamily[];
}

interface Section {
  readonly head: string;
  readonly title: string;
  /** Bytes as Latin-1. */
  readonly argument: string;
  /** Its lines. */
  body: string;
}

/**
 * Writes the store's OPTIONS anew. The store must be closed.
 * @throws {KgdumpError} NO_SPACE, IO_FAILED, PERMISSION_DENIED
 */
export async function finishOptions(store: string, options: FinalOptions): Promise<void> {
  try {
    const files = (await readdir(store)).filter((name) => /^OPTIONS-\d+$/.test(name)).sort((a, b) => Number(b.slice(8)) - Number(a.slice(8)));
    const [newest] = files;
    if (newest === undefined) return;
    // Names of families are any bytes.
    const sections = parse(await readFile(join(store, newest), "latin1"));
    const text = render(sections, options);
    const staged = join(store, `${newest}.dbtmp`);
    const file = await open(staged, "w", 0o644);
    try {
      await file.writeFile(text, "latin1");
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(staged, join(store, newest));
    for (const old of files.slice(1)) await unlink(join(store, old));
    const directory = await open(store, "r");
    await directory.sync().finally(() => directory.close());
  } catch (error) {
    throw systemError(error, `writing the options of ${store}`, { path: store });
  }
}

function parse(text: string): Section[] {
  const sections: Section[] = [];
  // Each section begins with its head, at the beginning of a line.
  for (const part of text.split(/^(?=[ \t]*\[)/m)) {
    const end = part.indexOf("\n");
    const line = (end < 0 ? part : part.slice(0, end)).trim();
    const head = /^\[([^"]*?)(?:"(.*)")?\]$/.exec(line);
    if (head !== null) sections.push({ head: line, title: (head[1] ?? "").trim(), argument: unescape(head[2] ?? ""), body: end < 0 ? "" : part.slice(end + 1) });
  }
  return sections;
}

function valuesOf(body: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const raw of body.split("\n")) {
    const line = raw.trim();
    const equals = line.indexOf("=");
    if (!line.startsWith("#") && equals > 0) values.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
  }
  return values;
}

function unescape(text: string): string {
  return text.replaceAll(/\\([^])/g, (_, character: string) => (character === "n" ? "\n" : character === "r" ? "\r" : character));
}

function render(sections: readonly Section[], { version, database, families }: FinalOptions): string {
  const complete = families.find((family) => family.complete);
  const byName = new Map(families.map((family) => [Buffer.from(family.name).toString("latin1"), family]));
  // Most families have the same options: what is equal is put together once.
  const done = new Map<FinalFamily["values"] | undefined, Map<string, string>>();
  const ofFamily = (family: FinalFamily | undefined, inTable: boolean, body: string): string => {
    const known = done.get(family?.values) ?? new Map<string, string>();
    done.set(family?.values, known);
    const key = `${String(inTable)} ${String(family?.complete)} ${body}`;
    const text = known.get(key) ?? textOf(familySection(family, inTable, valuesOf(body), complete));
    known.set(key, text);
    return text;
  };
  const texts = sections.map(({ head, title, argument, body }) => {
    const inTable = title.startsWith("TableOptions/");
    if (title === "CFOptions" || inTable) return `\n${head}\n${ofFamily(byName.get(argument), inTable, body)}`;
    const values = valuesOf(body);
    if (title === "Version" && version !== null) values.set("rocksdb_version", version);
    const ofDatabase = title === "DBOptions" ? replaced(values, database.values, (name) => !database.complete || database.values.has(name)) : values;
    return `\n${head}\n${textOf(ofDatabase)}`;
  });
  return `# This is a RocksDB option file.\n${texts.join("")}`;
}

const textOf = (values: ReadonlyMap<string, string>): string => [...values].map(([name, value]) => `  ${name}=${value}\n`).join("");

/** @param complete a family whose options are all known, if there is one */
function familySection(family: FinalFamily | undefined, inTable: boolean, written: ReadonlyMap<string, string>, complete: FinalFamily | undefined): Map<string, string> {
  const own = new Map([...(family?.values ?? [])].filter(([name]) => name.startsWith(TABLE_PREFIX) === inTable).map(([name, value]) => [inTable ? name.slice(TABLE_PREFIX.length) : name, value]));
  // A family that the source does not tell of has the words that the source's version knows from another one.
  const known = (name: string): boolean => (family?.complete === true ? own.has(name) : complete === undefined || complete.values.has((inTable ? TABLE_PREFIX : "") + name));
  return replaced(written, own, known);
}

function replaced(written: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>, known: (name: string) => boolean): Map<string, string> {
  return new Map([...[...written].filter(([name]) => known(name)), ...wanted]);
}
