/**
 * The browser on a terminal: draws views with ink, and takes keys. In its own bundle, dist/browse.cjs, as ink and what it needs are half as large as all the
 * rest: nothing here but types may come of what the program's bundle has, so that no class is there twice.
 */
import { Box, type Key as InkKey, render, Text, useInput } from "ink";
import { createElement as h, type ReactNode, useSyncExternalStore } from "react";
import type { Host } from "./host.js";
import { Runner } from "./runner.js";
import type { Happening, Key, Size, State } from "./state.js";
import { begin, step } from "./step.js";
import { type PaneView, type View, viewOf, type ViewLook } from "./view.js";

/** The other screen of a terminal, so that what was on it comes back. */
const ENTER = "\x1b[?1049h\x1b[H\x1b[2J";
const LEAVE = "\x1b[?25h\x1b[?1049l";
const CLEAR = "\x1b[2J\x1b[H";

/**
 * Browses until the user leaves; the terminal is as it was then.
 * @throws the signal's reason when it aborts
 */
export async function browseScreen(host: Host): Promise<void> {
  const { stdin, stdout } = process;
  const { promise: left, resolve: leave, reject: fail } = withResolvers();
  const store = new Store(host, { leave, interrupt: () => { process.kill(process.pid, "SIGINT"); } });
  let shown = true;
  const restore = (): void => {
    if (!shown) return;
    shown = false;
    stdout.write(LEAVE);
    if (stdin.isTTY) stdin.setRawMode(false);
  };
  const onAbort = (): void => { fail(host.signal.reason as Error); };
  // A terminal that has gone is told by a signal, too.
  const onLost = (): void => { leave(); };
  host.onScreen(restore);
  process.once("exit", restore);
  stdout.on("error", onLost);
  host.signal.addEventListener("abort", onAbort, { once: true });
  stdout.write(ENTER);
  const app = render(h(App, { store, look: host.look }), { stdin, stdout, exitOnCtrlC: false, patchConsole: false, maxFps: 30 });
  const onResize = (): void => {
    // What a terminal makes of the lines that it had is anybody's guess.
    stdout.write(CLEAR);
    app.clear();
    store.tell({ kind: "size", size: sizeOf(stdout) });
  };
  stdout.prependListener("resize", onResize);
  try {
    host.signal.throwIfAborted();
    await left;
  } finally {
    stdout.off("resize", onResize);
    host.signal.removeEventListener("abort", onAbort);
    app.unmount();
    restore();
    process.off("exit", restore);
    stdout.off("error", onLost);
    stdin.pause();
    await store.end();
  }
}

function sizeOf({ columns, rows }: NodeJS.WriteStream): Size {
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}

function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void; readonly reject: (error: Error) => void } {
  let [resolve, reject]: [() => void, (error: Error) => void] = [() => undefined, () => undefined];
  const promise = new Promise<void>((done, failed) => { [resolve, reject] = [done, failed]; });
  return { promise, resolve, reject };
}

/** The state, and those who draw it. */
class Store {
  readonly #runner: Runner;
  readonly #ends: { readonly leave: () => void; readonly interrupt: () => void };
  readonly #listeners = new Set<() => void>();
  #state: State;

  constructor(host: Host, ends: { readonly leave: () => void; readonly interrupt: () => void }) {
    this.#ends = ends;
    this.#runner = new Runner(host, (happening) => { this.tell(happening); });
    const { state, wanted } = begin(host.rows.keyspaces, sizeOf(process.stdout));
    this.#state = state;
    for (const one of wanted) this.#runner.run(one);
  }

  readonly current = (): State => this.#state;

  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  };

  tell(happening: Happening): void {
    const { state, wanted } = step(this.#state, happening);
    this.#state = state;
    for (const listener of this.#listeners) listener();
    for (const one of wanted) {
      if (one.kind === "quit") this.#ends.leave();
      else if (one.kind === "interrupt") this.#ends.interrupt();
      else this.#runner.run(one);
    }
  }

  end(): Promise<void> {
    return this.#runner.end();
  }
}

function App({ store, look }: { readonly store: Store; readonly look: ViewLook }): ReactNode {
  const state = useSyncExternalStore(store.listen, store.current);
  useInput((input, key) => {
    for (const pressed of keysOf(input, key)) store.tell({ kind: "key", key: pressed });
  });
  return drawView(viewOf(state, look), state.size);
}

function drawView({ layout, head, foot, panes, help }: View, { columns, rows }: Size): ReactNode {
  const { tree, list, value } = panes;
  const body = help !== null
    ? lines(help)
    : layout === "none"
      ? null
      : h(Box, null, drawPane(tree), h(Box, { flexDirection: layout === "stacked" ? "column" : "row" }, drawPane(list), drawPane(value)));
  return h(Box, { flexDirection: "column", width: columns, height: rows - 1 }, line(head), h(Box, { flexGrow: 1, flexDirection: "column" }, body), line(foot));
}

function drawPane(pane: PaneView | undefined): ReactNode {
  if (pane === undefined) return null;
  const { area: { width, height }, title, lines: shown, focused } = pane;
  return h(Box, { width, height, flexDirection: "column", flexShrink: 0, borderStyle: focused ? "bold" : "single", borderDimColor: !focused }, line(title), lines(shown));
}

function lines(texts: readonly string[]): ReactNode {
  return texts.map((text, at) => h(Text, { key: at, wrap: "truncate-end" }, text === "" ? " " : text));
}

function line(text: string): ReactNode {
  return h(Text, { wrap: "truncate-end" }, text === "" ? " " : text);
}

const NAMED: readonly (readonly [keyof InkKey, Key["name"]])[] = [
  ["upArrow", "up"], ["downArrow", "down"], ["leftArrow", "left"], ["rightArrow", "right"], ["pageUp", "page-up"], ["pageDown", "page-down"],
  ["home", "home"], ["end", "end"], ["return", "enter"], ["escape", "escape"], ["backspace", "backspace"], ["delete", "backspace"],
];

/** What some characters stand for where several come at once, as of a paste, or over a slow line. */
const CONTROLS: Readonly<Record<string, Key["name"]>> = { "\r": "enter", "\n": "enter", "\t": "tab", "\x7f": "backspace", "\b": "backspace", "\x03": "interrupt", "\x1b": "escape" };

/** Keys as the browser knows them; none for one that does nothing. */
function keysOf(input: string, key: InkKey): Key[] {
  if (key.ctrl && input === "c") return [{ name: "interrupt", text: "" }];
  if (key.tab) return [{ name: key.shift ? "back-tab" : "tab", text: "" }];
  const named = NAMED.find(([name]) => key[name] === true);
  if (named !== undefined) return [{ name: named[1], text: "" }];
  if (key.ctrl || key.meta) return [];
  return Array.from(input).flatMap((character): Key[] => {
    const name = CONTROLS[character];
    if (name !== undefined) return [{ name, text: "" }];
    return character < " " ? [] : [{ name: "text", text: character }];
  });
}
