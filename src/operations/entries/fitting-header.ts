/**
 * A header that readers take. What it says besides is left out where there is no room for it; a store that no header can describe is refused before
 * anything is written.
 */
import { AGES, COMMON_OPTIONS, OTHER_SETTINGS, TIMES } from "../../engines/header-options.js";
import { KgdumpError } from "../../errors.js";
import { LIMIT_FIELD_NAME, LIMIT_HEADER, LIMIT_KEYSPACES, LIMIT_NAME, LIMIT_OPTIONS, LIMIT_TEXT, MAX_PAYLOAD_LENGTH } from "../../format/constants.js";
import { DEFAULT_LIMITS } from "../../format/limits.js";
import { encodeHeader } from "../../format/payload/header.js";
import type { DumpHeader, HeaderKeyspace } from "../../format/types.js";
import { nameText } from "./keyspaces.js";

/** What readers take of a header. Other figures than the format's are for tests. */
export interface HeaderRoom {
  /** Bytes of its payload. */
  readonly bytes: number;
  readonly keyspaces: number;
  /** Options of all keyspaces and of the source together. */
  readonly options: number;
}

const ROOM: HeaderRoom = { bytes: LIMIT_HEADER, keyspaces: LIMIT_KEYSPACES, options: LIMIT_OPTIONS };
/** Most bytes that are no name, text or option: of the header, of a keyspace, of an option. */
const [REST, KEYSPACE_REST, OPTION_REST] = [1024, 160, 12];
const SHOWN = 64;
const IN_PARTS = "export it in parts: choose keyspaces with --keyspace, or leave some out with --exclude-keyspace";

type Options = ReadonlyMap<string, string> | undefined;

/**
 * Makes a header fit.
 * @returns the header, and what was left out of it, a sentence each
 * @throws {KgdumpError} STORE_UNSUPPORTED when there are too many keyspaces, or their names are too long
 */
export function fitHeader(header: DumpHeader, room: HeaderRoom = ROOM): { header: DumpHeader; warnings: string[] } {
  const { keyspaces } = header;
  if (keyspaces.length > room.keyspaces) throw refused(`the store has ${String(keyspaces.length)} keyspaces, and a dump holds ${String(room.keyspaces)}`, IN_PARTS);
  const long = keyspaces.find(({ name }) => name.length > LIMIT_NAME);
  if (long !== undefined) {
    const text = nameText(long.name.subarray(0, SHOWN));
    throw refused(`the keyspace "${text}…" has a name of ${String(long.name.length)} bytes, and a dump holds names up to ${String(LIMIT_NAME)}`, "leave it out with --exclude-keyspace, or let the program that owns the store give it a shorter name");
  }
  const warnings: string[] = [];
  const sound = (options: Options): Options => soundOptions(options, warnings);
  const { source } = header;
  const fitted = {
    ...header,
    source: { ...source, databaseId: source.databaseId !== null && isText(source.databaseId) ? source.databaseId : null, options: sound(source.options) },
    keyspaces: keyspaces.map((keyspace) => ({ ...keyspace, estimatedEntries: count(keyspace.estimatedEntries), estimatedBytes: count(keyspace.estimatedBytes), sourceOptions: sound(keyspace.sourceOptions) })),
  };
  if (fits(fitted, room)) return { header: fitted, warnings };
  // Those are said once more in one text for all families, and in one for each.
  const shorter = source.options?.has(COMMON_OPTIONS) === true ? withOptions(fitted, (option) => OTHER_SETTINGS.has(option)) : fitted;
  if (fits(shorter, room)) return { header: shorter, warnings };
  const ageless = withOptions(shorter, (option) => option !== AGES);
  if (fits(ageless, room)) return { header: ageless, warnings: [...warnings, "the ages of its tables do not fit into a dump's header and were left out: restored tables count as new, which matters for FIFO families and times to live"] };
  const bare = withOptions(fitted, (option) => option === TIMES);
  if (!fits(bare, room)) throw refused(`the names of its ${String(keyspaces.length)} keyspaces are more than the ${String(room.bytes)} bytes that a dump's header holds`, IN_PARTS);
  warnings.push(`the options of its ${String(keyspaces.length)} keyspaces do not fit into a dump's header and were left out: a restore takes them from the store with --options-from`);
  return { header: bare, warnings };
}

function fits(header: DumpHeader, room: HeaderRoom): boolean {
  const options = [header.source.options, ...header.keyspaces.map(({ sourceOptions }) => sourceOptions)];
  if (options.reduce((sum, one) => sum + (one?.size ?? 0), 0) > room.options) return false;
  const names = [...header.keyspaces, ...(header.base?.keyspaces ?? [])].reduce((sum, { name }) => sum + name.length + KEYSPACE_REST, 0);
  const texts = Buffer.byteLength(`${header.producer}${header.filter ?? ""}${header.source.databaseId ?? ""}${header.source.version}`);
  if (REST + texts + names + options.reduce((sum, one) => sum + bytesOf(one), 0) <= room.bytes) return true;
  return encodeHeader(header, { ...DEFAULT_LIMITS, header: MAX_PAYLOAD_LENGTH, keyspaces: room.keyspaces }).length <= room.bytes;
}

function withOptions(header: DumpHeader, kept: (option: string) => boolean): DumpHeader {
  const keyspaces = header.keyspaces.map((keyspace): HeaderKeyspace => ({ ...keyspace, sourceOptions: new Map([...(keyspace.sourceOptions ?? [])].filter(([option]) => kept(option))) }));
  return { ...header, keyspaces };
}

/** Without what is too long for a header. */
function soundOptions(options: Options, warnings: string[]): Options {
  if (options === undefined) return undefined;
  const taken = [...options].filter(([name, value]) => Buffer.byteLength(name) <= LIMIT_FIELD_NAME && isText(value));
  if (taken.length === options.size) return options;
  const left = [...options.keys()].find((name) => !taken.some(([other]) => other === name)) ?? "";
  const warning = `the option ${left.slice(0, SHOWN)} is too long for a dump's header and was left out`;
  if (!warnings.includes(warning)) warnings.push(warning);
  return new Map(taken);
}

function bytesOf(options: Options): number {
  return [...(options ?? [])].reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value) + OPTION_REST, 0);
}

function isText(text: string): boolean {
  return Buffer.byteLength(text) <= LIMIT_TEXT;
}

/** An estimate as a header has it. */
function count(estimate: number): number {
  return Number.isFinite(estimate) ? Math.min(Math.max(0, Math.trunc(estimate)), Number.MAX_SAFE_INTEGER) : 0;
}

function refused(problem: string, hint: string): KgdumpError {
  return new KgdumpError("STORE_UNSUPPORTED", problem, { hint });
}
