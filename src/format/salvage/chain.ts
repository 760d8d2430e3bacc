/**
 * Which of a file's sound frames belong to its dump, and in which order.
 *
 * The chain is the heaviest series of runs that go up both in the file and in number. What else has the dump's marker is
 * a stray: a part that was moved or doubled, or a dump with the very same header within a damaged value.
 */

import { FRAME_HEAD_LENGTH, Kind, MAGIC_LENGTH, TAIL_LENGTH } from "../constants.js";
import type { RandomAccess } from "../single-frames.js";
import { decodeFrameHead, startsLikeMagic } from "../frame.js";
import { itemAt } from "../item-at.js";
import { type KnownFrame, lastBefore, type Run, type Scan } from "./scan.js";

/** Bytes that are read at once where frames are small. */
const READ_AHEAD = 64 * 1024;

/** So many frames of another dump, and not more, does a lone header at the file's beginning outweigh. */
const FEW = 4;

/** A frame that is not on the chain, whose number the chain lacks. */
export interface Stray extends KnownFrame {
  /** Whether it belongs to a dump of its own, with a magic before its header. */
  readonly own: boolean;
}

/** The frames of one dump. */
export interface Chain {
  readonly marker: string;
  /** In order of both offset and number. */
  readonly runs: readonly Run[];
  /** The chain's frames that are no blocks, in the same order. */
  readonly landmarks: readonly KnownFrame[];
  /** By number, then by offset. */
  readonly strays: readonly Stray[];
}

/**
 * Finds the dump's own frames.
 * @returns undefined when there is no sound frame
 * @throws what reading throws
 */
export async function findChain(access: RandomAccess, scan: Scan): Promise<Chain | undefined> {
  const marker = chooseMarker(scan, access.size);
  if (marker === undefined) return undefined;
  const ranges = outermost(damagedRanges(scan).filter((range) => range.marker === marker));
  const runs = scan.runs.filter((run) => run.marker === marker && run.end > (lastBefore(ranges, run.offset)?.end ?? 0));
  const own = await ownDumps(access, runs, scan.damaged.filter((frame) => frame.marker === marker));
  // When nothing else is left, the file is that dump.
  if (own.size === runs.length) own.clear();
  const chosen = anchored(runs.filter((run) => !own.has(run)), scan, access.size);
  const onChain = new Set(chosen);
  const landmarks = scan.landmarks.filter((frame) => frame.marker === marker && isIn(chosen, frame.offset));
  const strays = await findStrays(access, runs.filter((run) => !onChain.has(run)), chosen, own);
  return { marker, runs: chosen, landmarks, strays };
}

/** The frames of other runs whose numbers the chain lacks. A run that has other frames than the chain is of another dump. */
async function findStrays(access: RandomAccess, others: readonly Run[], chain: readonly Run[], own: ReadonlySet<Run>): Promise<Stray[]> {
  const lacking: { readonly frame: KnownFrame; readonly run: Run }[] = [];
  const doubled = new Map<number, { readonly run: Run; readonly crc: number }[]>();
  for (const run of others) {
    for await (const frame of framesOf(access, run)) {
      const { sequence, crc } = frame;
      if (!isNumbered(chain, sequence)) lacking.push({ frame, run });
      else {
        const known = doubled.get(sequence) ?? [];
        known.push({ run, crc });
        doubled.set(sequence, known);
      }
    }
  }
  const foreign = new Set(own);
  if (lacking.length > 0 && doubled.size > 0) {
    for (const run of chain) {
      for await (const { sequence, crc } of framesOf(access, run)) {
        for (const other of doubled.get(sequence) ?? []) if (other.crc !== crc) foreign.add(other.run);
      }
    }
  }
  const strays = lacking.map(({ frame, run }) => ({ ...frame, own: foreign.has(run) }));
  return strays.sort((a, b) => a.sequence - b.sequence || a.offset - b.offset);
}

/**
 * The frames of a run, by their heads.
 * @throws what reading throws; KgdumpError when the file was changed meanwhile
 */
