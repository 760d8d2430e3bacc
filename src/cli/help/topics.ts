/** What several commands share, as topics of `kgdump help`. */
import { exitText } from "./exits.js";

/** A text that several commands refer to. */
interface Topic {
  /** In a few words, for the list. */
  readonly about: string;
  readonly text: string;
}

/** All topics by name. */
export const TOPICS: Readonly<Record<string, Topic>> = {
  keys: {
    about: "how to type keys, prefixes and names",
    text: `Keys, prefixes and names:
  Text stands for its UTF-8 bytes; in it \\xNN is one byte, \\u{H...} a character and \\\\ a backslash, and
  {0f8fad5b-d9cb-469f-a165-70867728950e} the 16 bytes of a UUID; {u64:37} and {u32:37} are numbers in 8 and 4 bytes, the highest first, and {ms:2026-11-29T20:48:18.827Z} milliseconds since 1970 in 8. hex:6e6f64653a is bytes in hex; text:... is text without any escapes. Keys are printed in the same way, so what inspect shows can be pasted back (in single quotes, for the shell). What a key ends with is recognised; inspect --layout FILE tells of other parts.`,
  },
  maps: {
    about: "how to rename keyspaces: --map",
    text: `Other names:
  --map a=b renames a to b. A * on each side stands for the same text: --map 'vertices:*=v_*'. Names take precedence over patterns, and of these the
  first that fits. A keyspace without entries never conflicts with another one.`,
  },
  sizes: {
    about: "how to type sizes",
    text: `Sizes:
  4MiB, 512KiB, 1.5M; k, M, G and KiB, MiB, GiB are powers of 1024; kB, MB, GB powers of 1000.`,
  },
  settings: {
    about: "the service's settings file and the environment",
    text: `Settings:
  Options override the environment, and that overrides the settings file. Of the environment, KGDUMP_CONFIG, KGDUMP_CACHE_CAPACITY, KGDUMP_COMPRESSION,
  KGDUMP_COMPRESSION_LEVEL, KGDUMP_FLUSH_EVERY_MS and KGDUMP_SEGMENT_SIZE are used; of the file, engine and path in [storage], and [storage.sled]. A relative
  path starts at the working directory. A store keeps its compression and segment size for good: the result says how it must be opened, and with --merge
  they must be those of the store.

  KGDUMP_ADDON=none turns native code off: dumps are then read and counted by JavaScript and WebAssembly alone, which can reach nothing else, and stores can't be read. kgdump --version -v shows which native code there is.

  On a terminal, lists, values and figures are shown through a pager, as git does: the command in KGDUMP_PAGER, else the one in PAGER, else less. cat, or an empty text, is none. NO_COLOR turns colours off.`,
  },
  json: {
    about: "what --json writes",
    text: `JSON:
  --json writes one object (with --blocks, --entries and --keys one per line). Names, keys and values are {"text": "..."} when they are printable UTF-8, else
  {"hex": "..."}; unknown figures are null. Of a value over 16 MiB only the beginning is shown, and "valueBytes" is its size; --get KEY --raw writes all of it.`,
  },
  "exit-codes": { about: "what the exit status of each command means", text: exitText() },
};
