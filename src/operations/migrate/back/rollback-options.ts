/** What a rollback is asked for, and how it ended. */
import type { EngineName } from "../../../engines/store.js";
import type { Space } from "../../disk/space.js";
import type { OnEvent } from "../events.js";
import type { CarryOptions } from "./carry-back.js";

/** What `rollbackStore` does. */
export interface RollbackOptions extends CarryOptions {
  /** Directory of the new store. */
  readonly target: string;
  /** Go back whatever the new store holds, and whatever became of it: it is not read, and kept aside. */
  readonly discardNew?: boolean | undefined;
  /** Put a store of the old engine in place that holds what the new store holds now. */
  readonly carryBack?: boolean | undefined;
  /** Is told of each thing that happens. */
  readonly onEvent?: OnEvent | undefined;
}

/** How a rollback ended. */
export interface RollbackResult {
  /** rolled-back: now; already: the old store was in place. */
  readonly status: "rolled-back" | "already";
  /** What was undone, or had been: the last of the two that was done to the store. */
  readonly undone: "migration" | "compaction";
  /** Engine of the store that is in place. */
  readonly engine: EngineName;
  /** Where that store is. */
  readonly source: string;
  /** Where the new store, or what was in its place, is now; null when there was none. */
  readonly aside: string | null;
  /** Whether what was written to the new store was carried back. */
  readonly carried: boolean;
  /** Where the original is, when the store that was carried back took its place; null when it is in its place, or is the backup still. */
  readonly original: string | null;
  /** What a user should know of the store whose entries were carried back, a sentence each. */
  readonly warnings: readonly string[];
}

/** What a rollback would do. */
export interface RollbackPreview {
  /**
   * to-roll-back: the old store would come back; to-clear: what an unfinished migration has made would be removed, the old store is in place; unfinished: what was
   * interrupted would be brought to its end first, and what a rollback does then is not known before; already: the old store is in place.
   */
  readonly status: "to-roll-back" | "to-clear" | "unfinished" | "already";
  readonly undone: RollbackResult["undone"];
  /** Engine of the store that would be in place; null while that is unknown. */
  readonly engine: EngineName | null;
  /** Where that store would be. */
  readonly source: string;
  /** The store that would come back, where it is now; null when it would be made, or is in place. */
  readonly original: string | null;
  /** Name of the first keyspace that was written to since, and is to be carried back; null when none was, or the new store was not read. */
  readonly changed: string | null;
  /** Whether what was written to the new store would be carried back. */
  readonly carried: boolean;
  /** The room that this takes on each file system, about. */
  readonly spaces: readonly Space[];
}
