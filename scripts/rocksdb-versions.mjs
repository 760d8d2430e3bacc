#!/usr/bin/env node
// @ts-check
/**
 * RocksDB's libraries of other days, and the program that works on a store under any of them (test/rocksdb-versions/work.cc). The
 * libraries come with RocksDB's Java artifacts, as the one that the addon is linked to; all is kept in the user's cache.
 *
 *     node scripts/rocksdb-versions.mjs            gets all versions and compiles the program; says where they are
 */
import { join } from "node:path";
import { exists, prune, publishEntry, touchEntry } from "./setup/cache.mjs";
import { fingerprint } from "./setup/fingerprint.mjs";
import { CACHE, inProject, ROOT } from "./setup/paths.mjs";
import { RELEASE_VERSION, releaseBinary, takeReleaseBinary } from "./setup/release-library.mjs";
import { run } from "./setup/run.mjs";
import { SetupError } from "./setup/setup-error.mjs";

/** All versions that stores are tried under, oldest first. */
export const VERSIONS = ["6.29.5", "7.10.2", "8.11.4", "9.1.1", RELEASE_VERSION, "11.8.1"];

/** Compiled programs that are kept. */
const KEPT = 3;

/**
 * The libraries of these versions.
 * @param {readonly string[]} versions
 * @returns {Promise<{ version: string, library: string, missing: string }[]>} missing: why it can't be had, or ""
 * @throws {SetupError} when what was fetched is not what was published
 */
export async function prepareVersions(versions) {
  const binary = releaseBinary();
  const found = [];
  for (const version of versions) {
    const taken = typeof binary === "string" ? binary : await takeReleaseBinary(binary, version);
    found.push(typeof taken === "string" ? { version, library: "", missing: taken } : { version, library: taken.path, missing: "" });
  }
  return found;
}

/**
 * The program that works on stores; compiled when its source is new.
 * @returns {Promise<string>} its path
 * @throws {SetupError} when there is no C++ compiler
 */
export async function prepareWork() {
  const source = inProject("test", "rocksdb-versions", "work.cc");
  const [compiler = "c++", ...flags] = (process.env["CXX"] ?? "c++").split(" ");
  const identity = await run(compiler, [...flags, "--version"]);
  const entry = join(CACHE, "rocksdb-work", await fingerprint(ROOT, [source], [identity, ...flags]));
  if (await exists(entry)) {
    await touchEntry(entry);
  } else {
    await publishEntry(entry, async (staging) => {
      await run(compiler, [...flags, "-std=c++17", "-O1", "-o", join(staging, "work"), source, "-ldl"], { failure: "test/rocksdb-versions/work.cc does not compile" });
    });
    await prune(join(CACHE, "rocksdb-work"), KEPT);
  }
  return join(entry, "work");
}

if (process.argv[1] === inProject("scripts", "rocksdb-versions.mjs")) {
  try {
    for (const { version, library, missing } of await prepareVersions(VERSIONS)) process.stdout.write(`${version}\t${library || missing}\n`);
    process.stdout.write(`work\t${await prepareWork()}\n`);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
