// @ts-check
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's top directory. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/[/\\]$/, "");

/**
 * Path within the project.
 * @param {...string} parts
 */
export const inProject = (...parts) => join(ROOT, ...parts);

/** Where native builds and downloads are kept for every clone of this user. */
export const CACHE = cacheDirectory(process.env);

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {string} absolute path
 */
function cacheDirectory(env) {
  if (env["KGDUMP_CACHE_DIR"]) return resolve(env["KGDUMP_CACHE_DIR"]);
  // The XDG base directory specification says to ignore a relative path here.
  const xdg = env["XDG_CACHE_HOME"];
  return join(xdg?.startsWith("/") ? xdg : join(homedir(), ".cache"), "kgdump");
}
