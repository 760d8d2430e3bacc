import test from "ava";
import { environmentSettings, layered } from "#src/settings/environment.js";

test("every variable, and none", (t) => {
  const none = { cacheCapacity: undefined, compression: undefined, compressionLevel: undefined, flushEveryMs: undefined, segmentSize: undefined };
  t.deepEqual(environmentSettings({ KGDUMP_CONFIG: "", KGDUMP_COMPRESSION: "" }), { config: undefined, settings: none });
  t.deepEqual(
    environmentSettings({
      KGDUMP_CONFIG: "s.toml",
      KGDUMP_CACHE_CAPACITY: "1.5GiB",
      KGDUMP_COMPRESSION: "Yes",
      KGDUMP_COMPRESSION_LEVEL: " 9 ",
      KGDUMP_FLUSH_EVERY_MS: "250",
      KGDUMP_SEGMENT_SIZE: "1MiB",
    }),
    {
      config: "s.toml",
      settings: { cacheCapacity: 1.5 * 2 ** 30, compression: true, compressionLevel: 9, flushEveryMs: 250, segmentSize: 2 ** 20 },
    },
  );
  for (const [words, value] of [[["1", "true", "yes", "on", "zstd"], true], [["0", "false", "no", "off", "none"], false]] as const) {
    for (const word of [...words, ...words.map((one) => ` ${one.toUpperCase()}`)]) t.is(environmentSettings({ KGDUMP_COMPRESSION: word }).settings.compression, value, word);
  }
});

for (const [variable, value] of [
  ["KGDUMP_CACHE_CAPACITY", "12"],
  ["KGDUMP_CACHE_CAPACITY", "much"],
  ["KGDUMP_COMPRESSION", "perhaps"],
  ["KGDUMP_COMPRESSION_LEVEL", "1e1"],
  ["KGDUMP_COMPRESSION_LEVEL", "9B"],
  ["KGDUMP_COMPRESSION_LEVEL", "23"],
  ["KGDUMP_FLUSH_EVERY_MS", "0"],
  ["KGDUMP_FLUSH_EVERY_MS", "1k"],
  ["KGDUMP_SEGMENT_SIZE", "3MiB"],
] as const) {
  test(`${variable}=${value} is refused by name`, (t) => {
    t.throws(() => environmentSettings({ [variable]: value }), { code: "USAGE", message: new RegExp(`${variable}, '${value}',`) });
  });
}

test("each setting is taken from the first layer that has it, false and all", (t) => {
  const { compression, segmentSize, cacheCapacity } = layered({ compression: false }, { compression: true, segmentSize: 256 }, { segmentSize: 512, cacheCapacity: 1024 });
  t.deepEqual([compression, segmentSize, cacheCapacity], [false, 256, 1024]);
});
