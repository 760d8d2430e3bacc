/** A keyspace's blocks on their way out of a dump, off the main thread: each is decoded, checked and hashed while it is in memory anyway. */
import { asBuffer, blockFacts, fromAddon } from "../addon.js";
import { KgdumpError } from "../errors.js";
import { type Codec, unpackBlock } from "../format/codec.js";
import type { BlockUnpacker, KeyspaceShape, UnpackedBlock } from "../format/content-checker.js";
import { blocksAddon, blocksAddonIfAny, type NativeUnpacker } from "./blocks-addon.js";
import { lz4Damage, lz4Memory } from "./lz4.js";

const NO_DATA = Buffer.alloc(0);

/** Unpacks the blocks of one keyspace. */
export class KeyspaceUnpacker implements BlockUnpacker {
  readonly #native: NativeUnpacker;
  /** Settles when the work on all blocks so far has begun, or failed before that. */
  #begun: Promise<void> = Promise.resolve();

  /** @throws {KgdumpError} ADDON_MISSING */
  constructor({ order, deletions }: KeyspaceShape) {
    this.#native = new (blocksAddon().BlockUnpacker)(order === "reverse-bytewise", deletions);
  }

  /** As BlockUnpacker says. */
  async unpack(loading: Promise<Codec>, data: Uint8Array, rawLength: number): Promise<UnpackedBlock> {
    const before = this.#begun;
    let begin = (): void => undefined;
    this.#begun = new Promise((resolve) => (begin = resolve));
    try {
      const codec = await loading;
      const isLz4 = codec.name === "lz4";
      const raw = isLz4 ? lz4Memory(data, rawLength) : asBuffer(await unpackBlock(codec, data, rawLength));
      // Blocks are hashed in the order of the calls, whichever is decoded first.
      await before;
      const work = fromAddon(() => this.#native.unpack(isLz4 ? asBuffer(data) : NO_DATA, raw));
      begin();
      const found = await work.catch(entriesAreWrong);
      if (found === null) return { raw, facts: null };
      const { facts, ...longest } = found;
      return { raw, facts: { ...blockFacts(raw, facts), ...longest } };
    } finally {
      begin();
    }
  }

  /** As BlockUnpacker says. */
  digest(): Uint8Array {
    return new Uint8Array(this.#native.digest());
  }
}

/** What is wrong with entries is found out by who reads the block; any other error is one of the block itself, or of ours. */
function entriesAreWrong(error: unknown): null {
  if (error instanceof KgdumpError && ["DUMP_ENTRIES_MALFORMED", "DUMP_ORDER_BROKEN"].includes(error.code)) return null;
  throw lz4Damage(error);
}

/** Makes unpackers; undefined where the addon is missing: then blocks are decoded, checked and hashed in JavaScript, by who reads them. */
export function unpackers(): ((shape: KeyspaceShape) => KeyspaceUnpacker) | undefined {
  return blocksAddonIfAny() === null ? undefined : (shape) => new KeyspaceUnpacker(shape);
}
