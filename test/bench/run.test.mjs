// @ts-check
import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { measure } from "../../bench/measure.mjs";
import { inProject } from "../../scripts/setup/paths.mjs";
import { temporaryDirectory } from "../scripts/temporary.mjs";

/**
 * @param {readonly string[]} args
 * @param {(stderr: string, child: import("node:child_process").ChildProcess) => void} [watch] sees all of stderr so far
 * @returns {Promise<{ status: number | null, stdout: string, stderr: string }>}
 */
function bench(args, watch = () => undefined) {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [inProject("bench", "main.mjs"), ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
      watch(stderr, child);
    });
    child.on("error", failed);
    child.on("close", (status) => {
      done({ status, stdout, stderr });
    });
  });
}

test("a small run measures what it was asked for, writes it, draws it and leaves nothing else", async (t) => {
  const directory = await temporaryDirectory(t);
  const work = await temporaryDirectory(t);
  const [out, charts] = [join(directory, "figures.json"), join(directory, "charts")];
  const only = ["--only", "kgdump", "--only", "scan", "--only", "write"];
  const { status, stdout, stderr } = await bench(["--records", "2000", "--rounds", "1", ...only, "--directory", work, "--out", out, "--charts", charts]);
  t.is(status, 0, stderr);
  t.deepEqual(await readdir(work), []);
  /** @type {import("../../bench/results.mjs").Results} */
  const { comparison, targets } = JSON.parse(await readFile(out, "utf8"));
  const { results = [], skipped = [], records = 0 } = comparison ?? {};
  const names = results.map(({ name }) => name);
  for (const name of ["write", "export-none", "export-lz4", "export-zstd", "sled-export-none", "sled-export-lz4", "load", "import", "import-load", "import-compressed", "pipe", "pipe-compressed", "inspect", "inspect-stream", "verify"]) {
    t.true(names.includes(name), name);
  }
  // Without a library there is no bare scan, and it is said.
  t.true(names.includes("scan") !== skipped.some(({ name }) => name === "scan"));
  t.true(records > 1000 && records < 4000);
  for (const { name, seconds, cpuSeconds, peakBytes, diskBytes, runs, records: seen } of results) {
    t.is(runs.length, 1, name);
    t.is(seen, records, name);
    t.true(seconds.median > 0 && seconds.min === seconds.max, name);
    t.true(cpuSeconds.median >= 0 && cpuSeconds.median < seconds.median * 64, name);
    t.true(peakBytes.median > 1e6 && peakBytes.median < 2e9, name);
    t.true(diskBytes === null ? /^(scan|inspect|inspect-stream|verify)$/.test(name) : diskBytes > 100_000, name);
  }
  t.true((comparison?.rawBytes ?? 0) > (comparison?.contentBytes ?? Infinity));
  t.is(comparison?.machine.cores, (await import("node:os")).cpus().length);
  t.true((targets ?? []).every(({ met, value }) => (met === null) === (value === null)));
  t.regex(stdout, /kgdump export --codec lz4/);
  t.regex(await readFile(join(directory, "figures.md"), "utf8"), /What was measured/);
  t.deepEqual((await readdir(charts)).sort(), ["disk.svg", "export.svg", "import.svg", "job.svg", "memory.svg"]);
});

test("Ctrl-C ends what runs, and nothing is left", async (t) => {
  const work = await temporaryDirectory(t);
  let sent = false;
  const { status, stderr } = await bench(["--records", "2000", "--rounds", "1000", "--only", "export-lz4", "--only", "pipe", "--directory", work], (said, child) => {
    if (sent || !said.includes("round 1/")) return;
    sent = true;
    child.kill("SIGINT");
  });
  t.is(status, 130, stderr);
  t.deepEqual(await readdir(work), []);
});

test("a program that fails is an error, wherever it stands in a pipe", async (t) => {
  const directory = await temporaryDirectory(t);
  const [good, bad] = [["cat"], ["sh", "-c", "cat; echo why >&2; exit 3"]];
  t.is((await measure({ pipeline: [["echo", "it's"], good] }, directory)).output, "it's\n");
  for (const pipeline of [[bad], [bad, good], [good, bad, good], [good, bad]]) {
    const error = await t.throwsAsync(measure({ pipeline }, directory), { message: /ended with 3/ });
    t.regex(String(error && "output" in error && error.output), /why/);
  }
  t.deepEqual(await readdir(directory), []);
});
