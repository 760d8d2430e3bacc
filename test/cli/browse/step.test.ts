/** What the browser shows after keys and answers, without a terminal. */
import { stripVTControlCharacters } from "node:util";
import test from "ava";
import { layoutOf } from "#src/cli/browse/layout.js";
import type { BrowsedKeyspace, PageRequest, Place, Row } from "#src/cli/browse/rows/rows.js";
import { type Key, type Size, type State, type Step, type Wanted } from "#src/cli/browse/state.js";
import { begin, step } from "#src/cli/browse/step.js";
import { viewOf } from "#src/cli/browse/view.js";
import { makePaint } from "#src/cli/terminal/style.js";

const b = (text: string): Uint8Array => Buffer.from(text);
const KEYSPACES: readonly BrowsedKeyspace[] = [{ name: b("default"), entries: 1000, estimated: false }, { name: b("other"), entries: null, estimated: true }];
const KEYS = Array.from({ length: 1000 }, (_, n) => `${n < 600 ? "edge:" : "node:"}${n.toString().padStart(4, "0")}`);
const keyAt = (n: number): string => KEYS[n] ?? "";
const VALUE = b('{"id":"x","list":[{"a":1},{"b":2}],"text":"知識"}');

/** The browser with answers from memory, of which each can be held back. */
class Browser {
  state: State;
  readonly asked: Wanted[] = [];
  held = false;

  constructor(size: Size = { columns: 80, rows: 24 }) {
    const first = begin(KEYSPACES, size);
    this.state = first.state;
    this.#take(first);
  }

  press(...keys: readonly (Key["name"] | { readonly text: string })[]): this {
    for (const key of keys) this.#take(step(this.state, { kind: "key", key: typeof key === "string" ? { name: key, text: "" } : { name: "text", text: key.text } }));
    return this;
  }

  type(text: string): this {
    return this.press(...Array.from(text, (one) => ({ text: one })));
  }

  #take({ state, wanted }: Step): void {
    this.state = state;
    this.asked.push(...wanted);
    if (!this.held) for (const one of wanted) this.answer(one);
  }

  answer(wanted: Wanted): void {
    if (wanted.kind === "prefixes") this.#take(step(this.state, { kind: "prefixes", place: wanted.place, found: { prefixes: prefixes(wanted.place), more: false } }));
    if (wanted.kind === "page") this.#take(step(this.state, { kind: "page", ticket: wanted.ticket, side: wanted.side, rows: page(wanted.request), limit: wanted.request.limit }));
    if (wanted.kind === "value") this.#take(step(this.state, { kind: "value", ticket: wanted.ticket, bytes: VALUE }));
    if (wanted.kind === "seek") this.#take(step(this.state, { kind: "seek", key: b(wanted.text) }));
  }

  get shown(): string {
    const { head, foot, panes, help } = viewOf(this.state, { paint: makePaint(false), title: "graph.kgd", kind: "dump" });
    return [head, ...(["tree", "list", "value"] as const).flatMap((name) => [panes[name]?.title ?? "", ...(panes[name]?.lines ?? [])]), ...(help ?? []), foot].join("\n");
  }

  get cursorKey(): string {
    const { list } = this.state;
    return Buffer.from(list.rows[list.cursor]?.key ?? []).toString();
  }
}

function prefixes({ keyspace, prefix }: Place): { prefix: Uint8Array; entries: number; estimated: boolean }[] {
  return keyspace !== 0 || prefix.length > 0 ? [] : [{ prefix: b("edge:"), entries: 600, estimated: true }, { prefix: b("node:"), entries: 400, estimated: false }];
}

function page({ keyspace, prefix, key, back, limit }: PageRequest): Row[] {
  const part = keyspace === 0 ? KEYS.filter((one) => one.startsWith(Buffer.from(prefix).toString())) : [];
  const at = key === undefined ? undefined : Buffer.from(key).toString();
  const found = back ? part.filter((one) => at === undefined || one < at).slice(-limit) : part.filter((one) => at === undefined || one >= at).slice(0, limit);
  return found.map((one) => ({ key: b(one), size: VALUE.length }));
}