export async function* framesOf(access: RandomAccess, run: Pick<Run, "offset" | "end">): AsyncGenerator<KnownFrame & { readonly crc: number }, void, undefined> {
  let part: Uint8Array = new Uint8Array(0);
  let from = 0;
  for (let { offset } = run, before = offset; offset < run.end;) {
    if (offset + FRAME_HEAD_LENGTH > from + part.length) {
      // Of small frames, many heads are read at once.
      const length = offset - before < READ_AHEAD / 16 ? READ_AHEAD : FRAME_HEAD_LENGTH;
      [part, from] = [await access.read(offset, Math.min(length, run.end - offset)), offset];
    }
    const head = part.subarray(offset - from, offset - from + FRAME_HEAD_LENGTH);
    const { kind, sequence, payloadLength, payloadCrc, marker } = decodeFrameHead(head, offset);
    before = offset;
    const end = offset + FRAME_HEAD_LENGTH + payloadLength;
    yield { kind, sequence, offset, end, marker: Buffer.from(marker).toString("latin1"), crc: payloadCrc };
    offset = end;
  }
}

/** Number of the last frame of a run. */
export function lastOf(run: Run): number {
  return run.first + run.frames - 1;
}

function isIn(runs: readonly Run[], offset: number): boolean {
  return (lastBefore(runs, offset + 1)?.end ?? 0) > offset;
}

function isNumbered(runs: readonly Run[], sequence: number): boolean {
  let [low, high] = [0, runs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (itemAt(runs, middle, "run").first <= sequence) low = middle + 1;
    else high = middle;
  }
  const run = runs[low - 1];
  return run !== undefined && lastOf(run) >= sequence;
}

/**
 * The marker of the dump that the file is, not that of one within it or of one that parts come from: what the first two
 * sound frames, the header in its place being one, or that header and the last frame agree on. Of a header that stands
 * alone, its own unless another dump has more than a few frames more, or any more where that one goes on right behind the
 * header or the file ends with it: then the header is what was put there. Else the marker of most frames, unless all of
 * those lie where fewer frames of another one are missing.
 */
function chooseMarker(scan: Scan, size: number): string | undefined {
  const { runs, landmarks } = scan;
  if (runs.length === 0) return undefined;
  const first = runs.find((run) => run.offset === MAGIC_LENGTH && run.first === 0);
  const last = landmarks.at(-1);
  const footer = last?.kind === Kind.footer && last.end === size - TAIL_LENGTH ? last.marker : undefined;
  const outer = outerRuns(scan);
  const next = outer.find((run) => first !== undefined && run.offset >= first.end);
  if (first !== undefined && (first.frames > 1 || footer === first.marker || next?.marker === first.marker)) return first.marker;
  const counts = countFrames(outer.length > 0 ? outer : runs);
  let [most, frames, own] = ["", 0, 0];
  for (const [marker, count] of counts) {
    if (marker === first?.marker) own = count;
    // Of two dumps with as many frames each, the one that the file ends with.
    if (count > frames || (count === frames && marker === footer)) [most, frames] = [marker, count];
  }
  if (first !== undefined) {
    const goesOn = (next?.marker === most && next.offset === first.end && next.first === 1) || footer === most;
    if (frames <= own + (goesOn ? 0 : FEW)) return first.marker;
  }
  const around = surrounding(runs, most, frames);
  return around !== undefined && (around === first?.marker || around === footer) ? around : most;
}

/** The runs that do not lie within a damaged frame of another dump. */
function outerRuns(scan: Scan): Run[] {
  const claimed = damagedRanges(scan);
  // How far damaged frames of two dumps reach: one of them is not the run's own.
  let [far, other] = [{ marker: "", end: 0 }, { marker: "", end: 0 }];
  let at = 0;
  return scan.runs.filter((run) => {
    for (let frame = claimed[at]; frame !== undefined && frame.offset < run.offset; at += 1, frame = claimed[at]) {
      const { marker, end } = frame;
      if (marker === far.marker) far = { marker, end: Math.max(end, far.end) };
      else if (end > far.end) [far, other] = [{ marker, end }, far];
      else if (end > other.end) other = { marker, end };
    }
    return run.end > (far.marker === run.marker ? other : far).end;
  });
}

/** How many frames there are of each dump; one that is there twice counts once. */
function countFrames(runs: readonly Run[]): Map<string, number> {
  const counts = new Map<string, number>();
  const ends = new Map<string, number>();
  for (const run of runs.toSorted((a, b) => a.first - b.first)) {
    const { marker } = run;
    const end = Math.max(ends.get(marker) ?? 0, run.first);
    const more = Math.max(0, lastOf(run) + 1 - end);
    counts.set(marker, (counts.get(marker) ?? 0) + more);
    ends.set(marker, end + more);
  }
  return counts;
}

