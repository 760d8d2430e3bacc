// @ts-check
/** Runs the bundle once, as a command that needs no store, and keeps what V8 compiled. In a process of its own, as the program is the process. */
import { createRequire } from "node:module";

/** @type {typeof import("../../bin/bundle.js")} */
const { runBundleAndSaveCode } = createRequire(import.meta.url)("../../bin/bundle.js");
process.argv.splice(2, Infinity, "export", "--help");
runBundleAndSaveCode();
