/** RocksDB's libraries of other days, and the program that works on stores under them: see scripts/rocksdb-versions.mjs. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { ExecutionContext } from "ava";

/** What is tried when nobody asks for more: one that loses records of stores at sequence number 0, and the newest. */
const USUAL = ["8.11.4", "10.10.1"];

interface Scripts {
  readonly VERSIONS: readonly string[];
  readonly prepareVersions: (versions: readonly string[]) => Promise<readonly Version[]>;
  readonly prepareWork: () => Promise<string>;
}

/** One version of RocksDB. */
export interface Version {
  readonly version: string;
  readonly library: string;
  readonly missing: string;
}

/** Got once, however many tests want them. */
let ready: Promise<{ work: string; versions: readonly Version[] }> | undefined;

async function prepare(): Promise<{ work: string; versions: readonly Version[] }> {
  const scripts = (await import(pathToFileURL(join(process.cwd(), "scripts", "rocksdb-versions.mjs")).href)) as Scripts;
  const asked = process.env.KGDUMP_ROCKSDB_VERSIONS;
  const wanted = asked === "all" ? scripts.VERSIONS : (asked?.split(",") ?? USUAL);
  return { versions: await scripts.prepareVersions(wanted), work: await scripts.prepareWork() };
}

/** The program and the versions that are to be had; the others are logged. */
export async function versionsFor(t: ExecutionContext): Promise<{ work: string; versions: readonly Version[] }> {
  const { work, versions } = await (ready ??= prepare());
  for (const { version, missing } of versions) if (missing !== "") t.log(`SKIPPED: RocksDB ${version}: ${missing}`);
  return { work, versions: versions.filter(({ missing }) => missing === "") };
}

/** Runs the program; its output. */
export async function run(work: string, args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(work, args, { maxBuffer: 16 * 1024 * 1024 })).stdout;
  } catch (error) {
    const said = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
    throw new Error(`${args.join(" ")}: ${said.trim() || String(error)}`, { cause: error });
  }
}
