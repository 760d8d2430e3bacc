/** Compacting sled stores: whoever reads one holds it. */
import { olderSled } from "../../../engines/older-sled.js";
import type { SledSource } from "../../../engines/sled/sled.js";
import { KgdumpError } from "../../../errors.js";
import { MAX_PAYLOAD_LENGTH } from "../../../format/index.js";
import { reopenSettings } from "../../../settings/reopen.js";
import { importDump } from "../../import/import.js";
import type { CompactSettings, Live, Made, Making, OldStore, OpeningOptions, SledForm } from "./old-store.js";

/** What a new store takes for each byte of its entries, mostly: pages above the leaves, and the ends of segments. */
const STORE_FACTOR = 1.04;

/** As openOldStore says. */
export async function openOldSled(store: string, { settings }: OpeningOptions): Promise<OldStore> {
  const { openSledSource } = await import("../../../engines/sled/reader.js");
  const source = await openSledSource(store);
  const version = olderSled(source);
  if (version === undefined) return new OldSled(store, source, settings);
  await source.close();
  throw new KgdumpError("STORE_UNSUPPORTED", `it is a store of sled ${version}, and kgdump makes stores of sled 0.34, which sled ${version} does not open`, {
    path: store,
    hint: "`kgdump export STORE | kgdump import NEW` makes a store of sled 0.34 of it, as small as what it holds",
  });
}

class OldSled implements OldStore {
  readonly engine = "sled";
  readonly source: SledSource;
  readonly form: SledForm;
  readonly #store: string;
  readonly #settings: CompactSettings;

  constructor(store: string, source: SledSource, settings: CompactSettings) {
    this.source = source;
    this.#store = store;
    this.#settings = settings;
    const { compression = source.settings.compression, segmentSize = source.settings.segmentSize } = settings;
    this.form = { compression, segmentSize };
  }

  estimate({ bytes }: Live): Promise<number | null> {
    const { compression, segmentSize } = this.form;
    return Promise.resolve(compression ? null : Math.ceil((bytes * STORE_FACTOR + 1) / segmentSize) * segmentSize);
  }

  make(making: Making): Promise<Made> {
    return importDump({ ...making, ...this.form, compressionLevel: this.#settings.compressionLevel, maxBlockSize: MAX_PAYLOAD_LENGTH });
  }

  reopen(): ReturnType<typeof reopenSettings> {
    return reopenSettings(this.#store, this.form, this.#settings);
  }

  again<R>(work: (source: SledSource) => Promise<R>): Promise<R> {
    return work(this.source);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.source.close();
  }
}
