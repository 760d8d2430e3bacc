// @ts-check
/** Exports of a sled store. */
import { kgdump, making, out } from "./commands.mjs";
import { PEERS_PROGRAM } from "./measure.mjs";

/** @typedef {import("./contenders.mjs").Contender} Contender */

/** @type {readonly Contender[]} */
export const SLED_EXPORTS = [
  {
    name: "sled-iterate",
    part: "export-sled",
    kind: "peer",
    title: "sled: iteration, written to a file",
    about: "a plain Rust program with the published crate goes through all trees and writes the encoded entries, joined to 1 MiB and synced; no compression, no checksum",
    sled: true,
    command: (places) => making(out(places, "sled.raw"), [PEERS_PROGRAM, "read", places.sled, out(places, "sled.raw")]),
    count: Number,
  },
  ...["none", "lz4"].map((codec) => /** @type {Contender} */ ({
    name: `sled-export-${codec}`,
    part: "export-sled",
    kind: "kgdump",
    title: `kgdump export SLED --codec ${codec}`,
    about: "all trees into a dump; a checksum on every frame, a SHA-256 of every keyspace, synced",
    sled: true,
    command: (places) => making(out(places, "sled.kgd"), kgdump("export", places.sled, "-q", "--codec", codec, "-o", out(places, "sled.kgd"))),
  })),
];
