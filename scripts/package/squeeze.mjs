// @ts-check
/** Compresses archives again by Zopfli, which takes seconds for each megabyte and saves a twentieth; what it makes is gzip like any other. */
import { readFile, rename, rm } from "node:fs/promises";
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";
import { run } from "../setup/run.mjs";
import { SetupError } from "../setup/setup-error.mjs";
import { step } from "../setup/steps.mjs";
import { fromPypi } from "./pypi.mjs";

/** Reads a gzip file, and writes what it holds as a smaller one, which has neither a name nor a time of its own. */
const PROGRAM = "import gzip, sys, zopfli.gzip\nwith gzip.open(sys.argv[1]) as old, open(sys.argv[2], 'wb') as new: new.write(zopfli.gzip.compress(old.read()))";

/**
 * Makes archives smaller, in their places.
 * @param {readonly string[]} archives
 * @throws {SetupError} when Zopfli can't be had, or an archive would hold anything else
 */
export async function squeeze(archives) {
  const directory = await fromPypi("zopfli");
  for (const archive of archives) await step(basename(archive), () => squeezeOne(archive, directory), (saved) => `${saved.toLocaleString("en")} bytes smaller`);
}

/**
 * @param {string} archive
 * @param {string} directory with Zopfli
 * @returns {Promise<number>} bytes saved
 */
async function squeezeOne(archive, directory) {
  const smaller = `${archive}.zopfli`;
  await run("python3", ["-c", PROGRAM, archive, smaller], { env: { PYTHONPATH: directory }, failure: `Zopfli can't compress ${archive}` });
  const [before, after] = await Promise.all([archive, smaller].map((path) => readFile(path)));
  if (before === undefined || after === undefined || !gunzipSync(before).equals(gunzipSync(after))) throw new SetupError(`Zopfli made something else of ${archive}`);
  if (after.length < before.length) await rename(smaller, archive);
  else await rm(smaller);
  return Math.max(before.length - after.length, 0);
}