test("it begins with the first keyspace, what is in it, and its first value", (t) => {
  const { shown } = new Browser();
  for (const part of ["graph.kgd", "dump, 2 keyspaces", "> - default", "edge:", "60%", "40%", "· edge:0000", '"id": "x"', "知識"]) t.true(shown.includes(part), `${part} in\n${shown}`);
});

test("the list goes to its end and back, one by one and by pages, and is never longer than its window", (t) => {
  const browser = new Browser().press("tab");
  for (let n = 1; n < KEYS.length; n += 1) {
    browser.press("down");
    t.is(browser.cursorKey, keyAt(n));
    t.true(browser.state.list.rows.length <= 400);
    t.regex(browser.shown, new RegExp(`^> ${KEYS[n] ?? ""} `, "m"));
  }
  t.is(browser.press("down").cursorKey, keyAt(999));
  for (let n = KEYS.length - 2; n >= 0; n -= 1) t.is(browser.press("up").cursorKey, keyAt(n));
  t.is(browser.press("up").cursorKey, keyAt(0));
  t.is(browser.press("end").cursorKey, keyAt(999));
  t.is(browser.press("home").cursorKey, keyAt(0));
  while (browser.cursorKey !== keyAt(999)) browser.press("page-down");
  while (browser.cursorKey !== keyAt(0)) browser.press("page-up");
  t.pass();
});

test("the tree opens and closes, and the list follows it", (t) => {
  const browser = new Browser().press("down", "down");
  t.is(browser.cursorKey, "node:0600");
  t.regex(browser.shown, /^default › node:$/m);
  browser.press("enter");
  t.is(browser.state.tree.nodes[browser.state.tree.cursor]?.state, "leaf");
  t.is(browser.state.pane, "tree");
  browser.press("left");
  t.is(browser.state.tree.cursor, 0);
  browser.press("left");
  t.is(browser.state.tree.nodes.length, 2);
  browser.press("down", "right");
  t.regex(browser.shown, /no entries/);
  t.is(browser.state.value, null);
});

test("a key is gone to, within its part or out of it; what is behind it is said", (t) => {
  const browser = new Browser().press("down").type("/edge:0123").press("enter");
  t.is(browser.cursorKey, "edge:0123");
  t.is(browser.state.message, null);
  t.is(browser.state.pane, "list");
  t.is(browser.press("up").cursorKey, "edge:0122");
  t.is(browser.type("/node:07").press("enter").cursorKey, "node:0700");
  t.is(browser.type("/f").press("enter").cursorKey, "node:0600");
  t.regex(browser.shown, /no key begins so: this is the next one/);
  t.regex(browser.type("/z").press("enter").shown, /there is no such key, and none behind it/);
  const typing = browser.type("/ab").press("backspace");
  t.regex(typing.shown, /key: a/);
  t.is(typing.press("escape").state.prompt, null);
  t.is(browser.type("/").press("enter").state.prompt, null);
});

test("JSON is folded and unfolded, shown in hex, and the cursor stays within", (t) => {
  const browser = new Browser({ columns: 60, rows: 30 }).press("tab", "tab");
  const lines = (): string[] => browser.shown.split("value: ")[1]?.split("\n").slice(1, -1) ?? [];
  t.deepEqual(lines().map((line) => line.slice(1).trimEnd()), ["{", '  "id": "x",', '  "list": [{"a": 1}, {"b": 2}],', '  "text": "知識"', "}"]);
  browser.press("enter");
  t.deepEqual(lines(), [">{ … } (4 lines)"]);
  browser.press("enter", "down", "down", "down", "down", "down", "down");
  t.is(browser.state.value?.cursor, 4);
  t.regex(browser.type("x").shown, /00000000 {2}7b 22 69 64/);
  t.is(browser.type("-").state.value?.folded.size, 0);
  browser.type("x").type("-").type("+");
  t.is(browser.state.value?.folded.size, 0);
});

test("answers that come late change nothing; a failure is told, and the list before it comes back", (t) => {
  const browser = new Browser().press("tab");
  browser.held = true;
  browser.press("down");
  const late = browser.asked.at(-1);
  browser.held = false;
  browser.press("down");
  const before = browser.state.value;
  if (late !== undefined) browser.answer(late);
  t.is(browser.state.value, before);
  const rows = browser.state.list.rows;
  browser.type("&(").press("enter");
  const search = browser.asked.at(-1);
  t.is(search?.kind, "matches");
  t.regex(browser.shown, /0 matches of 0 \(searching, Esc stops\)/);
  if (search !== undefined) browser.state = step(browser.state, { kind: "failed", of: search, message: "no regular expression" }).state;
  t.is(browser.state.list.rows, rows);
  t.regex(browser.shown, /no regular expression/);
});

