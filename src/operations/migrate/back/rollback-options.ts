/** What a rollback is asked for, and how it ended. */
import type { EngineName } from "../../../engines/store.js";
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
