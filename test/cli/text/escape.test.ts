import { execFile } from "node:child_process";
import { promisify } from "node:util";
import test from "ava";
import fc from "../../support/properties.js";
import { bareUuid, parseBytes } from "#src/cli/text/byte-text.js";
import { decodeUtf8, isPrintable } from "#src/cli/text/characters.js";
import { escapeJson, escapeMessage, escapeText, formatBytes, formatHex, formatShort } from "#src/cli/text/escape.js";

/** First and last of what must never reach a terminal, spelled out apart from the code's own pattern. */
const DANGEROUS_RANGES = [
  [0x00, 0x1f], [0x7f, 0x9f], [0xad, 0xad], [0x061c, 0x061c], [0x180e, 0x180e], [0x200b, 0x200f], [0x2028, 0x202e],
  [0x2060, 0x206f], [0xfeff, 0xfeff], [0xfff9, 0xfffb], [0xd800, 0xdfff], [0xe0001, 0xe007f],
] as const;

const isDangerous = (text: string): boolean =>
  Array.from(text).some((character) => {
    const codePoint = character.codePointAt(0) ?? 0;
    return DANGEROUS_RANGES.some(([first, last]) => codePoint >= first && codePoint <= last);
  });

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.string({ unit: "binary", maxLength: 40 }).map((text) => new Uint8Array(Buffer.from(text, "utf8"))),
  fc.tuple(fc.constantFrom("node:", "hex:", "text:", "edge:", "\\x", "\\", "\u202e", "\ufffd"), fc.uint8Array({ maxLength: 20 })).map(
    ([prefix, rest]) => new Uint8Array(Buffer.concat([Buffer.from(prefix), rest])),
  ),
  fc.tuple(fc.constantFrom("node:", "hex:", "text:", "", "it's:", "{", "\\:"), fc.uint8Array({ minLength: 16, maxLength: 16 })).map(([prefix, rest]) => new Uint8Array(Buffer.concat([Buffer.from(prefix), rest]))),
  fc.tuple(fc.constantFrom("user:", "event/", "a|", "#", "hex:", "", "it's:", "{", "user"), fc.constantFrom(4, 8), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(63)).map(([prefix, length, number, shift]) => {
    const tail = Buffer.alloc(8);
    tail.writeBigUInt64BE(number >> BigInt(shift));
    return new Uint8Array(Buffer.concat([Buffer.from(prefix), tail.subarray(8 - length)]));
  }),
  fc.tuple(fc.constantFrom("user:", "", "\\", "{"), fc.constantFrom("{u64:1}", "{u32:99999999999}", "{U64:1}", "{u64:}", "{u16:1}", "{ms:2026-11-29T20:48:18.827Z}", "{ms:2026-99-29T20:48:18Z}", "{ms:1}"), fc.constantFrom("", "x", "\xff")).map((parts) => new Uint8Array(Buffer.from(parts.join(""), "latin1"))),
  fc.tuple(fc.constantFrom("node:", "", "\\", "{"), fc.uuid(), fc.constantFrom("", "}", "}x")).map(([prefix, uuid, end]) => new Uint8Array(Buffer.from(`${prefix}{${uuid}${end}`))),
);

test("whatever the bytes, what is printed has no character that a terminal obeys", (t) => {
  fc.assert(
    fc.property(bytes, (key) => {
      const shown = formatBytes(key);
      return isPrintable(shown) && !isDangerous(shown) && !isDangerous(formatShort(key));
    }),
    { numRuns: 3000 },
  );
  t.pass();
});

test("what is printed is read back as the same bytes", (t) => {
  fc.assert(
    fc.property(bytes, (key) => Buffer.compare(parseBytes(formatBytes(key), "--get"), key) === 0),
    { numRuns: 3000 },
  );
  t.pass();
});

