/**
 * Nothing of a store, a dump or the command line reaches a terminal as anything but what can be seen: every command is run
 * in a pseudo terminal with names, keys, values, paths and texts that would like to command, hide or reorder.
 */
import { copyFile, mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type DumpHeader, DumpWriter } from "#src/format/index.js";
import { entry, header, keyspace, makeDump, writeBlock } from "../format/support/dumps.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { kgdump, terminal } from "./support/run.js";

/** One of each that must not come through, with the names by which they are known. */
const HOSTILE: Readonly<Record<string, string>> = {
  "set the title": "\x1b]0;owned\x07",
  "clear the screen": "\x1b[2J",
  bold: "\x1b[1;31m",
  "ask for an answer": "\x1b[6n",
  "C1 CSI": "\u009b31m",
  "C1 OSC": "\u009dx\u009c",
  backspace: "ab\b\b",
  "carriage return": "good\rbad",
  "line feed": "one\ntwo",
  tab: "a\tb",
  bell: "\x07",
  nul: "\0",
  delete: "\x7f",
  "right-to-left override": "\u202egnp.exe",
  embedding: "\u202a\u202b\u202c\u202d",
  isolates: "\u2066\u2067\u2068\u2069",
  marks: "\u200e\u200f\u061c",
  "zero-width": "a\u200b\u200c\u200d\u2060\ufeffb",
  separators: "a\u2028b\u2029c",
  "soft hyphen": "a\u00adb",
  "other spaces": "a\u00a0\u3000b",
  "tag characters": "a\u{e0041}\u{e007f}",
};
const ALL = Object.values(HOSTILE).join("|");
const INVALID = Buffer.from([0x6b, 0x65, 0x79, 0xff, 0xc0, 0xaf, 0xed, 0xa0, 0x80, 0x9b, 0x33, 0x31, 0x6d]);

/** First and last of what must not come through, written apart from the code's own pattern; line feeds and tabs are looked at below. */
const DANGEROUS = [
  [0x00, 0x08], [0x0b, 0x1f], [0x7f, 0xa0], [0xad, 0xad], [0x061c, 0x061c], [0x180e, 0x180e], [0x200b, 0x200f], [0x2028, 0x202e], [0x2060, 0x206f],
  [0x3000, 0x3000], [0xfeff, 0xfeff], [0xfff9, 0xfffb], [0xe0000, 0xe007f],
] as const;
const ESC = "\x1b";
/** What kgdump itself sends: colours, erasing a line, going back to its start for the bar; line ends, as the terminal makes them. */
const OWN = new RegExp(`${ESC}\\[(?:0|1|2|22|3[1-7]|39)m|\\r*${ESC}\\[K|\\r(?=(?:\\d/\\d )?(?:reading|verifying|importing|restoring|exporting|recovering) [-|/\\\\[ ])|\\r+\\n`, "g");

function assertSafe(t: ExecutionContext, output: Buffer | string, what: string): void {
  const bytes = Buffer.from(output);
  t.is(Buffer.compare(Buffer.from(bytes.toString("utf8")), bytes), 0, `${what}: no invalid UTF-8`);
  const rest = bytes.toString("utf8").replace(OWN, "\n");
  const bad = Array.from(rest).findIndex((character) => DANGEROUS.some(([first, last]) => first <= (character.codePointAt(0) ?? 0) && (character.codePointAt(0) ?? 0) <= last));
  if (bad >= 0) t.fail(`${what}: ${JSON.stringify(Array.from(rest).slice(Math.max(0, bad - 60), bad + 20).join(""))}`);
  t.false(/(?:^|\n)two/.test(rest), `${what}: a line feed of a text`);
  t.false(rest.includes("a\tb"), `${what}: a tab of a text`);
}

const more: Partial<DumpHeader> = {
  producer: `me ${ALL}`,
  filter: `filter ${ALL}`,
  source: { engine: `rocks ${ALL}`, version: `1 ${ALL}`, databaseId: `id ${ALL}`, sequenceNumber: 7n },
  keyspaces: [keyspace("default"), keyspace(`name ${ALL}`, { sourceOptions: new Map([[`o${ALL}`, `v${ALL}`]]) }), { ...keyspace("x"), name: INVALID }],
};

