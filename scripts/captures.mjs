#!/usr/bin/env node
// @ts-check
/**
 * Takes the pictures of the documents, docs/captures/*.svg: what commands show of the graph of `npm run demo`, in a terminal of tmux's, and parts of its report.
 *
 *     node scripts/captures.mjs             writes them
 *     node scripts/captures.mjs --now       prints what they would show now, as JSON; a test compares that with
 *     node scripts/captures.mjs --there     what they show
 */
import "./setup/node-version.mjs";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { makeSampleStore } from "../bench/graph.mjs";
import { htmlPartPicture, pictureText, terminalPicture } from "./captures/pictures.mjs";
import { runScript, setUp } from "./setup.mjs";
import { inProject } from "./setup/paths.mjs";
import { SetupError } from "./setup/setup-error.mjs";

const run = promisify(execFile);
const FOLDER = inProject("docs", "captures");
/** As in `npm run demo`. */
const RECORDS = 100_000;
const PATIENCE_MS = 30_000;

/** @typedef {{ name: string, title: string, command: string, columns: number, rows: number, keys?: readonly string[], sees: RegExp }} Shot */

/** @type {readonly Shot[]} */
const SHOTS = [
  { name: "inspect", title: "kgdump inspect: what a dump is and what it holds", command: "inspect graph.kgd", columns: 84, rows: 40, sees: /try: .*\n/ },
  { name: "stats", title: "kgdump stats --schema: how much of each kind of key, and the shape of values", command: "stats graph.kgd --schema", columns: 116, rows: 90, sees: /DONE/ },
  { name: "browse", title: "kgdump browse: keyspaces and prefixes, entries, and the value of one", command: "browse graph.kgd", columns: 100, rows: 26, keys: ["Down", "Down", "Tab", "Down", "Down"], sees: /> node:[^]*"label"/ },
  { name: "browse-neighbours", title: "kgdump browse: the neighbours of a node of the graph", command: "browse graph.kgd", columns: 100, rows: 26, keys: ["Down", "Down", "Tab", "n", "Down"], sees: /> +[→←][^]*"label"/ },
];
/** Lines that a picture shows at most. */
const LINES = 40;

/**
 * What is on the terminal at the end of a command, with colours.
 * @param {string} directory
 * @param {Shot} shot
 */
async function shoot(directory, { name, command, columns, rows, keys = [], sees }) {
  // The server of the picture before may not have ended yet.
  const socket = join(directory, `tmux-${name}`);
  const tmux = async (/** @type {readonly string[]} */ args) => (await run("tmux", ["-S", socket, ...args])).stdout;
  // What would change what is shown.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !["CI", "TMUX", "NO_COLOR"].includes(name)));
  const line = `"${process.execPath}" "${inProject("bin", "kgdump.js")}" ${command}; printf '\\033[8mDONE'; sleep 600`;
  await run("tmux", ["-S", socket, "-f", "/dev/null", "new-session", "-d", "-x", String(columns), "-y", String(rows), "bash", "-c", line], { cwd: directory, env: { ...env, LC_ALL: "C.UTF-8", KGDUMP_PAGER: "" } });
  try {
    const until = async (/** @type {RegExp} */ pattern) => {
      for (const end = performance.now() + PATIENCE_MS; ;) {
        const shown = await tmux(["capture-pane", "-p"]);
        if (pattern.test(shown)) return;
        if (performance.now() > end) throw new SetupError(`kgdump ${command} does not show ${String(pattern)}`, shown);
        await sleep(100);
      }
    };
    if (keys.length > 0) await until(/\+ node:/);
    for (const key of keys) {
      await tmux(["send-keys", key]);
      await sleep(400);
    }
    await until(sees);
    return (await tmux(["capture-pane", "-p", "-e"])).replaceAll(/[^\n]*DONE[^\n]*/g, "");
  } finally {
    await tmux(["kill-server"]).catch(() => undefined);
  }
}

/** All pictures, by their names. @returns {Promise<Map<string, string>>} */
async function takeAll() {
  const directory = await mkdtemp(join(tmpdir(), "kg-"));
  try {
    await makeSampleStore(join(directory, "store"), { records: RECORDS });
    const kgdump = async (/** @type {readonly string[]} */ args) => run(process.execPath, [inProject("bin", "kgdump.js"), ...args], { cwd: directory });
    await kgdump(["export", "store", "-o", "graph.kgd", "-q"]);
    /** @type {Map<string, string>} */
    const pictures = new Map();
    for (const shot of SHOTS) {
      const lines = (await shoot(directory, shot)).replaceAll(directory, "/srv/maya").trimEnd().split("\n");
      pictures.set(shot.name, terminalPicture([...(shot.keys === undefined ? [`$ kgdump ${shot.command}`] : []), ...lines.slice(0, LINES)], { title: shot.title, columns: shot.columns }));
    }
    await kgdump(["report", "graph.kgd", "-o", "report.html", "-q"]);
    const page = await readFile(join(directory, "report.html"), "utf8");
    pictures.set("report", htmlPartPicture(page, "treemap wide", "A part of a report: a treemap of the prefixes"));
    pictures.set("report-graph", htmlPartPicture(page, "near", "A part of a report: what is around a node of the graph"));
    return pictures;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** @param {ReadonlyMap<string, string>} pictures */
const texts = (pictures) => JSON.stringify(Object.fromEntries([...pictures].map(([name, picture]) => [name, pictureText(picture)])));

await runScript("captures", async () => {
  const [asked] = process.argv.slice(2);
  if (asked === "--there") {
    const files = (await readdir(FOLDER)).filter((name) => name.endsWith(".svg")).sort();
    process.stdout.write(texts(new Map(await Promise.all(files.map(async (file) => /** @type {const} */ ([basename(file, ".svg"), await readFile(join(FOLDER, file), "utf8")]))))));
    return;
  }
  if (asked !== "--now") await setUp();
  const pictures = await takeAll();
  if (asked === "--now") {
    process.stdout.write(texts(new Map([...pictures].sort(([a], [b]) => (a < b ? -1 : 1)))));
    return;
  }
  await mkdir(FOLDER, { recursive: true });
  for (const [name, picture] of pictures) await writeFile(join(FOLDER, `${name}.svg`), picture);
});
