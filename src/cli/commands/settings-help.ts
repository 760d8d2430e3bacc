/** What `--help` says of settings; apart, as reading settings is loaded only by commands that do. */

/** The rule in words, for `--help`. */
export const SETTINGS_HELP = `Settings:
  Options come before the environment, and that before the settings file. Of the environment, KGDUMP_CONFIG,
  KGDUMP_CACHE_CAPACITY, KGDUMP_COMPRESSION, KGDUMP_COMPRESSION_LEVEL, KGDUMP_FLUSH_EVERY_MS and KGDUMP_SEGMENT_SIZE
  count; of the file, engine and path in [storage], and [storage.sled]. A relative path starts at the working directory.
  Compression and segment size are in the store for good: the result says how it must be opened, and with --merge they
  must be those of the store.`;
