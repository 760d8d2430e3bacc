import test from "ava";
import { formatPattern, literalStart } from "#src/cli/text/pattern.js";
import type { KeyPart } from "#src/operations/stats/results.js";

const literal = (text: string | Buffer): KeyPart => ({ kind: "literal", bytes: Buffer.from(text), width: text.length });
const part = (kind: KeyPart["kind"], width: number | null = null): KeyPart => ({ kind, bytes: null, width });

test("what stands for parts is told apart from keys", (t) => {
  t.is(formatPattern([literal("node:"), part("uuid", 16)]), "node:{uuid}");
  t.is(formatPattern([literal("user:"), part("number"), literal(":"), part("text")]), "user:<number>:<text>");
  t.is(formatPattern([part("hex"), literal("/"), part("uuid-text", 36), literal("/"), part("integer", 8)]), "<hex>/<uuid>/{integer}");
  t.is(formatPattern([literal("\x01"), part("bytes", 1), part("bytes", 30), part("bytes")]), "\\x01{1 byte}{30 bytes}{bytes}");
  t.is(formatPattern([literal("a:")], true), "a:*");
  t.is(formatPattern([literal("a:"), part("rest")]), "a:*");
  t.is(formatPattern([literal("a:"), part("rest")], true), "a:*");
  t.is(formatPattern([], true), "*");
});

test("a key is shown as keys are, and nothing that a terminal obeys", (t) => {
  t.is(formatPattern([literal(Buffer.from("ffffff", "hex"))]), "hex:ffffff");
  t.is(formatPattern([literal("it's\x1b[31m"), part("number")]), "it\\x27s\\x1b[31m<number>");
});

test("what all keys begin with is known", (t) => {
  t.deepEqual(Buffer.from(literalStart([literal("node:"), part("uuid", 16)])).toString(), "node:");
  t.is(literalStart([part("uuid", 16), literal("x")]).length, 0);
  t.is(literalStart([]).length, 0);
});
