/** What a verification tells. */
import type { EngineName } from "../../engines/store.js";
import { KgdumpError } from "../../errors.js";
import type { DumpSummary } from "../dump/summary.js";
import type { DifferenceKind } from "../entries/compare.js";
import { nameText } from "../entries/keyspaces.js";
import type { Sample } from "../entries/samples.js";
import type { KeyspaceDigest } from "../entries/store-scan.js";
import type { GraphReport } from "../graph/index.js";
import type { OptionComparison } from "./options.js";

/** One key that differs. */
export interface KeyDifference {
  readonly keyspace: Uint8Array;
  readonly key: Uint8Array;
  /** missing: only the dump has it; added: only the store; changed: both, with other values. */
  readonly kind: DifferenceKind;
}

/** One keyspace of the dump (or of the store that is compared) and of a store side by side. */
export interface KeyspaceComparison {
  readonly name: Uint8Array;
  readonly entries: number;
  /** SHA-256 of the entries in hex; null when it has no such keyspace. */
  readonly digest: string | null;
  readonly storeEntries: number;
  readonly storeDigest: string | null;
  readonly equal: boolean;
  readonly missing: number;
  readonly added: number;
  readonly changed: number;
}

/** How a store compares with the dump, or with another store. */
export interface StoreComparison {
  readonly path: string;
  readonly engine: EngineName;
  readonly equal: boolean;
  /** Ten at most of each keyspace. */
  readonly differences: readonly KeyDifference[];
  readonly keyspaces: readonly KeyspaceComparison[];
  /** What is wrong with its graph, told apart from what is wrong with the first one's too; null when it was not checked. */
  readonly graph: GraphReport | null;
  /** How RocksDB's options compare; null when they were not compared. */
  readonly options: OptionComparison | null;
}

/** What was compared, and how. */
export interface Verification {
  /** What the stores were compared with. */
  readonly reference: {
    readonly kind: "dump" | EngineName;
    /** Absolute path; null for a stream. */
    readonly path: string | null;
    readonly keyspaces: readonly KeyspaceDigest[];
    /** What is wrong with its graph; null when it was not checked. */
    readonly graph: GraphReport | null;
  };
  /** In the order in which they were named. */
  readonly stores: readonly StoreComparison[];
  /** Some entries with their values from all sides. */
  readonly samples: readonly Sample[];
  /** Chooses the same samples again. */
  readonly seed: number;
  readonly seconds: number;
  /** What a user should know: what is said of each store, that the dump was salvaged, what is wrong with its graph. */
  readonly warnings: readonly string[];
}

/** What was verified of a dump. */
export interface VerifyResult extends Verification {
  readonly dump: DumpSummary;
  /** The first of the stores; null when there is none. */
  readonly against: StoreComparison | null;
}

/** Fails when a store differs. @throws {KgdumpError} VERIFY_DIFFERENCE, about the first that does */
export function requireEqual({ reference, stores }: Verification): void {
  const different = stores.filter(({ equal }) => !equal);
  const [first] = different;
  if (first === undefined) return;
  const parts = first.keyspaces
    .filter((keyspace) => !keyspace.equal)
    .map(
      ({ name, missing, added, changed }) =>
        `"${nameText(name)}": ${missing.toString()} missing, ${added.toString()} added, ${changed.toString()} changed`,
    );
  const newProblems = first.graph?.newProblems ?? 0;
  if (newProblems > 0) parts.push(`${newProblems.toString()} new problems of the graph`);
  const options = first.options?.differences.length ?? 0;
  if (options > 0) parts.push(options === 1 ? "1 other option" : `${options.toString()} other options`);
  const more = different.length > 1 ? `; ${(different.length - 1).toString()} more of the stores differ` : "";
  const whom = reference.kind === "dump" ? "the dump" : (reference.path ?? "the first");
  throw new KgdumpError("VERIFY_DIFFERENCE", `the store ${first.path} differs from ${whom}: ${parts.join("; ")}${more}`, { path: first.path });
}
