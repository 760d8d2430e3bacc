/** The browser in a real terminal, which is tmux's: what it shows, and that the terminal is as it was when it is left, however. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import stringWidth from "string-width";
import { isPrintable } from "#src/cli/text/characters.js";
import { stateOf } from "../../support/store-state.js";
import { temporaryDirectory } from "../../support/temporary.js";
import { GRAPH, sampleDump, writeGraph } from "../support/dumps.js";
import { assertOneError, kgdump, KGDUMP, shell, terminal } from "../support/run.js";
import { sources } from "./support.js";

const run = promisify(execFile);
const hasTmux = await run("tmux", ["-V"]).then(() => true, () => false);
/** A colour that a terminal is told. */
const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7])m`);
const PATIENCE_MS = 30_000;

/** Needs a terminal that can be looked at. */
function testOnScreen(title: string, body: (t: ExecutionContext) => Promise<void>): void {
  test(title, async (t) => {
    t.timeout(5 * 60_000);
    if (hasTmux) return body(t);
    t.log("SKIPPED: tmux is not installed");
    return t.pass();
  });
}

/** A terminal with a shell that runs kgdump. */
class Screen {
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  static async open(t: ExecutionContext, columns: number, rows: number, command: string, env: Readonly<Record<string, string>> = {}): Promise<Screen> {
    const socket = join(await temporaryDirectory(t), "tmux");
    const { CI: _ci, TMUX: _tmux, NO_COLOR: _noColor, ...rest } = process.env;
    const screen = new Screen(socket);
    // What stands there before must stand there afterwards.
    const script = `echo BEFORE; ${command.replace("kgdump browse", `"${process.execPath}" "${KGDUMP}" browse`)}; echo "ENDED $? $(stty -a | grep -o -- '-\\?echo ' | head -n 1)"; sleep 600`;
    await run("tmux", ["-S", socket, "-f", "/dev/null", "new-session", "-d", "-x", columns.toString(), "-y", rows.toString(), "bash", "-c", script], { env: { ...rest, LC_ALL: "C.UTF-8", ...env } });
    t.teardown(async () => run("tmux", ["-S", socket, "kill-server"]).catch(() => undefined));
    return screen;
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    return (await run("tmux", ["-S", this.#socket, ...args])).stdout;
  }

  async keys(...keys: readonly string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", text);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", columns.toString(), "-y", rows.toString());
  }

  async shown(colours = false): Promise<string> {
    return this.#tmux("capture-pane", "-p", ...(colours ? ["-e"] : []));
  }

  /** Waits until something is shown: a terminal is seen while it is drawn, too, so that what is there once is not what is there in the end. */
  async sees(pattern: RegExp, wrong: (shown: string) => string | undefined = () => undefined): Promise<string> {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const shown = await this.shown();
      const found = pattern.test(shown) ? wrong(shown) : `${String(pattern)} is not there`;
      if (found === undefined) return shown;
      if (performance.now() > end) throw new Error(`${found}:\n${shown}`);
      await sleep(50);
    }
  }

  /** The process that browses. */
  async pid(): Promise<number> {
    const [shellPid = ""] = (await this.#tmux("display-message", "-p", "#{pane_pid}")).split("\n");
    const pid = Number((await run("ps", ["-o", "pid=", "--ppid", shellPid])).stdout.trim());
    // A signal for 0 is one for all of this process's group.
    if (!(pid > 0)) throw new Error("nothing browses");
    return pid;
  }

  /** Whether its other screen is on, and its cursor is hidden. */
  async modes(): Promise<string> {
    return (await this.#tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}")).trim();
  }
}

async function dumpOf(t: ExecutionContext): Promise<string> {
  const path = join(await temporaryDirectory(t), "graph.kgd");
  await writeGraph(path);
  return path;
}

testOnScreen("it shows all at 80x24 and 200x60, follows the size, and no line is wider than the terminal", async (t) => {
  const screen = await Screen.open(t, 80, 24, `kgdump browse ${await dumpOf(t)}`);
  await screen.sees(/keyspaces and prefixes[^]*hex:00[^]*zero/);
  t.is(await screen.modes(), "1 0");
  for (const [columns, rows] of [[200, 60], [80, 24], [30, 8], [100, 30]] as const) {
    await screen.resize(columns, rows);
    await screen.sees(columns === 30 ? /too small/ : columns === 200 ? /┓┌─+┐┌/ : /keyspaces and prefixes[^]*value: 4 B[^]*\? help/, (shown) => {
      if (shown.split("\n").some((line) => stringWidth(line) > columns)) return "a line is too wide";
      // Nothing of what was drawn at another size is left: frames begin and end.
      return columns === 30 || shown.match(/[┌┏]/g)?.length === shown.match(/[┘┛]/g)?.length ? undefined : "a frame is not whole";
    });
    t.pass();
  }
  await screen.keys("q");
  t.regex(await screen.sees(/ENDED/), /BEFORE\n(?:.*\n)*ENDED 0 echo/);
  t.is(await screen.modes(), "0 1");
});

testOnScreen("keys and values that a terminal would obey are escaped; wide characters shift no frame", async (t) => {
  const path = join(await temporaryDirectory(t), "hostile.kgd");
  const hostile = ["a\x1b[2Jb", "b\x07", "c\u202e", "d\u200b", "e知識知識知識知識知識知識知識知識知識知識知識", "f👍", "g\n\r\t", "h\x9b31m"];
  await writeFile(path, await sampleDump([{ name: "x\x1b]0;t\x07", entries: hostile.map((key) => [key, `{"v":"${"知".repeat(60)}","w":${JSON.stringify(key)}}`] as const) }]));
  const screen = await Screen.open(t, 80, 24, `kgdump browse ${path}`);
  await screen.sees(/a\\x1b\[2Jb[^]*b\\x07/);
  for (let row = 0; row < hostile.length; row += 1) {
    await screen.keys(row === 0 ? "Tab" : "Down");
    await sleep(150);
    await screen.sees(/知/, (shown) => {
      const lines = shown.split("\n");
      if (!lines.every(isPrintable)) return "a terminal would obey";
      return lines.slice(1, 22).every((line) => stringWidth(line) === 80 && /^[┌│└┏┃┗].*[┐│┘┓┃┛]$/.test(line)) ? undefined : "a frame is not whole";
    });
    t.pass();
  }
  await screen.keys("q");
  await screen.sees(/ENDED 0 echo/);
});

testOnScreen("Ctrl-C, SIGTERM, SIGHUP and an error put the terminal back, and end with their status", async (t) => {
  const path = await dumpOf(t);
  for (const [how, status] of [["C-c", 130], ["SIGTERM", 143], ["SIGINT", 130]] as const) {
    const screen = await Screen.open(t, 80, 24, `kgdump browse ${path}`);
    await screen.sees(/value: 4 B/);
    if (how === "C-c") await screen.keys(how);
    else process.kill(await screen.pid(), how);
    const shown = await screen.sees(/ENDED/);
    t.regex(shown, new RegExp(`BEFORE\\n(?:.*\\n)*kgdump: browse was interrupted by (?:SIGINT|SIGTERM) \\[INTERRUPTED\\]\\n(?:.*\\n)*ENDED ${status.toString()} echo`), how);
    t.is(await screen.modes(), "0 1", how);
    t.notRegex(shown, /keyspaces and prefixes/);
  }
  const failing = await Screen.open(t, 80, 24, `NODE_OPTIONS="--require=${await faulty(t)}" kgdump browse ${path}`);
  await failing.sees(/value: 4 B/);
  process.kill(await failing.pid(), "SIGUSR2");
  const shown = await failing.sees(/ENDED/);
  t.regex(shown, /BEFORE\n(?:.*\n)*kgdump: something went wrong inside kgdump: a fault of the test.*\n(?:.*\n)*ENDED 1 echo/);
  t.is(await failing.modes(), "0 1");
});

/** What makes a program throw when it is told to. */
async function faulty(t: ExecutionContext): Promise<string> {
  const path = join(await temporaryDirectory(t), "fault.cjs");
  await writeFile(path, 'process.on("SIGUSR2", () => { throw new Error("a fault of the test"); });\n');
  return path;
}

testOnScreen("a key is gone to, entries are searched, and values folded; without colours the cursor can be seen", async (t) => {
  const screen = await Screen.open(t, 80, 24, `kgdump browse ${await dumpOf(t)}`, { NO_COLOR: "1" });
  await screen.sees(/zero/);
  t.notRegex(await screen.shown(true), COLOUR);
  t.regex(await screen.shown(), /> - default/);
  await screen.type("/node_edges:a");
  await screen.keys("Enter");
  await screen.sees(/> node_edges:a:incoming[^]*\["x"\]/);
  await screen.type("&Per");
  await screen.keys("Enter");
  await screen.sees(/1 match of 6 \(all was searched\)[^]*> node:\{0f8fad5b-d9cb-469f-a165-70867728950e\}/);
  await screen.keys("Escape");
  // With Escape still to be read, it would be Alt-X.
  await screen.sees(/> node_edges:a:incoming/, (shown) => (shown.includes("1 match of 6") ? "it still searches" : undefined));
  await screen.type("x");
  await screen.sees(/00000000 {2}5b 22 78/);
  await screen.type("/\\xzz");
  await screen.keys("Enter");
  await screen.sees(/there is no such escape/);
  await screen.type("n");
  await screen.sees(/is no id of a node|there is no node/);
  await screen.type("?");
  await screen.sees(/go to a key/);
  await screen.type("q");
  await screen.sees(/ENDED 0/);
});

testOnScreen("a RocksDB and a sled store are shown as they are, and nothing in them changes; neighbours are found by a layout", async (t) => {
  const triples = [{ name: "default", entries: [["ops\0a\0knows\0b", ""], ["pos\0a", ""], ["spo\0a\0knows\0b", ""], ["spo\0a\0knows\0c", ""]] }] as const;
  for (const { name, path } of await sources(t, [...triples, { name: "nodes", entries: GRAPH[0]?.entries ?? [] }])) {
    const before = await stateOf(path).catch(() => null);
    const screen = await Screen.open(t, 100, 30, `kgdump browse ${path} --cf default --keyspace nodes --layout ${resolve("examples/graph/triples.toml")}`);
    await screen.sees(/spo\\x00/);
    await screen.keys("Tab");
    await screen.type("/spo");
    await screen.keys("Enter");
    await screen.sees(/> spo\\x00a/);
    await screen.keys("q");
    await screen.sees(/ENDED 0/);
    t.deepEqual(await stateOf(path).catch(() => null), before, name);
  }
  const one = await Screen.open(t, 80, 24, `kgdump browse ${await dumpOf(t)} --keyspace empty`);
  await one.sees(/1 keyspace[^s][^]*no entries/);
  await one.keys("q");
  await one.sees(/ENDED 0/);
});

test("where there is no terminal it is said what to do; a pipe can't be browsed", async (t) => {
  const path = await dumpOf(t);
  const ended = await kgdump(["browse", path]);
  assertOneError(t, ended, 2, "USAGE");
  t.regex(ended.stderr, /kgdump inspect /);
  for (const [args, words] of [[["browse", "-"], /save it first/], [["browse", path, "--json"], /inspect --json/], [["browse", path, "--ttl", "strip"], /only be used with a store/], [["browse", path, "other"], /one dump or store is shown at a time/]] as const) {
    const refused = await kgdump(args);
    t.is(refused.code, 2, refused.stderr);
    t.regex(refused.stderr, words);
  }
  t.is((await kgdump(["browse"])).code, 2);
  t.is((await shell(`kgdump browse ${path} < /dev/null`)).code, 2);
  const missing = await terminal("kgdump browse none.kgd");
  t.is(missing.code, 1, missing.stdout.toString());
  t.regex(missing.stdout.toString(), /there is no file.*none\.kgd/s);
});
