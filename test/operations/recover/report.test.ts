/** What a recovery says is lost: where nobody can tell what followed, something may be, and nobody knows how much. */
import test from "ava";
import type { Salvage } from "#src/format/index.js";
import { reportOf } from "#src/operations/recover/report.js";

/** Of a dump with one keyspace, of which all is there. */
function salvage(told: Partial<Pick<Salvage, "open" | "lost">>): Salvage {
  const keyspace = { pieces: [], blocks: 1, entries: 3, rawBytes: 30, contradicts: false };
  const header = { dumpId: "d", keyspaces: [{ name: Buffer.from("default"), comparator: "bytewise" }] };
  return { header, lost: false, unnamed: [], open: false, unused: [], dropped: [], remarks: [], sound: false, keyspaces: [keyspace], ...told } as unknown as Salvage;
}

test("without header and footer something may be lost, and nobody knows how much", (t) => {
  t.like(reportOf(salvage({})), { lost: false, gaps: 0, lostBlocks: 0, lostEntries: 0, damagedId: "d", entries: 3 });
  t.like(reportOf(salvage({ lost: true, open: true })), { lost: true, gaps: 0, lostBlocks: null, lostEntries: null, damagedId: null, entries: 3 });
});
