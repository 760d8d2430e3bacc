/** Keyspaces of several sides beside each other: what each of them holds. */
import { formatCount } from "../../counts.js";
import { formatShort } from "../text/escape.js";
import { engineName, SHORT_DIGEST } from "./summary.js";
import { left, type Look, right, renderTable } from "./table.js";

/** One keyspace from all sides. */
export interface KeyspaceSides {
  readonly name: Uint8Array;
  readonly sides: readonly {
    readonly side: string;
    /** null when the side has no such keyspace. */
    readonly entries: number | null;
    /** In hex; null when it is not known. */
    readonly digest: string | null;
    /** How it compares with the first side. */
    readonly verdict: string;
  }[];
}

/** What a side is called: `A dump`, `B RocksDB`, … @param index from 0 */
export function sideName(kind: string, index: number): string {
  const letter = index < 26 ? String.fromCharCode(0x41 + index) : (index + 1).toString();
  return `${letter} ${kind === "dump" ? "dump" : engineName(kind)}`;
}

/** A table with a line for each side of each keyspace. */
export function renderSides(keyspaces: readonly KeyspaceSides[], { paint, verbose, columns: width }: Look): string {
  const rows = keyspaces.flatMap(({ name, sides }) =>
    sides.map(({ side, entries, digest, verdict }, index) => [
      index === 0 ? formatShort(name) : "",
      side,
      entries === null ? "-" : formatCount(entries),
      digest === null ? "-" : verbose ? digest : digest.slice(0, SHORT_DIGEST),
      verdict,
    ]),
  );
  const columns = [left("keyspace"), left("side"), right("entries"), left("sha-256"), left("")];
  return renderTable(columns, rows, paint, width);
}
