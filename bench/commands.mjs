// @ts-check
/** Commands that contenders are made of. */
import { join } from "node:path";
import { inProject } from "../scripts/setup/paths.mjs";

/** @typedef {import("./places.mjs").Places} Places */

/** The command as a user has it, with no progress shown. @param {...string} args */
export const kgdump = (...args) => [process.execPath, inProject("bin", "kgdump.js"), ...args];

/** @param {Places} places @param {string} name */
export const out = (places, name) => join(places.directory, name);

/** One program that writes a file or directory. @param {string} output @param {readonly string[]} program */
export const making = (output, program) => ({ pipeline: [program], output });
