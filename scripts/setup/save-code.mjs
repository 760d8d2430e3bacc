// @ts-check
/** Runs the bundle once, as a command that reads a dump and needs no store, and keeps what V8 compiled. In a process of its own, as the program is the process. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** @type {typeof import("../../bin/bundle.js")} */
const { runBundleAndSaveCode } = createRequire(import.meta.url)("../../bin/bundle.js");
process.argv.splice(2, Infinity, "inspect", fileURLToPath(new URL("../../format-spec/vectors/valid/index-1025.kgd", import.meta.url)));
runBundleAndSaveCode();