test("what is printed can be pasted into a shell in single quotes", async (t) => {
  const keys = fc.sample(bytes, 200);
  const quotes = ["it's", "''", "'; rm -rf '", "\"$HOME\" `id` $(id) \\'", "a'\n'b"].map((text) => Buffer.from(text));
  const shown = [...keys, ...quotes].map((key) => formatBytes(key));
  t.deepEqual(shown.filter((text) => text.includes("'")), []);
  const { stdout } = await promisify(execFile)("sh", ["-c", `printf '%s\\n' ${shown.map((text) => `'${text}'`).join(" ")}`]);
  const pasted = stdout.split("\n").slice(0, -1);
  for (const [index, key] of [...keys, ...quotes].entries()) t.is(Buffer.compare(parseBytes(pasted[index] ?? "", "--get"), key), 0, shown[index]);
});

test("two different keys are never printed the same", (t) => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => Buffer.compare(a, b) === 0 || formatBytes(a) !== formatBytes(b)),
    { numRuns: 3000 },
  );
  t.pass();
});

test("every code point of the planes in use is printable or escaped, and read back", (t) => {
  for (let codePoint = 0; codePoint <= 0x10ffff; codePoint++) {
    if (codePoint >= 0xd800 && codePoint <= 0xdfff) continue;
    if (codePoint === 0x20000) codePoint = 0xe0000;
    if (codePoint === 0xe1000) codePoint = 0x10fff0;
    const character = String.fromCodePoint(codePoint);
    const shown = formatBytes(Buffer.from(`abc${character}`));
    if (isDangerous(shown) || Buffer.from(parseBytes(shown, "x")).toString() !== `abc${character}`) {
      t.fail(`U+${codePoint.toString(16)} is printed as ${JSON.stringify(shown)}`);
      return;
    }
  }
  t.pass();
});

for (const [name, key, shown] of [
  ["plain text stays", Buffer.from("node_edges:a:outgoing"), "node_edges:a:outgoing"],
  ["text of any language stays", Buffer.from("日本語 é ß"), "日本語 é ß"],
  ["no bytes can be seen", Buffer.alloc(0), "hex:"],
  ["a prefix with raw bytes is mixed", Buffer.concat([Buffer.from("node:"), Buffer.from("dead00ff", "hex")]), "node:\\xde\\xad\\x00\\xff"],
  ["mostly binary is hex", Buffer.from("00ff00ff", "hex"), "hex:00ff00ff"],
  ["one zero byte is hex", Buffer.from([0]), "hex:00"],
  ["a newline and an escape", Buffer.from("a\nkey\x1b[31m"), "a\\x0akey\\x1b[31m"],
  ["a C1 control is a character", Buffer.from("key\u009b31m"), "key\\u{9b}31m"],
  ["a lone byte 0x9b is a byte", Buffer.concat([Buffer.from("key"), Buffer.from([0x9b])]), "key\\x9b"],
  ["bidi controls", Buffer.from("abc\u202edef"), "abc\\u{202e}def"],
  ["zero-width and BOM", Buffer.from("abc\u200b\ufeff"), "abc\\u{200b}\\u{feff}"],
  ["spaces that look like one", Buffer.from("abc\u00a0d e"), "abc\\u{a0}d e"],
  ["a backslash is doubled", Buffer.from("C:\\x41"), "C:\\\\x41"],
  ["what looks like hex", Buffer.from("hex:41"), "\\x68ex:41"],
  ["what looks like text", Buffer.from("text:41"), "\\x74ext:41"],
  ["overlong UTF-8 is bytes", Buffer.concat([Buffer.from("abc"), Buffer.from([0xc0, 0xaf])]), "abc\\xc0\\xaf"],
  ["a surrogate in UTF-8 is bytes", Buffer.concat([Buffer.from("abc"), Buffer.from([0xed, 0xa0, 0x80])]), "abc\\xed\\xa0\\x80"],
] as const) {
  test(`bytes: ${name}`, (t) => {
    t.is(formatBytes(key), shown);
    t.deepEqual(Buffer.from(parseBytes(shown, "--get")), Buffer.from(key));
  });
}

