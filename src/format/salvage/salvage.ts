/**
 * Salvaging a damaged dump: `surveyDump` finds out what of it is sound and what is missing, without changing or keeping
 * anything; `salvagedBlocks` then gives the sound blocks, to be written into a new dump with the gaps between them.
 */

import { KgdumpError } from "../../errors.js";
import { type CodecLoader, unpackBlock } from "../codec.js";
import { Kind, MAGIC_LENGTH, TAIL_LENGTH } from "../constants.js";
import type { RandomAccess } from "../single-frames.js";
import type { BlockToWrite } from "../dump-writer.js";
import { checkEntries } from "../entries.js";
import { decodeMagic, decodeTail, startsLikeMagic } from "../frame.js";
import { itemAt } from "../item-at.js";
import { type Limits, resolveLimits } from "../limits.js";
import { decodeBlock } from "../payload/block.js";
import { guessFormat } from "../sniff.js";
import type { DeltaResult, FormatVersion } from "../types.js";
import { type Chain, findChain, framesOf } from "./chain.js";
import { readPayload, type SalvagedHeader, salvageHeader } from "./header.js";
import type { Piece, Stretch } from "./holes.js";
import { type Scan, scanFrames } from "./scan.js";
import { type DroppedFrame, Survey, type SurveyTools } from "./survey.js";

/** How to survey a dump. */
export interface SalvageOptions {
  readonly loadCodec: CodecLoader;
  readonly limits?: Partial<Limits> | undefined;
  /** Told how many bytes the first reading, which looks for frames, has just read. May throw to end the survey. */
  readonly onScan?: ((bytes: number) => void) | undefined;
  /** Told of each frame that the second reading has looked at. May throw to end the survey. */
  readonly onFrame?: SurveyTools["onFrame"] | undefined;
}

/** What of one keyspace can be salvaged. */
export interface SalvagedKeyspace {
  readonly blocks: number;
  readonly entries: number;
  readonly rawBytes: number;
  /** Its blocks and gaps, in order. */
  readonly pieces: readonly Piece[];
  /** Of a delta: what the keyspace then holds; null in a full dump. */
  readonly result: DeltaResult | null;
  /** Whether the sums or the digest at its end can't be those of these entries. */
  readonly contradicts: boolean;
}

/** A range of the damaged file that was of no use. */
export interface UnusedRange {
  readonly offset: number;
  readonly bytes: number;
  /** What it is, in words. */
  readonly what: string;
}

/** What of a dump can be salvaged. */
export interface Salvage extends SalvagedHeader {
  /** In the header's order. */
  readonly keyspaces: readonly SalvagedKeyspace[];
  readonly unused: readonly UnusedRange[];
  /** Frames that could not be used although their checksums are right; at most 1,000 of them. */
  readonly dropped: readonly DroppedFrame[];
  /** Parts of the dump that are lost besides blocks, and anything else that is odd, in words. */
  readonly remarks: readonly string[];
  /** Whether the dump is not damaged at all. */
  readonly sound: boolean;
}

/** Ranges of no use that are remembered. */
const MOST_UNUSED = 1000;

/**
 * Finds out what of a dump is sound. Reads the file twice (thrice when its header is lost), in time linear in its size.
 * @throws {KgdumpError} DUMP_TRUNCATED for an empty file, DUMP_NOT_A_DUMP when nothing in it is of a dump, DUMP_FRAME_DAMAGED when nothing
 * can be done with what is left, DUMP_VERSION_UNSUPPORTED, DUMP_CODEC_UNKNOWN, DUMP_LIMIT_EXCEEDED
 * @throws what reading and the callbacks throw
 */
