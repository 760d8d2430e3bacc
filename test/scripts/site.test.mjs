// @ts-check
import test from "ava";
import { pageText } from "../../scripts/site.mjs";

test("links of a page lead to pages; what is none is text", (t) => {
  const shown = new Set(["README.md", "docs/guide.md", "examples/README.md", "bench/charts/job.svg"]);
  const page = (/** @type {string} */ text) => pageText("docs/guide.md", text, shown);
  t.is(page("[a](../README.md#install)"), "[a](../index.md#install)");
  t.is(page("[a](../examples) [b](#here) [c](https://example.com/x)"), "[a](../examples/index.md) [b](#here) [c](https://example.com/x)");
  t.is(page("![a](../bench/charts/job.svg)"), "![a](../bench/charts/job.svg)");
  t.is(page("[the code](../src/errors.ts) and [MIT](../LICENSE)"), "the code and MIT");
});
