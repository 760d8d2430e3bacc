/** MANIFEST: edits of what a store consists of, taken apart into their fields and put together again. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fields, varint } from "./bytes.js";
import { readRecords, writeRecords } from "./log-file.js";

/** Tags of the fields that are told apart here. */
export const Tag = {
  comparator: 1,
  logNumber: 2,
  nextFile: 3,
  lastSequence: 4,
  deletedFile: 6,
  minimalLog: 10,
  newFile: 103,
  family: 200,
  familyAdded: 201,
  familyDropped: 202,
  maxFamily: 203,
  inAtomicGroup: 300,
  blobAdded: 400,
  blobGarbage: 401,
} as const;

/** One field of an edit. */
export interface Field {
  readonly tag: number;
  /** The whole field, its tag too. */
  readonly bytes: Buffer;
  /** The number it holds, or that of the file that it names. */
  readonly number: bigint;
}

/** A field that holds a number. */
export function numberField(tag: number, number: bigint): Field {
  return { tag, number, bytes: Buffer.concat([varint(BigInt(tag)), varint(number)]) };
}

function readField(record: Fields): Field {
  const from = record.at;
  const tag = record.number();
  let number = 0n;
  switch (tag) {
    case Tag.logNumber:
    case Tag.nextFile:
    case Tag.lastSequence:
    case 9:
    case Tag.minimalLog:
    case Tag.family:
    case Tag.maxFamily:
    case Tag.inAtomicGroup:
      number = record.varint();
      break;
    case 5:
      record.varint();
      record.prefixed();
      break;
    case Tag.deletedFile:
      record.varint();
      number = record.varint();
      break;
    case Tag.newFile:
      number = newFile(record);
      break;
    case Tag.familyDropped:
      break;
    case Tag.blobAdded:
      number = blobFile(record, true);
      break;
    case Tag.blobGarbage:
      number = blobFile(record, false);
      break;
    default:
      if (tag !== Tag.comparator && tag !== Tag.familyAdded && (tag & 0x2000) === 0) throw new Error(`MANIFEST has a field ${String(tag)}`);
      record.prefixed();
  }
  return { tag, number, bytes: record.bytes.subarray(from, record.at) };
}

function newFile(record: Fields): bigint {
  record.varint();
  const number = record.varint();
  record.varint();
  record.prefixed();
  record.prefixed();
  record.varint();
  record.varint();
  while (record.number() !== 1) record.prefixed();
  return number;
}

function blobFile(record: Fields, added: boolean): bigint {
  const number = record.varint();
  record.varint();
  record.varint();
  if (added) {
    record.prefixed();
    record.prefixed();
  }
  while (record.number() !== 0) record.prefixed();
  return number;
}

/** A store's MANIFEST, to read and to write anew. */
export interface Manifest {
  readonly path: string;
  readonly edits: readonly (readonly Field[])[];
}

/** The MANIFEST that CURRENT names. @throws when there is none, or it has fields that aren't known here */
export async function readManifest(store: string): Promise<Manifest> {
  const path = join(store, (await readFile(join(store, "CURRENT"), "utf8")).trim());
  const edits = readRecords(await readFile(path)).map(({ data }) => {
    const record = new Fields(data);
    const fields: Field[] = [];
    while (!record.ended) fields.push(readField(record));
    return fields;
  });
  return { path, edits };
}

/** Puts these edits in the place of all that were. */
export async function writeManifest({ path }: Manifest, edits: readonly (readonly Field[])[]): Promise<void> {
  await writeFile(path, writeRecords(edits.map((fields) => Buffer.concat(fields.map(({ bytes }) => bytes)))));
}

/** Numbers of the tables that the store consists of, in no order. */
export function liveTables({ edits }: Manifest): bigint[] {
  const live = new Map<bigint, bigint>();
  for (const edit of edits) {
    const family = edit.find(({ tag }) => tag === Tag.family)?.number ?? 0n;
    for (const { tag, number } of edit) {
      if (tag === Tag.deletedFile) live.delete(number);
      if (tag === Tag.newFile) live.set(number, family);
    }
    if (edit.some(({ tag }) => tag === Tag.familyDropped)) for (const [number, of] of live) if (of === family) live.delete(number);
  }
  return [...live.keys()];
}

/** The greatest log number that a family says it needs, 0 when none does. */
export function neededLog({ edits }: Manifest): bigint {
  return edits.flat().reduce((most, { tag, number }) => (tag === Tag.logNumber && number > most ? number : most), 0n);
}

/** Names in a directory that end so, oldest file first. */
export async function numberedFiles(directory: string, ending: string): Promise<string[]> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith(ending) && /^\d+\./.test(name));
  return names.sort((left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10));
}
