/** A process that exports stores and says what came of it, a line of JSON for each: see judge.ts. */
import { createInterface } from "node:readline";
import { tellCrashes } from "#src/crash.js";
import { KgdumpError } from "#src/errors.js";
import { exportedOf } from "../maker/exported.js";

/** What is asked. */
export interface Question {
  readonly store: string;
  readonly ttl: boolean;
}

/** What came of it: entries of each keyspace in hexadecimal, or an error. */
export type Answer =
  | { readonly exported: readonly (readonly [name: string, entries: readonly (readonly [key: string, value: string])[]])[]; readonly warnings: readonly string[] }
  | { readonly code: string; readonly message: string };

async function answer({ store, ttl }: Question): Promise<Answer> {
  try {
    const { exported, warnings } = await exportedOf(store, ttl ? { ttl: "strip" } : {});
    const texts = [...exported].map(([name, entries]) => [name, entries.map(([key, value]) => [key.toString("hex"), value.toString("hex")] as const)] as const);
    return { exported: texts, warnings };
  } catch (error) {
    if (error instanceof KgdumpError) return { code: error.code, message: error.message };
    return { code: "NO_KGDUMP_ERROR", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

// As the command does.
tellCrashes(({ code, message }) => `${message} [${code}]\n`);
for await (const line of createInterface(process.stdin)) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line) as Question))}\n`);
}