test("matches come as they are found; Esc stops the search, then goes back", (t) => {
  const browser = new Browser().press("tab").type("&7").press("enter");
  const search = browser.asked.at(-1);
  if (search?.kind !== "matches") return t.fail();
  const found = (state: "running" | "stopped"): void => { browser.state = step(browser.state, { kind: "matches", ticket: search.ticket, rows: [{ key: b("edge:0007"), size: 1 }], looked: 500, state }).state; };
  found("running");
  t.regex(browser.shown, /1 match of 500/);
  t.is(browser.press("escape").asked.at(-1)?.kind, "stop");
  found("stopped");
  t.regex(browser.shown, /2 matches of 500 \(stopped\)/);
  browser.press("escape");
  t.is(browser.state.list.source.kind, "entries");
  return t.pass();
});

test("neighbours are a list that goes on from each of them, and back", (t) => {
  const browser = new Browser().press("tab").type("n");
  const asked = browser.asked.at(-1);
  if (asked?.kind !== "around") return t.fail();
  t.is(Buffer.from(asked.node).toString(), "edge:0000");
  const node = { id: "one", label: "Person", missing: false, depth: 0, hidden: 2 };
  const nodes = [node, { ...node, id: "two\x1b", label: null, depth: 1 }, { ...node, id: "three", missing: true, label: null }];
  const edges = [{ id: "e", label: "KNOWS", from: 0, to: 1 }, { id: "f", label: null, from: 2, to: 0 }, { id: "g", label: "SELF", from: 0, to: 0 }];
  browser.state = step(browser.state, { kind: "around", ticket: asked.ticket, around: { nodes, edges, missingEdges: 1, keys: [b("node:1"), b("node:2"), null] } }).state;
  for (const line of ["neighbours: 3 edges, 2 more, 1 missing", "> Person one", "→ KNOWS two\\x1b", "← three (missing)", "⟲ SELF Person one"]) t.true(browser.shown.includes(line), `${line} in\n${browser.shown}`);
  browser.press("down", "enter");
  t.like(browser.asked.at(-1), { kind: "around", node: b("node:2") });
  browser.press("escape", "escape");
  t.is(browser.state.list.source.kind, "entries");
  return t.pass();
});

test("every size has a layout whose parts fill it, and no line is wider than its pane", (t) => {
  for (const columns of [20, 40, 79, 80, 129, 130, 200, 400]) {
    for (const rows of [5, 12, 24, 60]) {
      const browser = new Browser({ columns, rows }).press("tab", "down");
      const { kind, areas: { tree, list, value } } = layoutOf(browser.state);
      if (kind === "columns") t.is(tree.width + list.width + value.width, columns);
      if (kind === "stacked") t.is(list.height + value.height, rows - 3);
      if (kind === "none") t.true(columns < 40 || rows < 12);
      const { panes } = viewOf(browser.state, { paint: makePaint(true), title: "t", kind: "dump" });
      for (const { area, lines } of Object.values(panes)) {
        t.true(lines.length <= area.height - 3);
        for (const line of lines) t.true(stripVTControlCharacters(line).replaceAll(/[知識]/gu, "..").length <= area.width - 2, `${columns.toString()}x${rows.toString()}: ${line}`);
      }
      browser.type("z");
      t.is(layoutOf(browser.state).kind === "one", kind !== "none");
    }
  }
});

test("help is shown until any key; q and Ctrl-C leave from everywhere", (t) => {
  const browser = new Browser().type("?");
  t.regex(browser.shown, /go to a key, or the next one behind it/);
  browser.press("down");
  t.false(browser.state.help);
  t.is(browser.type("q").asked.at(-1)?.kind, "quit");
  t.is(browser.type("/q").asked.at(-1)?.kind, "quit");
  t.is(browser.state.prompt?.text, "q");
  t.is(browser.press("interrupt").asked.at(-1)?.kind, "interrupt");
  t.is(browser.press("escape").type("?q").asked.at(-1)?.kind, "quit");
});