test("messages and names are made safe", (t) => {
  t.is(escapeMessage('no "a\x1b]0;x\x07" in C:\\dir'), 'no "a\\x1b]0;x\\x07" in C:\\dir');
  t.is(escapeText("C:\\dir\n"), "C:\\\\dir\\x0a");
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => isPrintable(escapeMessage(text)) && isPrintable(escapeText(text))),
  );
});

test("JSON stays the same JSON, and is safe", (t) => {
  fc.assert(
    fc.property(fc.json({ stringUnit: "binary" }), (json) => {
      const safe = escapeJson(json);
      t.deepEqual(JSON.parse(safe), JSON.parse(json));
      return !isDangerous(safe.replace(/[\n\t]/g, ""));
    }),
  );
});

const RAW = Buffer.from("0f8fad5bd9cb469fa16570867728950e", "hex");
const SHOWN = "{0f8fad5b-d9cb-469f-a165-70867728950e}";

for (const [what, key, shown] of [
  ["16 raw bytes behind a prefix are a UUID in braces", Buffer.concat([Buffer.from("node:"), RAW]), `node:${SHOWN}`],
  ["so are they alone, when they are a UUID", RAW, SHOWN],
  ["other 16 raw bytes alone are hex", Buffer.from("ff8fad5bd9cbf69fff6570867728950e", "hex"), "hex:ff8fad5bd9cbf69fff6570867728950e"],
  ["behind a prefix they may be any", Buffer.concat([Buffer.from("edge:"), Buffer.alloc(16, 0xff)]), "edge:{ffffffff-ffff-ffff-ffff-ffffffffffff}"],
  ["16 bytes of text stay text", Buffer.from("node_edges:0123456789abcdef"), "node_edges:0123456789abcdef"],
  ["a text that looks like one is told apart", Buffer.from(`node:${SHOWN}`), `node:\\x7b${SHOWN.slice(1)}`],
  ["so is one in capitals", Buffer.from(SHOWN.toUpperCase()), `\\x7b${SHOWN.slice(1).toUpperCase()}`],
  ["behind what is no text they are none", Buffer.concat([Buffer.from("n\xffde:", "latin1"), RAW]), null],
  ["nor are 15 bytes", Buffer.concat([Buffer.from("node:"), RAW.subarray(1)]), null],
] as const) {
  test(`UUIDs: ${what}`, (t) => {
    if (shown === null) t.false(formatBytes(key).includes("{"));
    else t.is(formatBytes(key), shown);
    t.deepEqual(Buffer.from(parseBytes(formatBytes(key), "--get")), key);
    t.is(formatShort(key), formatBytes(key));
  });
}

test("a UUID that was typed without braces means its bytes, where nothing has that text", (t) => {
  t.deepEqual(bareUuid(Buffer.from("node:0F8FAD5B-d9cb-469f-a165-70867728950e")), new Uint8Array(Buffer.concat([Buffer.from("node:"), RAW])));
  t.is(bareUuid(Buffer.from("node:0f8fad5b")), null);
});

test("a long key is cut in a table, a short one is not", (t) => {
  t.is(formatShort(Buffer.from("nodes")), "nodes");
  t.true(formatShort(Buffer.alloc(1_000_000, 0x61)).endsWith("…"));
  t.is(Array.from(formatShort(Buffer.alloc(1_000_000, 0x61))).length, 96);
});

test("a byte order mark is kept, ill-formed UTF-8 is no text", (t) => {
  t.is(decodeUtf8(Buffer.from("\ufeffa")), "\ufeffa");
  t.is(decodeUtf8(Buffer.from([0xff])), null);
  t.is(formatHex(Buffer.from([0, 255])), "hex:00ff");
});
