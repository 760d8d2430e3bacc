// @ts-check
/** What cargo made of a crate becomes its product: a copy, or what it is when Brotli has compressed it. */
import { constants } from "node:fs";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, constants as zlib } from "node:zlib";
import { join } from "node:path";

/** @typedef {import("./crates.mjs").Product} Product */

/**
 * Where cargo puts what it makes of a crate.
 * @param {Product} crate
 * @param {string} target cargo's target directory
 * @param {string | undefined} otherwise target of crates that name none
 */
export function builtPath({ built, target: own }, target, otherwise = process.env["CARGO_BUILD_TARGET"]) {
  const platform = own ?? otherwise;
  return platform ? join(target, platform, "release", built) : join(target, "release", built);
}

/**
 * @param {Product} crate
 * @param {string} built what cargo made
 * @param {string} path where its product goes
 */
export async function putProduct({ product }, built, path) {
  if (!product.endsWith(".br")) return copyFile(built, path, constants.COPYFILE_FICLONE);
  const bytes = await readFile(built);
  const params = { [zlib.BROTLI_PARAM_QUALITY]: zlib.BROTLI_MAX_QUALITY, [zlib.BROTLI_PARAM_LGWIN]: zlib.BROTLI_MAX_WINDOW_BITS, [zlib.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  await writeFile(path, await promisify(brotliCompress)(bytes, { params }));
}
