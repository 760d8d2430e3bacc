/**
 * The JSON that `--json` writes. Its shape is part of the public interface: fields may be added, and change or go only
 * with a major version.
 *
 * Bytes (names, keys, values) are `{"text": "…"}` when they are UTF-8 whose every character prints (tabs and line ends
 * may be among them), else `{"hex": "…"}`, with `"uuid"`, `"integer"` (decimal digits) or `"time"` where the end of it is shown as one. Counts and sizes are numbers; a sequence number is a string, because it can
 * be larger than 2^53. Times are ISO 8601 in UTC. What is unknown is null.
 */
import type { DumpEntry } from "../../../operations/dump/entries.js";
import type { DumpSummary, KeyspaceSummary } from "../../../operations/dump/summary.js";
import type { StoreSummary } from "../../../operations/inspect/store.js";
import type { ExportResult } from "../../../operations/export/export.js";
import type { ExportPlan } from "../../../operations/export/plan.js";
import type { ImportResult } from "../../../operations/import/import.js";
import type { DumpBlock } from "../../../operations/inspect/entries.js";
import { tailOf } from "../../text/braces.js";
import { decodeUtf8, isPrintable } from "../../text/characters.js";
import { escapeJson } from "../../text/escape.js";
import { MOST_WHOLE } from "../value.js";

/** Bytes as JSON has them. */
export type JsonBytes = { readonly text: string } | { readonly hex: string; readonly uuid?: string; readonly integer?: string; readonly time?: string };

/** Anything that JSON can say. */
export type Json = string | number | boolean | null | JsonBytes | readonly Json[] | { readonly [name: string]: Json };

