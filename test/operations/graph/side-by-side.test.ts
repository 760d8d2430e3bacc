import test from "ava";
import { encodeEntries } from "#src/format/index.js";
import { GraphCheck } from "#src/operations/graph/index.js";
import { parseLayoutFile } from "#src/settings/graph-layout-file.js";

const layout = parseLayoutFile('[[nodes]]\nkey = "n{text}"\nlabel = "l"\n\n[[edges]]\nkey = "e{text}"\nfrom = "a"\nto = "b"\nlabel = "l"\n', "x.toml");

/** Blocks of very different sizes, with more labels than are told apart: those that come first are. */
const blocks = Array.from({ length: 24 }, (_, block) => {
  const count = block % 3 === 0 ? 20_000 : 5;
  return encodeEntries(Array.from({ length: count }, (__, index) => {
    const name = `${block.toString()}.${index.toString()}`;
    const [key, value] = index % 4 === 0 ? [`e${name}`, { a: name, b: "x", l: name }] : [`n${name}`, { l: name }];
    return { key: Buffer.from(key), value: Buffer.from(JSON.stringify(value)) };
  }));
});

test("blocks that are given side by side are taken in as if each had waited for the one before", async (t) => {
  const results: unknown[] = [];
  for (const atOnce of [1, 2, 5, blocks.length]) {
    await using check = new GraphCheck({ layout });
    const pending: Promise<void>[] = [];
    for (const block of blocks) {
      pending.push(check.add(block));
      if (pending.length >= atOnce) await pending.shift();
    }
    await Promise.all(pending);
    await check.finish(10);
    const { report, figures } = await check.figures();
    t.true(figures.nodeLabels.beyond > 100_000);
    results.push({ report, figures });
  }
  for (const result of results) t.deepEqual(result, results[0]);
});

test("a block that can't be read fails by itself; those beside it are taken in", async (t) => {
  await using check = new GraphCheck({ layout });
  const [large = new Uint8Array(), small = new Uint8Array()] = blocks;
  const wrong = new Uint8Array([...small, 0xc4]);
  const pending = [large, wrong, small, new Uint8Array(), large].map((block) => check.add(block).then(() => "taken", (error: unknown) => (error as { code: string }).code));
  t.deepEqual(await Promise.all(pending), ["taken", "DUMP_ENTRIES_MALFORMED", "taken", "taken", "taken"]);
  await check.finish(10);
  const { report } = await check.figures();
  t.is(report.nodes + report.edges, 20_000 + 5 + 20_000);
});
