/** The header's payload: a map that says all that is known before the first entry. */

import { KgdumpError } from "../../errors.js";
import { CODEC_IDS, CODEC_NAMES } from "../codec.js";
import {
  FORMAT_MAJOR,
  FORMAT_MINOR,
  FORMAT_VERSION,
  LIMIT_FIELD_NAME,
  LIMIT_NAME,
  LIMIT_OPTIONS,
  LIMIT_TEXT,
  MAX_PAYLOAD_LENGTH,
} from "../constants.js";
import { KEY_ORDERS, type KeyOrder } from "../key-order.js";
import type { Limits } from "../limits.js";
import { digest, MsgpackReader } from "../msgpack/reader.js";
import { MsgpackWriter } from "../msgpack/writer.js";
import type { BaseKeyspace, CodecName, DumpBase, DumpHeader, DumpKind, DumpSource, FormatVersion, HeaderKeyspace } from "../types.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const KINDS: readonly DumpKind[] = ["full", "delta"];
const MAX_TIME = 8_640_000_000_000_000;

/**
 * Encodes a header, always with this program's format version.
 * @throws {KgdumpError} DUMP_MALFORMED, DUMP_LIMIT_EXCEEDED when a reader would refuse it
 */
export function encodeHeader(header: DumpHeader, limits: Limits): Uint8Array {
  const writer = new MsgpackWriter().map(12);
  writer.str("format").array(2).uint(FORMAT_MAJOR).uint(FORMAT_MINOR);
  writer.str("id").str(header.dumpId);
  writer.str("time").uint(header.createdAt.getTime());
  writer.str("producer").str(header.producer);
  writer.str("kind").str(header.kind);
  encodeBase(writer.str("base"), header.base);
  if (header.salvaged === null) writer.str("salvaged").nil();
  else nullable(writer.str("salvaged").map(1).str("id"), header.salvaged.dumpId);
  writer.str("source").map(5);
  writer.str("engine").str(header.source.engine);
  writer.str("version").str(header.source.version);
  nullable(writer.str("database"), header.source.databaseId);
  writer.str("sequence");
  if (header.source.sequenceNumber === null) writer.nil();
  else writer.uint(header.source.sequenceNumber);
  encodeOptions(writer, header.source.options);
  writer.str("codec").uint(CODEC_IDS[header.codec]);
  writer.str("blockSize").uint(header.blockSize);
  nullable(writer.str("filter"), header.filter);
  writer.str("keyspaces").array(header.keyspaces.length);
  for (const keyspace of header.keyspaces) encodeKeyspace(writer, keyspace);
  const payload = writer.bytes();
  if (payload.length > limits.header) {
    throw new KgdumpError("DUMP_LIMIT_EXCEEDED", `the header would take ${String(payload.length)} bytes, more than the limit of ${String(limits.header)}`);
  }
  decodeHeader(payload, FORMAT_VERSION, limits);
  return payload;
}

/**
 * Decodes and checks a header.
 * @param payload of the header frame
 * @param version from the magic; the header repeats it
 * @throws {KgdumpError} DUMP_MALFORMED, DUMP_LIMIT_EXCEEDED, DUMP_CODEC_UNKNOWN
 */
export function decodeHeader(payload: Uint8Array, version: FormatVersion, limits: Limits): DumpHeader {
  const lenient = version.minor > FORMAT_MINOR;
  const reader = new MsgpackReader(payload, "header");
  const options = { left: LIMIT_OPTIONS };
  const found = reader.fields(
    "",
    {
      format: (r, field) => {
        r.tuple(field, 2);
        const [major, minor] = [r.uint(field), r.uint(field)];
        if (major !== version.major || minor !== version.minor) {
          throw r.malformed(field, `is ${String(major)}.${String(minor)}, but the dump's first bytes say ${String(version.major)}.${String(version.minor)}`);
        }
        return { major, minor };
      },
      id: uuid,
      time: (r, field) => new Date(r.uint(field, MAX_TIME)),
      producer: text,
      kind: (r, field) => oneOf(r, field, KINDS),
      base: (r, field) => r.nullable(() => decodeBase(r, field, lenient, limits)),
      salvaged: (r, field) => r.nullable(() => ({ dumpId: r.fields(field, { id: (s, at) => s.nullable(() => uuid(s, at)) }, lenient).id })),
      source: (r, field) => decodeSource(r, field, version, options),
      codec: (r, field) => codecName(r.uint(field)),
      blockSize: (r, field) => {
        const size = r.uint(field, MAX_PAYLOAD_LENGTH);
        if (size === 0) throw r.malformed(field, "is 0");
        return size;
      },
      filter: (r, field) => r.nullable(() => text(r, field)),
      keyspaces: (r, field) => named(r, field, limits, (place) => decodeKeyspace(r, place, lenient, options)),
    },
    lenient,
  );
  reader.end();
  if ((found.kind === "delta") !== (found.base !== null)) throw reader.malformed("base", `does not fit a ${found.kind} dump`);
  const { format, id, time, ...rest } = found;
  return { formatVersion: format, dumpId: id, createdAt: time, ...rest };
}

/**
 * Name of the codec with an id.
 * @throws {KgdumpError} DUMP_CODEC_UNKNOWN
 */
export function codecName(id: number): CodecName {
  const name = CODEC_NAMES[id];
  if (name !== undefined) return name;
  throw new KgdumpError("DUMP_CODEC_UNKNOWN", `the dump uses codec ${String(id)}, which this program does not know`, { hint: "read it with a newer kgdump" });
}