export async function surveyDump(access: RandomAccess, options: SalvageOptions): Promise<Salvage> {
  const limits = resolveLimits(options.limits);
  const scan = await scanFrames(access, options.onScan ?? ignore);
  const chain = await findChain(access, scan);
  if (chain === undefined) throw await nothingFound(access);
  const head = await salvageHeader(access, chain, limits);
  const survey = new Survey(access, chain, head.header, { loadCodec: options.loadCodec, limits, onFrame: options.onFrame ?? ignore });
  await survey.run();
  return { ...head, ...(await conclude(access, scan, chain, head, survey)) };
}

/**
 * The blocks of a stretch, each checked again, as they can be written.
 * @param stretch from a piece of the salvage
 * @throws {KgdumpError} DUMP_ codes when the file was changed since the survey
 * @throws what reading throws
 */
export async function* salvagedBlocks(
  access: RandomAccess,
  salvage: Salvage,
  stretch: Stretch,
  options: Pick<SalvageOptions, "loadCodec" | "limits">,
): AsyncGenerator<BlockToWrite & { readonly frameLength: number }, void, undefined> {
  const limits = resolveLimits(options.limits);
  const { header } = salvage;
  for await (const frame of framesOf(access, stretch)) {
    if (frame.kind !== Kind.block) continue;
    const block = decodeBlock(await readPayload(access, frame, limits), header, limits);
    const raw = await unpackBlock(await options.loadCodec(block.codec), block.data, block.rawLength);
    const order = itemAt(header.keyspaces, block.keyspace, "keyspace").comparator;
    const sums = checkEntries(raw, { ...block, order, deletions: header.kind === "delta" }, limits);
    const { entries, firstKey, lastKey, codec, data } = block;
    yield { entries, firstKey, lastKey, raw, codec, data, ...sums, frameLength: frame.end - frame.offset };
  }
}

async function nothingFound(access: RandomAccess): Promise<KgdumpError> {
  if (access.size === 0) return new KgdumpError("DUMP_TRUNCATED", "the file is empty: there is nothing to recover", { offset: 0 });
  const start = await access.read(0, Math.min(access.size, 512));
  if (startsLikeMagic(start)) {
    return new KgdumpError("DUMP_FRAME_DAMAGED", "not one frame of the dump is sound: there is nothing to recover", { offset: 0, hint: "find another copy of the dump, or export again" });
  }
  return new KgdumpError("DUMP_NOT_A_DUMP", "nothing in the file is part of a dump", { offset: 0, hint: guessFormat(start) });
}

async function conclude(access: RandomAccess, scan: Scan, chain: Chain, head: SalvagedHeader, survey: Survey): Promise<Omit<Salvage, keyof SalvagedHeader>> {
  const salvaged = head.header.salvaged !== null;
  const keyspaces = survey.ledgers.map((ledger) => ({
    blocks: ledger.blocks,
    entries: ledger.entries,
    rawBytes: ledger.rawBytes,
    pieces: ledger.pieces(salvaged),
    result: resultOf(ledger, head),
    contradicts: ledger.contradicts(salvaged),
  }));
  const edges = await readEdges(access, head.header.formatVersion, survey.footer);
  const used = [...survey.used, ...edges.used].sort((a, b) => a.offset - b.offset);
  const unused = unusedRanges(used, access.size, scan, chain);
  const remarks = [
    ...(edges.magic ? [] : ["the magic, the dump's first bytes, is damaged or lost"]),
    ...headRemarks(head),
    ...(isInOrder(survey.used) ? [] : ["parts of the dump are out of order"]),
    ...(survey.abortReason === null ? [] : [`its producer gave up: ${survey.abortReason}`]),
    ...(survey.footer === null ? ["the footer is lost"] : []),
    ...(edges.tail ? [] : ["the tail, the dump's last bytes, is damaged or lost"]),
    ...head.header.keyspaces.flatMap(({ name }, index) => {
      if (!itemAt(keyspaces, index, "keyspace").contradicts) return [];
      return [`the end of keyspace ${JSON.stringify(Buffer.from(name).toString("utf8"))} says other sums or another digest than its blocks have`];
    }),
  ];
  const whole = keyspaces.every(({ pieces }) => pieces.every(({ type }) => type === "blocks"));
  // Of a frame that was dropped, the range is of no use, too.
  const sound = remarks.length === 0 && unused.length === 0 && whole;
  return { keyspaces, unused, dropped: survey.dropped, remarks, sound };
}

