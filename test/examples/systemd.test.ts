/** The drop-in for systemd: systemd itself finds nothing wrong with it, and what it runs is what kgdump takes. */
import { execFile, spawn } from "node:child_process";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { gather, KGDUMP } from "../cli/support/run.js";
import { makeStore, numbered } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";

const run = promisify(execFile);
const DROP_IN = join(process.cwd(), "examples", "systemd", "maya-learn.service.d");
const FILE = join(DROP_IN, "kgdump-migrate.conf");

/** The keys of each section; comments left out. */
function parse(text: string): Map<string, string> {
  const keys = new Map<string, string>();
  let section = "";
  for (const line of text.split("\n").filter((one) => one !== "" && !one.startsWith("#"))) {
    const head = /^\[(\w+)\]$/.exec(line)?.[1];
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (head !== undefined) section = head;
    else if (key !== undefined) keys.set(`${section}.${key}`, value ?? "");
    else throw new Error(`neither section nor key: ${line}`);
  }
  return keys;
}

/** What `systemd-analyze verify` says of a service with the drop-in; null where there is no systemd. */
async function verified(t: ExecutionContext, change: (text: string) => string): Promise<string | null> {
  const directory = await temporaryDirectory(t);
  const dropIn = join(directory, "maya-learn.service.d");
  await cp(DROP_IN, dropIn, { recursive: true });
  const file = join(dropIn, "kgdump-migrate.conf");
  // It looks whether the program is there.
  await writeFile(file, change((await readFile(FILE, "utf8")).replace("/usr/local/bin/kgdump", process.execPath)));
  const unit = join(directory, "maya-learn.service");
  await writeFile(unit, `[Unit]\nDescription=MAYA\n\n[Service]\nType=exec\nExecStart=${process.execPath} --version\n`);
  try {
    const { stdout, stderr } = await run("systemd-analyze", ["verify", unit], { env: { ...process.env, SYSTEMD_UNIT_PATH: `${directory}:` } });
    return (stdout + stderr).split("\n").filter((line) => line.includes("maya-learn")).join("\n");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    if (error instanceof Error && "stderr" in error) return String(error.stderr);
    throw error;
  }
}

test("systemd takes the drop-in as it is", async (t) => {
  const keys = parse(await readFile(FILE, "utf8"));
  t.is(keys.get("Service.TimeoutStartSec"), "infinity");
  t.regex(keys.get("Service.ExecStartPre") ?? "", /^\/usr\/local\/bin\/kgdump migrate --config \S+ --no-input --log \S+$/);
  t.true(keys.has("Unit.StartLimitBurst") && keys.has("Service.LogsDirectory"));
  const said = await verified(t, (text) => text);
  if (said === null) {
    t.log("SKIPPED: there is no systemd-analyze here; only the keys were looked at");
    return;
  }
  t.is(said, "");
  t.not(await verified(t, (text) => text.replace("TimeoutStartSec", "TimeoutStrtSec")), "", "the check finds a mistake");
});

test("what stands before the start of the service migrates, and then does nothing", async (t) => {
  const directory = await temporaryDirectory(t);
  const path = await makeStore(directory, "knowledge_graph", { default: numbered("k", 300) });
  const config = join(directory, "storage.toml");
  await writeFile(config, `[storage]\nengine = "sled"\npath = ${JSON.stringify(path)}\n`);
  const logs = join(directory, "log");
  await mkdir(logs);
  const keys = parse(await readFile(FILE, "utf8"));
  const logsDirectory = `/var/log/${keys.get("Service.LogsDirectory") ?? ""}/`;
  const [, ...args] = (keys.get("Service.ExecStartPre") ?? "").split(" ").map((word) => word.replace("/etc/maya/storage.toml", config).replace(logsDirectory, `${logs}/`));
  const before = await gather(spawn(process.execPath, [KGDUMP, ...args], { stdio: ["ignore", "pipe", "pipe"] }));
  t.is(before.code, 0, before.stderr);
  t.true((await readdir(path)).includes("conf"));
  const [log = ""] = await readdir(logs);
  t.regex(await readFile(join(logs, log), "utf8"), /migration .* done: /);
  const again = await gather(spawn(process.execPath, [KGDUMP, ...args], { stdio: ["ignore", "pipe", "pipe"] }));
  t.is(again.code, 0, again.stderr);
});