/** Keys and values of every hostile text, of text that is none, and of JSON with such texts within. */
function hostileEntries(): { key: Uint8Array; value: Uint8Array }[] {
  const texts = Object.values(HOSTILE);
  const entries = texts.map((text) => entry(`key ${text}`, `value ${text}`));
  entries.push(entry("json", JSON.stringify({ [ALL]: ALL })), entry("json escaped", '{"a":"\u202e","b\u2028":["\u200b"]}'));
  entries.push({ key: INVALID, value: INVALID }, { key: Buffer.of(0x9b), value: Buffer.of(0x9b, 0x33, 0x31, 0x6d) });
  return entries.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ key, value }) => ({ key, value: value ?? new Uint8Array(0) }));
}

const hostileDump = (): Promise<Buffer> => makeDump(header(more), [[hostileEntries()], [hostileEntries()], [[entry("a", "b")]]]);

async function abortedDump(): Promise<Buffer> {
  const writer = new DumpWriter(header(more));
  const chunks = [...writer.start(), ...writer.startKeyspace(0), ...(await writeBlock(writer, "none", [entry("a", "1")]))];
  return Buffer.concat([...chunks, ...writer.abort(`gave up ${ALL}`)]);
}

/** A directory whose own name is hostile, with the dumps in it. */
async function prepare(t: ExecutionContext): Promise<{ directory: string; dump: string; aborted: string; cut: string; damaged: string }> {
  const directory = join(await temporaryDirectory(t), `dir ${ALL.replaceAll("/", "").replaceAll("\0", "")}`);
  await mkdir(directory);
  const [dump, aborted, cut, damaged] = ["dump.kgd", "aborted.kgd", "cut.kgd", "damaged.kgd"].map((name) => join(directory, name)) as [string, string, string, string];
  const bytes = await hostileDump();
  await writeFile(dump, bytes);
  await writeFile(aborted, await abortedDump());
  await copyFile(dump, cut);
  await truncate(cut, bytes.length - 700);
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8(flipped.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
  await writeFile(damaged, flipped);
  return { directory, dump, aborted, cut, damaged };
}

const INSPECT = ["", "-v", "--blocks", "--entries", "--keys", "--entries -v", "--entries --prefix key", "--keys --keyspace default"];

test("inspect shows hostile names, keys, values and texts so that a terminal obeys none of them", async (t) => {
  const { directory } = await prepare(t);
  for (const flags of INSPECT) {
    for (const file of ["dump.kgd", "aborted.kgd", "cut.kgd", "damaged.kgd"]) {
      const ended = await terminal(`kgdump inspect ${file} ${flags}`, { cwd: directory });
      t.true(ended.stdout.length > 40, `${flags} ${file}`);
      assertSafe(t, ended.stdout, `inspect ${file} ${flags}`);
    }
  }
});

test("inspect by its absolute path, and by a path that is not there, shows the path safely", async (t) => {
  const { directory, dump } = await prepare(t);
  for (const script of ['kgdump inspect "$DUMP"', 'kgdump inspect "$DUMP.gone"', 'kgdump inspect "$DIRECTORY"', 'kgdump verify "$DUMP.gone" -v', 'kgdump inspect "$DUMP" --keyspace "$TEXT"', 'kgdump inspect "$DUMP" --entries --prefix "$TEXT"', 'kgdump "$TEXT"', 'kgdump inspect --"$TEXT"', 'kgdump inspect "$DUMP" --get "$TEXT"']) {
    const ended = await terminal(script, { env: { DUMP: dump, DIRECTORY: directory, TEXT: ALL.replaceAll("\0", "") } });
    t.true(ended.stdout.length > 10 || script.includes("--prefix"), script);
    assertSafe(t, ended.stdout, script);
  }
});

test("verify, import, export and recover, their progress, results and errors", async (t) => {
  const { directory } = await prepare(t);
  const scripts = [
    "kgdump verify dump.kgd --progress always",
    "kgdump verify aborted.kgd -v",
    "kgdump verify cut.kgd",
    "kgdump verify damaged.kgd -v",
    "kgdump import sled -i dump.kgd --progress always",
    "kgdump import sled -i dump.kgd",
    "kgdump import sled-2 -i aborted.kgd -v",
    "kgdump import sled-3 -i cut.kgd",
    "kgdump verify dump.kgd --against sled --progress always",
    "kgdump inspect dump.kgd --against sled",
    "kgdump export sled -o again.kgd --progress always -v",
    "kgdump inspect again.kgd --entries",
    "kgdump export sled --dry-run",
    "kgdump export gone -o x.kgd",
    "kgdump export . -o x.kgd -v",
    "kgdump recover cut.kgd -o recovered.kgd --progress always",
    "kgdump recover damaged.kgd -o recovered-2.kgd -v",
    "kgdump recover aborted.kgd -o recovered-3.kgd",
    "kgdump inspect recovered.kgd -v",
    "kgdump < dump.kgd inspect --entries",
  ];
  for (const script of scripts) {
    const ended = await terminal(script, { cwd: directory });
    t.true(ended.stdout.length > 10, script);
    assertSafe(t, ended.stdout, script);
  }
});

test("JSON stays valid and says the same, with nothing in it that a terminal obeys", async (t) => {
  const { directory } = await prepare(t);
  for (const args of ["inspect dump.kgd", "inspect aborted.kgd", "inspect damaged.kgd", "inspect dump.kgd --blocks", "inspect dump.kgd --entries", "inspect dump.kgd --keys", "verify dump.kgd", "verify aborted.kgd", "import sled -i dump.kgd", "import sled -i dump.kgd --progress json", "export sled -o a.kgd", "export sled -o a.kgd --dry-run", "recover cut.kgd -o r.kgd", "inspect gone\u202e.kgd"]) {
    const ended = await kgdump([...args.split(" "), "--json"], { cwd: directory });
    assertSafe(t, ended.stdout, args);
    assertSafe(t, ended.stderr, args);
    const text = ended.stdout.toString();
    const documents = /--(?:blocks|entries|keys)/.test(args) ? text.trim().split("\n") : text.trim() === "" ? [] : [text];
    for (const document of documents) t.notThrows(() => JSON.parse(document) as unknown, `${args}: ${document.slice(0, 200)}`);
    for (const line of ended.stderr.split("\n").filter((one) => one.startsWith("{"))) t.notThrows(() => JSON.parse(line) as unknown, args);
    t.true(documents.length > 0 || ended.stderr.includes('{"error"'), args);
  }
  const entries = (await kgdump(["inspect", "dump.kgd", "--entries", "--json", "--keyspace", "default"], { cwd: directory })).stdout.toString().trim().split("\n");
  const real = hostileEntries();
  t.is(entries.length, real.length);
  for (const [place, line] of entries.entries()) {
    const { key, value } = JSON.parse(line) as Record<"key" | "value", { text?: string; hex?: string }>;
    const back = ({ text, hex }: typeof key): Buffer => (text === undefined ? Buffer.from(hex ?? "", "hex") : Buffer.from(text));
    t.deepEqual(back(key), Buffer.from(real[place]?.key ?? []));
    t.deepEqual(back(value), Buffer.from(real[place]?.value ?? []));
  }
});

/** What RocksDB and sled take as a name: neither nul, which RocksDB does not. */
const NAME = ALL.replaceAll("\0", "");

test("restore and the list of gaps", async (t) => {
  const { directory } = await prepare(t);
  const keyspaces = [keyspace("default"), keyspace(`name ${NAME}`, { sourceOptions: new Map([[`o${NAME}`, `v${NAME}`]]) }), { ...keyspace("x"), name: INVALID }];
  const named = await makeDump(header({ ...more, keyspaces }), [[hostileEntries()], [hostileEntries()], [[entry("a", "b")]]]);
  await writeFile(join(directory, "named.kgd"), named);
  await writeFile(join(directory, "flipped.kgd"), named.map((byte, place) => (place === named.length >> 1 ? byte ^ 1 : byte)));
  const scripts: [string, number][] = [
    ["kgdump restore rocks -i dump.kgd -v", 7],
    ["kgdump restore rocks -i flipped.kgd", 3],
    ["kgdump restore rocks -i gone.kgd -v", 1],
    ["kgdump restore rocks -i named.kgd --progress always -v", 0],
    ["kgdump restore rocks -i named.kgd", 1],
    ['kgdump restore "rocks $TEXT" -i named.kgd --compression "$TEXT"', 2],
    ['kgdump restore "$TEXT" -i named.kgd --column-family "$TEXT"', 2],
    ["kgdump verify named.kgd --against rocks", 0],
    ["kgdump export rocks --dry-run", 0],
    ["kgdump export rocks --base named.kgd -o delta.kgd", 4],
    ["kgdump export rocks -o whole.kgd -v", 0],
    ["kgdump export rocks --base whole.kgd -o delta.kgd -v", 0],
    ["kgdump restore again -i whole.kgd -i delta.kgd", 0],
    ["kgdump restore again-2 -i named.kgd -i delta.kgd", 4],
    ["kgdump recover damaged.kgd -o gaps.kgd", 3],
    ["kgdump inspect gaps.kgd --gaps", 0],
  ];
  for (const [script, code] of scripts) {
    const ended = await terminal(script, { cwd: directory, env: { TEXT: NAME } });
    t.is(ended.code, code, `${script}: ${JSON.stringify(ended.stdout.toString())}`);
    t.true(ended.stdout.length > 10, script);
    assertSafe(t, ended.stdout, script);
  }
  for (const args of ["inspect gaps.kgd --gaps", "restore third -i named.kgd", "restore third -i named.kgd"]) {
    const ended = await kgdump([...args.split(" "), "--json"], { cwd: directory });
    assertSafe(t, ended.stdout, args);
    assertSafe(t, ended.stderr, args);
    for (const line of args.startsWith("inspect") ? ended.stdout.toString().trim().split("\n") : [ended.stdout.toString() || ended.stderr]) t.notThrows(() => JSON.parse(line) as unknown, args);
  }
});

test("migrate, rollback and status; a line of the log stays one", async (t) => {
  const { directory } = await prepare(t);
  const name = `store ${HOSTILE["line feed"] ?? ""}${HOSTILE["set the title"] ?? ""}${HOSTILE["right-to-left override"] ?? ""}`;
  const path = await makeStore(directory, name, { default: numbered("k", 50), [`name ${NAME}`]: { a: "1" } });
  const journal = `${path}.kgdump-migration.json`;
  const log = join(directory, "log");
  const scripts: [string, number][] = [
    ['kgdump status "$STORE"', 10],
    ['kgdump rollback "$STORE" -v', 1],
    ['kgdump migrate --from "$STORE" --dry-run', 0],
    ["kgdump migrate --from . -v", 7],
    ['kgdump migrate --from "$STORE" --config "$TEXT"', 1],
    ['kgdump migrate --from "$STORE" --dump "none/$TEXT" --log "$LOG" -v', 1],
    ['kgdump migrate --from "$STORE" --log "$LOG" --progress always -v', 0],
    ['kgdump status "$STORE"', 0],
    ['kgdump migrate --from "$STORE" --log "$LOG"', 0],
    ['kgdump rollback "$STORE" --log "$LOG" --progress always', 0],
    ['kgdump rollback "$STORE" --log "$LOG"', 0],
    ['kgdump status "$STORE"', 10],
    ['kgdump migrate --from "gone $TEXT" --log "$LOG"', 1],
    ['kgdump status "gone $TEXT"', 12],
  ];
  const env = { STORE: path, LOG: log, TEXT: NAME.replaceAll("/", "").slice(0, 60) };
  for (const [script, code] of scripts) {
    const ended = await terminal(script, { cwd: directory, env });
    t.is(ended.code, code, `${script}: ${JSON.stringify(ended.stdout.toString())}`);
    t.true(ended.stdout.length > 10, script);
    assertSafe(t, ended.stdout, script);
  }
  const text = await readFile(log, "utf8");
  assertSafe(t, text, "the log");
  for (const line of text.trimEnd().split("\n")) t.regex(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z migration /);
  t.true(text.includes("store one\\x0atwo"));

  for (const [args, code] of [[["migrate", "--from", path, "--log", log], 0], [["status", path], 0], [["rollback", path, "--log", log], 0]] as const) {
    const ended = await kgdump([...args, "--json"], { cwd: directory });
    t.is(ended.code, code, ended.stderr);
    assertSafe(t, ended.stdout, args.join(" "));
    const documents = args[0] === "status" ? [ended.stdout.toString()] : ended.stdout.toString().trimEnd().split("\n");
    for (const document of documents) t.notThrows(() => JSON.parse(document) as unknown, document);
  }
  // The journal is a file that anybody may have written.
  await writeFile(journal, (await readFile(journal, "utf8")).replace(/"id": "\w+"/, `"id": ${JSON.stringify(NAME)}`));
  for (const script of ['kgdump status "$STORE"', 'kgdump migrate --from "$STORE" --log "$LOG"']) assertSafe(t, (await terminal(script, { cwd: directory, env })).stdout, script);
  assertSafe(t, await readFile(log, "utf8"), "the log");
  await writeFile(journal, `{ "x": ${JSON.stringify(ALL)} }`);
  for (const script of ['kgdump status "$STORE"', 'kgdump rollback "$STORE" -v']) assertSafe(t, (await terminal(script, { cwd: directory, env })).stdout, script);
});
