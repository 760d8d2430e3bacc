/** What a single record says, and the keys that it has: fields in keys of every form come back, and what a value does not have itself is not there. */
import test from "ava";
import { fieldsOf, keyWith, parseValue, ruleOf, say } from "#src/operations/relations/records.js";
import type { GraphField, GraphForm, GraphKeyPart, GraphLayout, GraphRule } from "#src/settings/graph-layout.js";
import fc from "../../support/properties.js";

const UUID = "016d50c3-b9f5-45ec-852e-c4c92cedca48";
const ALL = ["id", "from", "to", "label"] as const;

const rule = (key: readonly GraphKeyPart[], more: Partial<GraphRule> = {}): GraphRule => ({ kind: "edge", key, ...more });
const literal = (text: string): GraphKeyPart => ({ literal: Buffer.from(text, "latin1") });

test("fields in keys come back in each form, and a key that is shorter, longer or another is none of the rule's", (t) => {
  const texts: Readonly<Record<GraphForm, fc.Arbitrary<string>>> = {
    text: fc.string({ minLength: 1, maxLength: 6 }).filter((text) => !text.includes("|")),
    u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
    uuid: fc.uuid(),
    "uuid-text": fc.uuid(),
  };
  const field = fc.constantFrom<GraphForm>("text", "u64", "uuid", "uuid-text").chain((form) => fc.tuple(fc.constant(form), texts[form]));
  fc.assert(
    fc.property(fc.array(field, { minLength: 1, maxLength: 3 }), (fields) => {
      const names: readonly GraphField[] = ["id", "from", "to"];
      const parts = fields.flatMap(([form], at): GraphKeyPart[] => [literal(at === 0 ? "e:" : "|"), { name: names[at] ?? "any", form }]);
      const bytes = fields.flatMap(([form, text], at) => [
        Buffer.from(at === 0 ? "e:" : "|"),
        form === "uuid" ? Buffer.from(text.replaceAll("-", ""), "hex") : form === "u64" ? Buffer.from(BigInt(text).toString(16).padStart(16, "0"), "hex") : Buffer.from(text),
      ]);
      const key = Buffer.concat(bytes);
      const own = rule(parts);
      t.deepEqual([...(fieldsOf(own, key) ?? [])], fields.map(([, text], at) => [names[at] ?? "any", text]));
      const last = fields.at(-1)?.[0];
      if (last !== "text") {
        t.is(fieldsOf(own, Buffer.concat([key, Buffer.from("x")])), null);
        t.is(fieldsOf(own, key.subarray(0, -1)), null);
      }
      t.is(fieldsOf(own, Buffer.concat([Buffer.from("E"), key.subarray(1)])), null);
      // What the key begins with, up to what is not known.
      t.deepEqual(Buffer.from(keyWith(own, "id", fields[0]?.[1] ?? "", false) ?? []), Buffer.concat(bytes.slice(0, fields.length === 1 ? 2 : 3)));
      t.deepEqual(Buffer.from(keyWith(own, "id", fields[0]?.[1] ?? "", true) ?? []), fields.length === 1 ? key : Buffer.alloc(0));
      if (fields.length > 1) t.is(keyWith(own, "from", "1", false), null);
    }),
  );
});

test("a key that a text can't be written in is none", (t) => {
  const of = (form: GraphForm, text: string): Uint8Array | null => keyWith(rule([literal("e:"), { name: "id", form }]), "id", text, true);
  for (const text of ["0", "1", "255", "256", "9007199254740993", "18446744073709551614", "18446744073709551615"]) {
    const key = of("u64", text);
    t.is(Buffer.from(key ?? []).toString("hex"), `653a${BigInt(text).toString(16).padStart(16, "0")}`, text);
    t.is(fieldsOf(rule([literal("e:"), { name: "id", form: "u64" }]), key ?? new Uint8Array(0))?.get("id"), text);
  }
  for (const text of ["", "-1", "1.5", "18446744073709551616", "x", "0x10"]) t.is(of("u64", text), null, text);
  for (const text of ["", UUID.slice(1), `${UUID}0`, UUID.replace("0", "g")]) for (const form of ["uuid", "uuid-text"] as const) t.is(of(form, text), null, text);
  t.deepEqual(Buffer.from(of("uuid-text", UUID.toUpperCase()) ?? []).toString(), `e:${UUID}`);
  t.is(keyWith(rule([literal("e:")]), "id", "x", true), null);
});

test("a field of a value is what the value itself has there, a text or a number", (t) => {
  const said = (path: readonly string[], json: string): string | null => say(rule([], { id: path }), null, parseValue(Buffer.from(json)), "id");
  for (const [path, json, wanted] of [
    ["a", '{"a":"x"}', "x"], ["a", '{"a":7.5}', "7.5"], ["a.b", '{"a":{"b":"x"}}', "x"], ["1", '["x","y"]', "y"], ["0.a", '[{"a":1}]', "1"],
    ["a", "{}", null], ["a", "null", null], ["a.b", '{"a":null}', null], ["a.b", '{"a":"text"}', null], ["a.length", '{"a":"text"}', null], ["a", '{"a":true}', null],
    ["a", '{"a":{}}', null], ["a", "7", null], ["a", "no JSON", null], ["length", '["x"]', null], ["2", '["x"]', null],
    ["constructor.name", "{}", null], ["__proto__.x", "{}", null], ["toString.name", "[]", null],
  ] as const) t.is(said(path.split("."), json), wanted, `${path} of ${json}`);
  // What stands in the key counts, and a label is a text.
  t.is(say(rule([], { id: ["a"] }), new Map([["id", "key"]]), { a: "value" }, "id"), "key");
  t.is(say(rule([], { label: ["a"] }), null, { a: 7 }, "label"), null);
  for (const name of ALL) t.is(say(rule([]), null, "x", name), null);
});

test("the rule of a kind is known when there is one", (t) => {
  const layout = (...kinds: readonly GraphRule["kind"][]): GraphLayout => ({ rules: kinds.map((kind) => ({ kind, key: [] })) }) as unknown as GraphLayout;
  t.is(ruleOf(layout("edge"), "node"), null);
  t.is(ruleOf(layout("edge", "node"), "node")?.kind, "node");
  t.is(ruleOf(layout("node", "edge", "node"), "node"), null);
});
