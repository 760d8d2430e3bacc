/** The vectors of format-spec/vectors, and the JSON of each. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Totals } from "#src/format/index.js";

/** The project's directory. */
export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Bytes in hexadecimal, or one byte many times. */
export type Hex = string | { readonly byte: string; readonly times: number };

/** What the JSON of a valid vector says. */
export interface ValidVector {
  readonly header: {
    readonly format: readonly [number, number];
    readonly id: string;
    readonly producer: string;
    readonly kind: string;
    readonly codec: number;
    readonly blockSize: number;
    readonly filter: string | null;
    readonly time: number;
    readonly base: { readonly id: string; readonly keyspaces: readonly { readonly name: Hex; readonly entries: number; readonly digest: string }[] } | null;
    readonly salvaged: { readonly id: string | null } | null;
    readonly source: { readonly engine: string; readonly version: string; readonly database: string | null; readonly sequence: string | null; readonly options?: readonly (readonly [string, string])[] };
    readonly keyspaces: readonly { readonly name: Hex; readonly order: string; readonly entries: number; readonly bytes: number; readonly options: readonly (readonly [string, string])[] }[];
  };
  readonly keyspaces: readonly {
    readonly entries: readonly (readonly [Hex, Hex | null])[];
    readonly gaps: readonly unknown[];
    readonly totals: Totals;
    readonly digest: string;
    readonly result: { readonly entries: number; readonly digest: string } | null;
  }[];
  readonly totals: Totals;
  readonly events: string;
  readonly bytes: number;
}

/** What a streaming reader may have released before an error. */
export interface Released {
  readonly events: string;
  readonly blocks: number;
  readonly entries: number;
  readonly digest: string;
}

/** What the JSON of an invalid vector says. */
export interface InvalidVector {
  readonly description: string;
  readonly breaks: readonly string[];
  readonly code: string;
  readonly offset: number;
  readonly block: number | null;
  /** What a reader that begins at the tail makes of it. */
  readonly random: "refused" | "unseen";
  readonly released: Released;
}

/** A vector. */
export interface Vector<T> {
  readonly name: string;
  readonly bytes: Buffer;
  readonly json: T;
}

function read<T>(part: string): Vector<T>[] {
  const directory = `${ROOT}format-spec/vectors/${part}/`;
  const names = readdirSync(directory).filter((name) => name.endsWith(".kgd"));
  return names.map((file) => {
    const name = file.slice(0, -4);
    return { name, bytes: readFileSync(directory + file), json: JSON.parse(readFileSync(`${directory}${name}.json`, "utf8")) as T };
  });
}

/** All valid vectors. */
export const validVectors = (): Vector<ValidVector>[] => read<ValidVector>("valid");

/** All invalid vectors. */
export const invalidVectors = (): Vector<InvalidVector>[] => read<InvalidVector>("invalid");

/** Bytes as the JSON has them. */
export function hex(bytes: Uint8Array): Hex;
export function hex(bytes: Uint8Array | null): Hex | null;
export function hex(bytes: Uint8Array | null): Hex | null {
  if (bytes === null) return null;
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [first = 0] = all;
  if (all.length > 1024 && all.equals(Buffer.alloc(all.length, first))) return { byte: all.toString("hex", 0, 1), times: all.length };
  return all.toString("hex");
}

/** Bytes that the JSON has so. */
export const unhex = (bytes: Hex): Buffer => (typeof bytes === "string" ? Buffer.from(bytes, "hex") : Buffer.alloc(bytes.times, Buffer.from(bytes.byte, "hex")));

/** What the JSON of a set of deltas says, and the paths of its dumps. */
export interface AppliedVector {
  readonly name: string;
  readonly paths: readonly string[];
  readonly result?: readonly { readonly name: string; readonly order: string; readonly entries: readonly (readonly [string, string])[] }[];
  readonly code?: string;
}

/** The sets of a dump and the deltas that are applied to it. */
export function appliedVectors(): AppliedVector[] {
  const directory = `${ROOT}format-spec/vectors/apply`;
  const names = readdirSync(directory).filter((name) => name.endsWith(".json"));
  return names.sort().map((file) => {
    const { dumps, ...json } = JSON.parse(readFileSync(`${directory}/${file}`, "utf8")) as Omit<AppliedVector, "name" | "paths"> & { readonly dumps: readonly string[] };
    return { ...json, name: file.replace(".json", ""), paths: dumps.map((name) => `${directory}/${name}`) };
  });
}
