/** Checks of options that several functions have, and the types that go with their results. */
import type { Ownership, WithAccess } from "../operations/disk/access.js";
import type { ReadingOptions } from "../operations/disk/stores.js";
import type { EntryFilter } from "../operations/entries/filter.js";
import type { Progress as InnerProgress, WithProgress } from "../operations/run/progress.js";
import type { SledSettings } from "../settings/index.js";
import { type Checks, group } from "./call.js";
import { bytes, flag, listener, oneOf, optional, signal, whole } from "./checks.js";
import type { Public } from "./public.js";

/** How far an operation is. Totals are estimates and may be exceeded. */
export type Progress = Public<InnerProgress>;

/** Is told how far an operation is: a few times a second, and once more when a phase ends. It must not throw. */
export type OnProgress = (progress: Progress) => void;

/** Who is told of progress, and who may stop it. */
export const PROGRESS: Checks<WithProgress> = { onProgress: optional(listener), signal: optional(signal) };

/** How a store is read. */
export const READING: Checks<ReadingOptions> = { ttl: optional(oneOf("strip", "keep")), paranoid: optional(flag) };

/** Which keys. */
export const RANGE: Checks<EntryFilter> = { prefix: optional(bytes), from: optional(bytes), to: optional(bytes), limit: optional(whole(0)) };

/** Settings of a sled store; their limits are sled's own, which look at them too. */
export const SLED: Checks<SledSettings> = {
  cacheCapacity: optional(whole(1)),
  compression: optional(flag),
  compressionLevel: optional(whole(1)),
  flushEveryMs: optional(whole(1)),
  segmentSize: optional(whole(1)),
};

/** Whose a new store is. */
export const ACCESS: Checks<WithAccess> = { owner: optional(group<Ownership>({ uid: whole(0), gid: whole(0) })), mode: optional(whole(0o700, 0o777)) };

/** Bytes of a block, decoded. */
export const blockBytes = optional(whole(1));
