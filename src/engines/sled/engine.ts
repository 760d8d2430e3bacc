/** Sled as an engine. */
import type { Engine } from "../engine.js";

const NAMES = /^(?:db|conf|blobs|snap\..*)$/;

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
  openSalvage: async (path) => (await import("./salvage.js")).openSledSalvage(path),
  versionIn: () => ({ file: "conf", pattern: /^version: (\d+\.\d+)/m }),
  troubleOf: async (path) => (await import("./lock.js")).troubleOf(path),
  lock: async (path) => (await import("./lock.js")).lockSled(path),
};
