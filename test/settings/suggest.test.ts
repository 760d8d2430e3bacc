import test from "ava";
import { closest } from "#src/settings/suggest.js";

const KNOWN = ["cache_capacity", "compression", "use_compression", "mode", "path"];

test("a letter is no other letter", (t) => {
  t.is(closest("b", ["a"]), undefined);
  t.is(closest("b", ["a", "bc"]), "bc");
});

for (const [word, expected] of [
  ["cache_capcity", "cache_capacity"],
  ["CacheCapacity", "cache_capacity"],
  ["compresion", "compression"],
  ["cmopression", "compression"],
  ["use-compression", "use_compression"],
  ["pth", "path"],
  ["paht", "path"],
  // Three letters are missing, and one more than that.
  ["use_compress", "use_compression"],
  ["use_compres", undefined],
  ["x", undefined],
  ["", undefined],
  ["capacity_of_cache", undefined],
  ["x".repeat(100_000), undefined],
] as const) {
  test(`${word.slice(0, 20)} means ${expected ?? "nothing known"}`, (t) => {
    t.is(closest(word, KNOWN), expected);
  });
}