function resultOf({ totals, keyspace }: Survey["ledgers"][number], { header }: SalvagedHeader): DeltaResult | null {
  if (header.kind === "full") return null;
  const result = totals?.result ?? null;
  if (result !== null) return result;
  throw new KgdumpError("DUMP_FRAME_DAMAGED", "both the end of a keyspace and the footer of a delta dump are lost: nobody knows what applying it leads to", {
    hint: "find another copy of the dump, or make the delta again",
    keyspace: itemAt(header.keyspaces, keyspace, "keyspace").name,
  });
}

function headRemarks({ lost, unnamed, open }: SalvagedHeader): string[] {
  if (!lost) return [];
  return [
    "the header is lost: the dump's id, its time and where it came from are unknown",
    ...unnamed.map((index) => `the name of keyspace ${String(index)} is lost: it is named after its number`),
    ...(open ? ["the header and the footer are lost: nobody can tell whether more keyspaces followed"] : []),
  ];
}

/** Looks at the magic and the tail. */
async function readEdges(access: RandomAccess, version: FormatVersion, footer: number | null): Promise<{ magic: boolean; tail: boolean; used: { offset: number; end: number }[] }> {
  const { size } = access;
  const start = await access.read(0, Math.min(size, MAGIC_LENGTH));
  const tailOffset = Math.max(0, size - TAIL_LENGTH);
  const end = await access.read(tailOffset, size - tailOffset);
  const magic = holds(() => start.length === MAGIC_LENGTH && startsLikeMagic(start) && sameVersion(decodeMagic(start), version));
  const tail = holds(() => decodeTail(end, tailOffset) === footer);
  return { magic, tail, used: [...(magic ? [{ offset: 0, end: MAGIC_LENGTH }] : []), ...(tail ? [{ offset: tailOffset, end: size }] : [])] };
}

function isInOrder(used: readonly { readonly offset: number }[]): boolean {
  return used.every(({ offset }, index) => index === 0 || itemAt(used, index - 1, "range").offset < offset);
}

function sameVersion(a: FormatVersion, b: FormatVersion): boolean {
  return a.major === b.major && a.minor === b.minor;
}

function holds(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

/** What lies between the ranges that were used. @param used in order of offsets */
function unusedRanges(used: readonly { offset: number; end: number }[], size: number, scan: Scan, chain: Chain): UnusedRange[] {
  const unused: UnusedRange[] = [];
  const damaged = [...scan.damaged].sort((a, b) => a.offset - b.offset);
  const first = <T extends { readonly offset: number }>(list: readonly T[], offset: number): T | undefined => {
    let [low, high] = [0, list.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (itemAt(list, middle, "place").offset < offset) low = middle + 1;
      else high = middle;
    }
    return list[low];
  };
  let offset = 0;
  for (const range of [...used, { offset: size, end: size }]) {
    if (range.offset > offset && unused.length < MOST_UNUSED) {
      const broken = first(damaged, offset);
      const run = first(scan.runs, offset);
      const isIn = (one: { readonly offset: number } | undefined): boolean => one !== undefined && one.offset < range.offset;
      const foreign = isIn(run) && run?.marker !== chain.marker;
      const what = isIn(broken) && broken?.marker === chain.marker ? "damaged" : foreign ? "of another dump" : isIn(run) ? "doubled or out of place" : "not readable";
      unused.push({ offset, bytes: range.offset - offset, what });
    }
    offset = Math.max(offset, range.end);
  }
  return unused;
}

function ignore(): void {
  // Nobody wants to know.
}
