/** What a report is made of, and how it is written. */
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import test from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { listEntries } from "#src/operations/inspect/entries.js";
import { recoverDump } from "#src/operations/recover/recover.js";
import { gatherReport, type ReportFacts } from "#src/operations/report/gather.js";
import { writeReport } from "#src/operations/report/write.js";
import { reportPage } from "#src/report/page.js";
import { reportOf } from "#src/index.js";
import { unpackStore } from "../../fixtures/unpack.js";
import { makeStore, numbered } from "../../support/stores.js";
import { temporaryDirectory } from "../../support/temporary.js";

const draw = (facts: ReportFacts): string => reportPage(facts);

test("every total on the page is that of the entries, whatever it is read from", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await unpackStore(t, "maya-families");
  const [dump, sled] = [join(directory, "x.kgd"), join(directory, "sled")];
  await exportStore({ store, output: dump });
  await importDump({ target: sled, input: dump });
  const counts = new Map<string, { entries: number; largest: number }>();
  for await (const { keyspace, value } of listEntries({ input: dump })) {
    const name = Buffer.from(keyspace).toString();
    const known = counts.get(name) ?? { entries: 0, largest: 0 };
    counts.set(name, { entries: known.entries + 1, largest: Math.max(known.largest, value?.length ?? 0) });
  }
  for (const input of [dump, store, sled, createReadStream(dump)]) {
    const page = reportPage(await gatherReport({ input }));
    for (const [name, { entries }] of counts) t.true(page.includes(`<th scope="row"><code>${name}</code></th><td class="n">${String(entries).replace(/\B(?=(?:\d{3})+$)/g, ",")}</td>`), name);
    // The leaves of the tree are all entries.
    const table = page.slice(page.indexOf("together they are all entries"), page.indexOf("What entries look like"));
    const rows = [...table.matchAll(/<tr id="p\d+">.*?<td class="n">([\d,]+)<\/td>/g)].map(([, count = ""]) => Number(count.replaceAll(",", "")));
    t.is(rows.reduce((sum, count) => sum + count, 0), [...counts.values()].reduce((sum, { entries }) => sum + entries, 0));
  }
});

test("a page can be made again, and says what its dump is", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "s", { default: numbered("user:", 300), other: { a: "1" } });
  const dump = join(directory, "x.kgd");
  await exportStore({ store, output: dump });
  const [one, two] = [await gatherReport({ input: dump }), await gatherReport({ input: dump })];
  t.is(reportPage({ ...one, madeAt: new Date(0) }), reportPage({ ...two, madeAt: new Date(0) }));
  const { html, stats } = await reportOf(dump, { values: false });
  for (const { digest } of stats.dump?.keyspaces ?? []) t.true(html.includes(digest ?? "none"));
  t.true(html.includes("complete") && html.includes("kgdump verify x.kgd --against STORE") && html.includes(stats.dump?.header.dumpId ?? "none"));
  t.true(reportPage(await gatherReport({ input: store, paranoid: true })).includes(`kgdump verify graph.kgd --against ${store}`));
  const part = reportPage(await gatherReport({ input: dump, keyspaces: [Buffer.from("other")] }));
  t.true(part.includes("1 of 2 keyspaces were asked for") && !part.includes("user:"));
});

test("damage and gaps are told first", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "s", { default: numbered("k", 4000, "value".repeat(20)) });
  const [dump, cut, salvaged] = [join(directory, "x.kgd"), join(directory, "cut.kgd"), join(directory, "salvaged.kgd")];
  await exportStore({ store, output: dump, blockSize: 16_384, codec: "none" });
  const bytes = await readFile(dump);
  await writeFile(cut, bytes.subarray(0, bytes.length >> 1));
  const half = await gatherReport({ input: cut });
  t.regex(reportPage(half), /class="badge bad">NOT COMPLETE<[^]*\[DUMP_TRUNCATED\]; all figures are of what comes before the damage/);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await writeFile(cut, bytes);
  await recoverDump({ input: cut, output: salvaged });
  const facts = await gatherReport({ input: salvaged });
  t.is(facts.gaps.length, 1);
  t.regex(reportPage(facts), /class="badge doubtful">SALVAGED<[^]*<ul class="problems"><li>SALVAGED: \d+ entries are missing in one place<[^]*Where entries are missing[^]*<code>k\d{7}<\/code><\/td><td><code>k\d{7}</);
  t.deepEqual((await gatherReport({ input: createReadStream(salvaged) })).gaps, []);
});

test("a page appears whole or not at all, and never over something else", async (t) => {
  const directory = await temporaryDirectory(t);
  const store = await makeStore(directory, "s", { default: numbered("k", 30) });
  const [dump, page] = [join(directory, "x.kgd"), join(directory, "report.html")];
  await exportStore({ store, output: dump });
  const written = await writeReport({ input: dump, output: page, draw });
  const { mode, size } = await stat(page);
  t.deepEqual([mode & 0o777, size, written.path], [0o600, written.bytes, page]);
  await t.throwsAsync(writeReport({ input: dump, output: page, draw: () => t.fail() as unknown as string }), { code: "OUTPUT_EXISTS" });
  await writeReport({ input: dump, output: page, force: true, draw: () => "other" });
  t.is(await readFile(page, "utf8"), "other");
  await symlink(dump, join(directory, "link"));
  for (const output of [dump, join(directory, "link")]) await t.throwsAsync(writeReport({ input: dump, output, force: true, draw }), { code: "USAGE", message: /is the dump that the report is about/ });
  await t.throwsAsync(writeReport({ input: store, output: join(store, "report.html"), draw }), { code: "USAGE", message: /is inside the store/ });
  await mkdir(join(directory, "folder"));
  await t.throwsAsync(writeReport({ input: dump, output: join(directory, "folder"), draw }), { code: "OUTPUT_EXISTS", message: /cannot write a report to .*: it is a directory/ });
  const names = await readdir(directory);
  await t.throwsAsync(writeReport({ input: dump, output: join(directory, "y"), draw: () => { throw new Error("drawn"); } }), { message: "drawn" });
  await t.throwsAsync(writeReport({ input: dump, output: join(directory, "y"), draw, signal: AbortSignal.abort(new Error("enough")) }), { message: "enough" });
  t.deepEqual(await readdir(directory), names);
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  t.is((await writeReport({ input: dump, output: stream, draw: () => "text" })).path, null);
  t.is(Buffer.concat(chunks).toString(), "text");
});