/** Bytes as JSON has them; see above. */
export function jsonBytes(bytes: Uint8Array): JsonBytes {
  const text = decodeUtf8(bytes);
  if (text !== null && isPrintable(text.replace(/[\t\n\r]/g, ""))) return { text };
  const tail = tailOf(bytes);
  return { hex: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex"), ...(tail === null ? {} : { [tail.kind]: tail.meaning }) };
}

/** One line of JSON that is safe on a terminal. */
export function jsonLine(value: Json): string {
  return `${escapeJson(JSON.stringify(value))}\n`;
}

/** JSON over several lines that is safe on a terminal. */
export function jsonDocument(value: Json): string {
  const lines = JSON.stringify(value, null, 2).split("\n");
  return lines.map((line) => `${escapeJson(line)}\n`).join("");
}

/** Result of `export`. */
export function exportJson(result: ExportResult): Json {
  const { path, dumpId, store, keyspaces, ...figures } = result;
  return { exported: { path, dumpId, store: storeJson(store), ...figures, keyspaces: keyspaces.map((keyspace) => ({ ...keyspace, name: jsonBytes(keyspace.name) })) } };
}

function storeJson(store: ExportResult["store"]): Json {
  const { engine, version, path, databaseId, sequenceNumber } = store;
  return { engine, version, path, databaseId, sequenceNumber: sequenceNumber?.toString() ?? null };
}

/** Result of `export --dry-run`. */
export function planJson(plan: ExportPlan): Json {
  const { store, keyspaces, problems, ...figures } = plan;
  return {
    plan: {
      store: storeJson(store),
      ...figures,
      problems: problems.map(({ code, message }) => ({ code, message })),
      keyspaces: keyspaces.map(({ name, comparator, selected, ...estimates }) => ({
        name: jsonBytes(name),
        comparator,
        selected,
        estimatedEntries: estimates.estimatedEntries,
        estimatedBytes: estimates.estimatedBytes,
      })),
    },
  };
}

/** Result of `import`. */
export function importJson(result: ImportResult): Json {
  const { target, dumpId, merged, delta = null, missing, keyspaces, reopen, ...figures } = result;
  return {
    imported: {
      target,
      dumpId,
      merged,
      delta,
      ...figures,
      missing: { ...missing },
      keyspaces: keyspaces.map((keyspace) => ({ ...keyspace, name: jsonBytes(keyspace.name), tree: jsonBytes(keyspace.tree) })),
      reopen: reopenJson(reopen),
    },
  };
}

/** Named as sled's `Config` names them. */
function reopenJson(reopen: ImportResult["reopen"]): Json {
  return {
    use_compression: reopen.useCompression,
    segment_size: reopen.segmentSize,
    version: reopen.version,
    cache_capacity: reopen.cacheCapacity,
    compression_factor: reopen.compressionFactor,
    flush_every_ms: reopen.flushEveryMs,
    rust: reopen.rust,
  };
}

/** What `inspect` says of a dump. */
export function summaryJson(summary: DumpSummary): Json {
  const { path, complete, problem, checked, header, bytes } = summary;
  const { formatVersion, source } = header;
  return {
    path,
    bytes,
    complete,
    checked,
    problem: problem === null ? null : { ...problem, offset: problem.offset ?? null, block: problem.block ?? null },
    header: {
      formatVersion: `${formatVersion.major.toString()}.${formatVersion.minor.toString()}`,
      dumpId: header.dumpId,
      createdAt: header.createdAt.toISOString(),
      producer: header.producer,
      kind: header.kind,
      baseId: header.base?.dumpId ?? null,
      salvaged: header.salvaged,
      source: { ...source, sequenceNumber: source.sequenceNumber?.toString() ?? null, options: Object.fromEntries(source.options ?? []) },
      codec: header.codec,
      blockSize: header.blockSize,
      filter: header.filter,
    },
    keyspaces: summary.keyspaces.map(keyspaceJson),
  };
}

function keyspaceJson(keyspace: KeyspaceSummary): Json {
  const { name, codecs, prefixes, ...figures } = keyspace;
  return { ...figures, name: jsonBytes(name), codecs: { ...codecs }, prefixes: prefixes.map(({ prefix, example, ...share }) => ({ prefix: jsonBytes(prefix), ...share, example: jsonBytes(example) })) };
}

/** What `inspect` says of a store. */
export function storeSummaryJson({ changedAt, sequenceNumber, keyspaces, warnings, ...store }: StoreSummary): Json {
  return {
    ...store,
    changedAt: changedAt?.toISOString() ?? null,
    sequenceNumber: sequenceNumber?.toString() ?? null,
    keyspaces: keyspaces.map(({ name, prefixes, ...keyspace }) => ({ name: jsonBytes(name), ...keyspace, prefixes: prefixes.map(({ prefix, example }) => ({ prefix: jsonBytes(prefix), example: jsonBytes(example) })) })),
    warnings: [...warnings],
  };
}

/** One block of `inspect --blocks`. */
export function blockJson(block: DumpBlock): Json {
  const { number, keyspaceName, codec, entries, rawLength, storedLength, offset, frameLength, firstKey, lastKey } = block;
  return {
    block: number,
    keyspace: jsonBytes(keyspaceName),
    codec,
    entries,
    rawBytes: rawLength,
    storedBytes: storedLength,
    offset,
    frameBytes: frameLength,
    firstKey: jsonBytes(firstKey),
    lastKey: jsonBytes(lastKey),
  };
}

/** One entry of `inspect --entries` or `--keys`. */
export function entryJson(entry: DumpEntry, withValue: boolean): Json {
  const { keyspace, key, value } = entry;
  const names = { keyspace: jsonBytes(keyspace), key: jsonBytes(key) };
  if (!withValue) return { ...names };
  if (value === null || value.length <= MOST_WHOLE) return { ...names, value: value === null ? null : jsonBytes(value) };
  return { ...names, value: jsonBytes(startOf(value)), valueBytes: value.length };
}

/** Bytes that are shown of a value that is too large to be shown whole. */
const SHOWN_OF_HUGE = 64 * 1024;

/** The beginning of a value, not cut within a character of UTF-8. */
function startOf(value: Uint8Array): Uint8Array {
  let end = SHOWN_OF_HUGE;
  while (end > SHOWN_OF_HUGE - 4 && ((value[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return value.subarray(0, end);
}
