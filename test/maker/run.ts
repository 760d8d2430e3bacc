/**
 * Runs `store-maker`, which makes RocksDB stores from plans and says what they must hold. Set-up builds it from this folder and
 * puts it into build/maker/. What may stand in a plan: src/main.rs.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

/** A value, or the columns of an entity by name. */
export type MadeValue = Buffer | readonly (readonly [name: Buffer, value: Buffer])[];

/** What one family must hold. */
export interface MadeFamily {
  readonly name: Buffer;
  /** In the family's order. */
  readonly entries: readonly (readonly [key: Buffer, value: MadeValue])[];
  /** SHA-256 in hexadecimal over each plain entry as (u32 LE key length, key, u32 LE value length, value). */
  readonly digest: string;
}

/** What a store must hold. */
export interface Made {
  readonly families: readonly MadeFamily[];
  /** Transactions that are prepared and neither committed nor rolled back. */
  readonly prepared: readonly { readonly name: Buffer; readonly changes: number }[];
}

/** A key, a value or a name as plans have it. */
export function hex(bytes: Uint8Array | string): string {
  return bytes.length === 0 ? "-" : Buffer.from(bytes).toString("hex");
}

/** A process that carries out plans, one after the other, until it is closed. */
export class Maker {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string, undefined>;
  readonly #ended: Promise<unknown>;
  #last: Promise<unknown> = Promise.resolve();

  constructor() {
    this.#child = spawn(binary(), { stdio: ["pipe", "pipe", "inherit"] });
    this.#answers = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
    this.#ended = new Promise((resolve) => this.#child.once("close", resolve));
    // It may end before it has read everything; the missing answer tells.
    this.#child.stdin.on("error", () => undefined);
  }

  /**
   * Makes the store at `path`, and closes it at the plan's end unless it crashes.
   * @throws when a line can't be done: says which (the store's own line, which isn't in the plan, is number 1)
   */
  async make(path: string, plan: readonly string[]): Promise<Made> {
    const file = `${path}.model`;
    await this.carryOut(path, [...plan, `model ${file}`]);
    const made = parseModel(await readFile(file, "utf8"));
    await rm(file);
    return made;
  }

  /** The same without the model at its end. @throws as make */
  async carryOut(path: string, plan: readonly string[]): Promise<void> {
    const turn = this.#last.then(async () => {
      this.#child.stdin.write(`${[`store ${path}`, ...plan, "end"].join("\n")}\n`);
      const answer = await this.#answers.next();
      if (answer.done === true) throw new Error("store-maker has ended");
      return answer.value;
    });
    this.#last = turn.catch(() => undefined);
    const answer = await turn;
    if (answer !== "done") throw new Error(`${answer}\nin the plan of ${path}:\n${plan.join("\n")}`);
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Makes one store. @throws as Maker.make */
export async function makeStore(path: string, plan: readonly string[]): Promise<Made> {
  await using maker = new Maker();
  return await maker.make(path, plan);
}

function parseModel(text: string): Made {
  const families: { name: Buffer; digest: string; entries: [Buffer, MadeValue][] }[] = [];
  const prepared: { name: Buffer; changes: number }[] = [];
  for (const line of text.trimEnd().split("\n")) {
    const [first = "", second = "", ...rest] = line.split(" ");
    if (first === "family") families.push({ name: unhex(second), digest: rest[1] ?? "", entries: [] });
    else if (first === "prepared") prepared.push({ name: unhex(second), changes: Number(rest[0]) });
    else families.at(-1)?.entries.push([unhex(first), second === "wide" ? rest.map(column) : unhex(second)]);
  }
  return { families, prepared };
}

function column(text: string): [Buffer, Buffer] {
  const [name = "", value = ""] = text.split("=");
  return [unhex(name), unhex(value)];
}

function unhex(text: string): Buffer {
  return text === "-" ? Buffer.alloc(0) : Buffer.from(text, "hex");
}

/** Compiled, this file is build/test/maker/run.js. */
function binary(): string {
  const path = fileURLToPath(new URL("../../maker/store-maker", import.meta.url));
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`npm test\`, which builds it`);
  return path;
}
