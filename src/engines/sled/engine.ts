/** Sled as an engine. */
import type { Engine } from "../engine.js";

const NAMES = /^(?:db|conf|blobs|snap\..*)$/;

/**
 * Bytes of sled's cache while a new store is read back: each page is read once, so that more would only take memory. Enough for
 * the index pages that every leaf is found by.
 */
const READ_BACK_CACHE = 16 * 1024 * 1024;

/** Sled 0.34, and 0.32 and 0.33 for what only reads. */
export const SLED: Engine = {
  name: "sled",
  title: "sled",
  keyspaceWords: ["tree", "trees"],
  ownNames: NAMES,
  storeNames: NAMES,
  everyStoreHas: "db",
  readingLocks: true,
  estimates: false,
  numbersChanges: false,
  tellsOptions: false,
  countsIds: true,
  // As native/sled has it.
  largest: { key: 16 * 1024 * 1024, value: 512 * 1024 * 1024 },
  // One that lost its `db` or its `conf` is a store still.
  recognises: (names) => {
    const found = ["db", "conf", "blobs"].filter((name) => names.includes(name));
    if (names.some((name) => name.startsWith("snap."))) found.push("snap.");
    return found.length > 1 && found.some((name) => name === "db" || name === "conf");
  },
  recognisesRemains: (names) => names.some((name) => /^(?:db|conf|blobs|snap\.[0-9A-Fa-f]+(?:\.generating)?)$/.test(name)),
  openSource: async (path) => (await import("./reader.js")).openSledSource(path),
  openLoader: async (path, { keyspaces, jobs, nextId, settings = {} }) => {
    const { cacheCapacity, compression, compressionLevel: compressionFactor, segmentSize } = settings;
    return (await import("./loader.js")).openSledLoader(path, { keyspaces, jobs, nextId, cacheCapacity, compression, compressionFactor, segmentSize });
  },
  // The digests tell of all that is missing or wrong, so that the check of all files, which sled itself lacks, can be left out.
  readBack: async (path, { cacheCapacity = READ_BACK_CACHE } = {}) => (await import("./sled.js")).readBackSled(path, { cacheCapacity: Math.min(cacheCapacity, READ_BACK_CACHE), check: false }),
  openSalvage: async (path) => (await import("./salvage.js")).openSledSalvage(path),
  versionIn: () => ({ file: "conf", pattern: /^version: (\d+\.\d+)/m }),
  troubleOf: async (path) => (await import("./lock.js")).troubleOf(path),
  lock: async (path) => (await import("./lock.js")).lockSled(path),
};