function encodeKeyspace(writer: MsgpackWriter, keyspace: HeaderKeyspace): void {
  writer.map(5);
  writer.str("name").bin(keyspace.name);
  writer.str("order").str(keyspace.comparator);
  writer.str("entries").uint(keyspace.estimatedEntries);
  writer.str("bytes").uint(keyspace.estimatedBytes);
  encodeOptions(writer, keyspace.sourceOptions);
}

function encodeOptions(writer: MsgpackWriter, options: ReadonlyMap<string, string> = new Map()): void {
  writer.str("options").map(options.size);
  for (const [name, value] of options) writer.str(name).str(value);
}

function encodeBase(writer: MsgpackWriter, base: DumpBase | null): void {
  if (base === null) {
    writer.nil();
    return;
  }
  writer.map(2).str("id").str(base.dumpId).str("keyspaces").array(base.keyspaces.length);
  for (const { name, entries, digest } of base.keyspaces) writer.map(3).str("name").bin(name).str("entries").uint(entries).str("digest").bin(digest);
}

function decodeBase(reader: MsgpackReader, field: string, lenient: boolean, limits: Limits): DumpBase {
  const { id, keyspaces } = reader.fields(
    field,
    {
      id: uuid,
      keyspaces: (r, name) => {
        const shape = { name: keyspaceName, entries: (s: MsgpackReader, at: string) => s.uint(at), digest };
        return named(r, name, limits, (place) => r.fields<BaseKeyspace>(place, shape, lenient));
      },
    },
    lenient,
  );
  return { dumpId: id, keyspaces };
}

function decodeSource(reader: MsgpackReader, field: string, version: FormatVersion, left: { left: number }): DumpSource {
  const shape = {
    engine: text,
    version: text,
    database: (r: MsgpackReader, name: string) => r.nullable(() => text(r, name)),
    sequence: (r: MsgpackReader, name: string) => r.nullable(() => r.biguint(name)),
  };
  const since11 = { ...shape, options: (r: MsgpackReader, name: string) => decodeOptions(r, name, left) };
  const { database, sequence, options, ...rest } = reader.fields<{
    engine: string;
    version: string;
    database: string | null;
    sequence: bigint | null;
    options?: Map<string, string>;
  }>(field, version.minor === 0 ? shape : since11, version.minor > FORMAT_MINOR);
  const source = { ...rest, databaseId: database, sequenceNumber: sequence };
  return options === undefined || options.size === 0 ? source : { ...source, options };
}

/** An array of maps with names, none of which is there twice. */
function named<T extends { readonly name: Uint8Array }>(reader: MsgpackReader, field: string, limits: Limits, read: (place: string) => T): T[] {
  const count = reader.array(field, 1, limits.keyspaces);
  const found: T[] = [];
  for (let index = 0; index < count; index += 1) found.push(read(`${field}[${String(index)}]`));
  // Sorted, and not in a set of strings: the hash of a long one is its length, so that many of one length take long.
  const sorted = [...found.entries()].sort(([, a], [, b]) => Buffer.compare(a.name, b.name));
  for (const [place, [index, { name }]] of sorted.entries()) {
    const next = sorted[place + 1]?.[1].name;
    if (next !== undefined && Buffer.compare(name, next) === 0) throw reader.malformed(`${field}[${String(index)}].name`, "is the name of two keyspaces");
  }
  return found;
}

function decodeKeyspace(reader: MsgpackReader, field: string, lenient: boolean, options: { left: number }): HeaderKeyspace {
  const { name, order, entries, bytes, options: sourceOptions } = reader.fields(
    field,
    {
      name: keyspaceName,
      order: (r, at) => oneOf<KeyOrder>(r, at, KEY_ORDERS),
      entries: (r, at) => r.uint(at),
      bytes: (r, at) => r.uint(at),
      options: (r, at) => decodeOptions(r, at, options),
    },
    lenient,
  );
  const keyspace = { name, comparator: order, estimatedEntries: entries, estimatedBytes: bytes };
  return sourceOptions.size === 0 ? keyspace : { ...keyspace, sourceOptions };
}

function decodeOptions(reader: MsgpackReader, field: string, options: { left: number }): Map<string, string> {
  const count = reader.mapHead(field, options.left);
  options.left -= count;
  const found = new Map<string, string>();
  for (let left = count; left > 0; left -= 1) {
    const name = reader.str(field, LIMIT_FIELD_NAME);
    if (found.has(name)) throw reader.malformed(field, `has the option ${JSON.stringify(name)} twice`);
    found.set(name, text(reader, field));
  }
  return found;
}

function keyspaceName(reader: MsgpackReader, field: string): Uint8Array {
  return new Uint8Array(reader.bin(field, LIMIT_NAME));
}

function uuid(reader: MsgpackReader, field: string): string {
  const id = text(reader, field);
  if (!UUID.test(id)) throw reader.malformed(field, "is not a UUID in lower case");
  return id;
}

function oneOf<T extends string>(reader: MsgpackReader, field: string, choices: readonly T[]): T {
  const found = text(reader, field);
  const choice = choices.find((candidate) => candidate === found);
  if (choice === undefined) throw reader.malformed(field, `is ${JSON.stringify(found.slice(0, 40))}, none of ${choices.join(", ")}`);
  return choice;
}

function text(reader: MsgpackReader, field: string): string {
  return reader.str(field, LIMIT_TEXT);
}

function nullable(writer: MsgpackWriter, value: string | null): void {
  if (value === null) writer.nil();
  else writer.str(value);
}
