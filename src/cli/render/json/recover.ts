/** The JSON of `recover`, and of the gaps of a salvaged dump. */
import type { RecoverStoreResult } from "../../../operations/recover/index.js";
import type { RecoverResult } from "../../../operations/recover/recover.js";
import { type Json, jsonBytes } from "./json.js";

/** A key of a gap, or null at the end of its keyspace. */
export function keyJson(key: Uint8Array | null): Json {
  return key === null ? null : jsonBytes(key);
}

/** Result of `recover`. */
export function recoverJson(result: RecoverResult): Json {
  const { keyspaces, unused, dropped, ...figures } = result;
  return {
    recovered: {
      ...figures,
      keyspaces: keyspaces.map(({ name, gaps, ...keyspace }) => ({
        name: jsonBytes(name),
        ...keyspace,
        gaps: gaps.map(({ after, before, blocks, entries, bytes, from, to }) => ({ after: keyJson(after), before: keyJson(before), blocks, entries, bytes, from, to })),
      })),
      unused: unused.map((range) => ({ ...range })),
      dropped: dropped.map((frame) => ({ ...frame })),
    },
  };
}

/** Result of `recover` of a store. */
export function recoverStoreJson(result: RecoverStoreResult): Json {
  const { keyspaces, losses, ...figures } = result;
  return {
    recovered: {
      ...figures,
      remarks: [...figures.remarks],
      keyspaces: keyspaces.map(({ name, ...keyspace }) => ({ name: jsonBytes(name), ...keyspace })),
      losses: losses.map(({ keyspace, from, to, ...loss }) => ({ keyspace: keyJson(keyspace), ...loss, from: keyJson(from), to: keyJson(to) })),
    },
  };
}
