/** The piece that every engine's pass over a damaged store shares. */
import { blockFacts } from "../addon.js";
import type { FillResult } from "./block-scan.js";
import type { SalvagePiece, StoreSalvage } from "./salvage.js";

/** What a fill of a damaged store gave. */
interface SalvageFill {
  readonly counts: FillResult;
  /** Something may be missing before the first entry; at the end, behind the last. */
  readonly gap: boolean;
  readonly doubtful: number;
}

/** Yields what `fill` finds of a damaged store, piece by piece; each is valid until the next is asked for. @throws what `fill` throws, and the signal's reason */
export async function* salvagedPieces(fill: (buffer: Buffer) => Promise<SalvageFill>, { blockSize, signal }: Parameters<StoreSalvage["scan"]>[1]): AsyncGenerator<SalvagePiece> {
  let buffer = Buffer.allocUnsafeSlow(blockSize);
  for (;;) {
    signal?.throwIfAborted();
    const { counts, gap, doubtful } = await fill(buffer);
    if (counts.needed > 0 && counts.facts.entries === 0) {
      buffer = Buffer.allocUnsafeSlow(counts.needed);
      continue;
    }
    if (gap) yield { type: "gap" };
    if (counts.done) return;
    yield { type: "entries", block: { data: buffer.subarray(0, counts.bytes), ...blockFacts(buffer, counts.facts), doubtful } };
    if (buffer.length > blockSize) buffer = Buffer.allocUnsafeSlow(blockSize);
  }
}
