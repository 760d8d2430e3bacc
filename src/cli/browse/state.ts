/** What the browser shows and knows, without a terminal. Each change makes a new state: see step.ts. */
import type { BrowsedKeyspace, BrowsedPrefixes, Around, PageRequest, Place, Row } from "./rows/rows.js";

/** Of the terminal, in cells. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The parts of the screen, one of which takes the keys. */
export type Pane = "tree" | "list" | "value";

/** A line of the tree: a keyspace, or a prefix in it. */
export interface TreeNode extends Place {
  /** 0 for a keyspace. */
  readonly depth: number;
  /** What it adds to the prefix above it; the name of a keyspace. */
  readonly label: Uint8Array;
  readonly entries: number | null;
  readonly estimated: boolean;
  readonly state: "closed" | "loading" | "open" | "leaf";
}

/** Keyspaces and prefixes, in the order in which they are shown. */
export interface Tree {
  readonly nodes: readonly TreeNode[];
  readonly cursor: number;
  readonly top: number;
}

/** A line of a list. */
export interface ListRow {
  /** null for a node that is missing, or whose key is not known. */
  readonly key: Uint8Array | null;
  readonly size: number | null;
  /** What is shown in the key's place, safe to print. */
  readonly text?: string;
}

/** Where the lines of a list come from. */
export type ListSource =
  | { readonly kind: "entries"; readonly atStart: boolean; readonly atEnd: boolean; readonly waits: "before" | "after" | null }
  | { readonly kind: "matches"; readonly pattern: string; readonly looked: number; readonly state: "running" | "done" | "stopped" | "full" }
  | { readonly kind: "around"; readonly around: Around | null };

/** Entries of a part, matches of a search, or what is around a node. */
export interface List extends Place {
  /** Tells its answers from those of lists before it. */
  readonly ticket: number;
  readonly source: ListSource;
  readonly rows: readonly ListRow[];
  readonly cursor: number;
  readonly top: number;
  /** The key that was jumped to, until the answer came. */
  readonly sought: Uint8Array | null;
}

/** The value that is shown. */
export interface Value {
  readonly ticket: number;
  readonly keyspace: number | null;
  readonly key: Uint8Array;
  /** null: a delta deletes the key. */
  readonly bytes: Uint8Array | null | undefined;
  readonly state: "loading" | "there";
  readonly cursor: number;
  readonly top: number;
  /** Lines at which something is folded, by their number. */
  readonly folded: ReadonlySet<number>;
}

/** What is being typed. */
export interface Prompt {
  readonly kind: "key" | "pattern";
  readonly text: string;
}

/** All of it. */
export interface State {
  readonly size: Size;
  readonly keyspaces: readonly BrowsedKeyspace[];
  readonly pane: Pane;
  /** The pane with the keys takes the whole screen. */
  readonly zoomed: boolean;
  readonly hex: boolean;
  readonly tree: Tree;
  readonly list: List;
  /** Lists to come back to, the last one first. */
  readonly before: readonly List[];
  readonly value: Value | null;
  readonly prompt: Prompt | null;
  readonly help: boolean;
  readonly message: string | null;
  readonly tickets: number;
}

/** A key that was pressed. */
export interface Key {
  readonly name: "up" | "down" | "left" | "right" | "page-up" | "page-down" | "home" | "end" | "enter" | "escape" | "tab" | "back-tab" | "backspace" | "interrupt" | "text";
  /** What was typed, or pasted. */
  readonly text: string;
}

/** Something that happened. */
export type Happening =
  | { readonly kind: "key"; readonly key: Key }
  | { readonly kind: "size"; readonly size: Size }
  | { readonly kind: "prefixes"; readonly place: Place; readonly found: BrowsedPrefixes }
  | { readonly kind: "page"; readonly ticket: number; readonly side: Side; readonly rows: readonly Row[]; readonly limit: number }
  | { readonly kind: "value"; readonly ticket: number; readonly bytes: Uint8Array | null | undefined }
  | { readonly kind: "matches"; readonly ticket: number; readonly rows: readonly Row[]; readonly looked: number; readonly state: "running" | "done" | "stopped" | "full" }
  | { readonly kind: "around"; readonly ticket: number; readonly around: Around }
  | { readonly kind: "seek"; readonly key: Uint8Array }
  | { readonly kind: "failed"; readonly of: Wanted; readonly message: string };

/** Where a page goes: in the place of all rows, before or behind them. */
export type Side = "fresh" | "before" | "after";

/** Something that is to be done; what comes of it is a happening. */
export type Wanted =
  | { readonly kind: "prefixes"; readonly place: Place }
  | { readonly kind: "page"; readonly ticket: number; readonly side: Side; readonly request: PageRequest }
  | { readonly kind: "value"; readonly ticket: number; readonly keyspace: number | null; readonly key: Uint8Array }
  | { readonly kind: "matches"; readonly ticket: number; readonly place: Place; readonly pattern: string }
  | { readonly kind: "around"; readonly ticket: number; readonly node: Uint8Array }
  /** A key as it was typed. */
  | { readonly kind: "seek"; readonly text: string }
  | { readonly kind: "stop" }
  | { readonly kind: "quit" }
  | { readonly kind: "interrupt" };

/** The next state, and what is to be done. */
export interface Step {
  readonly state: State;
  readonly wanted: readonly Wanted[];
}

/** A step that wants nothing, or some things. */
export function stepTo(state: State, ...wanted: readonly Wanted[]): Step {
  return { state, wanted };
}
