/**
 * Headers with random options, of which many are such that RocksDB's parser or its tables would end or hang the process: each is left out and
 * named, or refused, and all entries are restored. `KGDUMP_HOSTILE=n` tries n of them, `SEED=n` the same again.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import test from "ava";
import { loggedSeed } from "../../support/seed.js";
import { temporaryDirectory } from "../../support/temporary.js";

const RUN = fileURLToPath(new URL("./restore-hostile-run.js", import.meta.url));
const ROUNDS = Number(process.env.KGDUMP_HOSTILE ?? 40);
/** A round that says nothing for so long hangs. */
const SILENCE = 180_000;

test("no header ends or hangs a restore, whatever its options are", async (t) => {
  t.timeout(60_000 + ROUNDS * 10_000);
  const seed = loggedSeed(t);
  const child = spawn(process.execPath, [RUN, await temporaryDirectory(t), seed.toString(), ROUNDS.toString()], { stdio: ["ignore", "pipe", "pipe"] });
  const hung = setTimeout(() => child.kill("SIGKILL"), SILENCE);
  let [last, stderr, restored, refused] = ["", "", 0, 0];
  child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
  createInterface(child.stdout).on("line", (line) => {
    hung.refresh();
    if (line.startsWith("{")) last = line;
    else if (line === "restored") restored++;
    else refused++;
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  clearTimeout(hung);
  t.deepEqual({ code, signal }, { code: 0, signal: null }, `${last}\n${stderr}`);
  t.is(restored + refused, ROUNDS);
  t.log(`${restored.toString()} restored, ${refused.toString()} refused by name`);
});