/** The marker around all runs of another one, when fewer of its frames are missing there than the other has. */
function surrounding(runs: readonly Run[], marker: string, frames: number): string | undefined {
  const before = runs[runs.findIndex((run) => run.marker === marker) - 1];
  const after = runs[runs.findLastIndex((run) => run.marker === marker) + 1];
  if (before === undefined || after?.marker !== before.marker) return undefined;
  const missing = after.first - lastOf(before) - 1;
  return missing >= 0 && missing < frames ? before.marker : undefined;
}

/**
 * The ranges of damaged frames, in order, whose length is known to be right, because the next frame begins exactly at
 * their end. What lies within is part of a payload.
 */
function damagedRanges({ runs, damaged }: Scan): KnownFrame[] {
  const heads = new Map(damaged.map((frame) => [frame.offset, frame]));
  const ranges = damaged.filter(({ end, sequence, marker }) => {
    const next = lastBefore(runs, end + 1);
    if (next?.offset === end && next.marker === marker && next.first === sequence + 1) return true;
    const other = heads.get(end);
    return other?.marker === marker && other.sequence === sequence + 1;
  });
  return ranges.sort((a, b) => a.offset - b.offset);
}

/** The ranges without those that lie within others. */
function outermost(ranges: readonly KnownFrame[]): KnownFrame[] {
  const found: KnownFrame[] = [];
  for (const range of ranges) if (range.end > (found.at(-1)?.end ?? 0)) found.push(range);
  return found;
}

/**
 * Runs of a dump within the dump: a magic is before their header, and another dump begins before that; or they are where a
 * damaged frame should be, and have its number.
 * @param damaged frames of the same marker
 */
async function ownDumps(access: RandomAccess, runs: readonly Run[], damaged: readonly KnownFrame[]): Promise<Set<Run>> {
  const own = new Set<Run>();
  const heads = [...damaged].sort((a, b) => a.offset - b.offset);
  let begun = startsLikeMagic(await access.read(0, Math.min(MAGIC_LENGTH, access.size)));
  for (const run of runs) {
    const around = lastBefore(heads, run.offset);
    if (around !== undefined && around.end >= run.end && run.first <= around.sequence && around.sequence <= lastOf(run)) own.add(run);
    if (run.first !== 0 || run.offset <= MAGIC_LENGTH) continue;
    if (!startsLikeMagic(await access.read(run.offset - MAGIC_LENGTH, MAGIC_LENGTH))) continue;
    if (begun) own.add(run);
    begun = true;
  }
  return own;
}

/**
 * The heaviest series of runs, with that at the dump's beginning and that at its end in it when these are where they
 * should be: a part of another dump of the same marker can be heavier than all that is left of a small one.
 */
function anchored(runs: readonly Run[], { landmarks }: Scan, size: number): Run[] {
  const first = runs.find((run) => run.offset === MAGIC_LENGTH && run.first === 0);
  const footer = landmarks.at(-1);
  const end = footer?.kind === Kind.footer ? footer.end : -1;
  const last = runs.find((run) => run.end === end && end === size - TAIL_LENGTH && (first === undefined || run.first > lastOf(first)));
  const fits = (run: Run): boolean =>
    run === first || run === last || ((first === undefined || run.first > lastOf(first)) && (last === undefined || lastOf(run) < last.first));
  return heaviest(runs.filter(fits));
}

/** The series of runs, each behind and numbered above the one before it, that has most frames. In n log n. */
function heaviest(runs: readonly Run[]): Run[] {
  const ranks = [...new Set(runs.map(lastOf))].sort((a, b) => a - b);
  const best = new Array<{ weight: number; index: number } | undefined>(ranks.length + 1);
  const rankBelow = (sequence: number): number => {
    let [low, high] = [0, ranks.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (itemAt(ranks, middle, "rank") < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const before = runs.map(() => -1);
  let top = { weight: 0, index: -1 };
  for (const [index, run] of runs.entries()) {
    let [weight, previous] = [0, -1];
    for (let at = rankBelow(run.first); at > 0; at -= at & -at) {
      const found = best[at];
      if (found !== undefined && found.weight > weight) [weight, previous] = [found.weight, found.index];
    }
    weight += run.frames;
    before[index] = previous;
    if (weight > top.weight) top = { weight, index };
    for (let at = rankBelow(lastOf(run)) + 1; at < best.length; at += at & -at) {
      if ((best[at]?.weight ?? 0) < weight) best[at] = { weight, index };
    }
  }
  const chain: Run[] = [];
  for (let { index } = top; index >= 0; index = itemAt(before, index, "run")) chain.push(itemAt(runs, index, "run"));
  return chain.reverse();
}
