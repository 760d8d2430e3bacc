/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** Reports in a real browser: drawn, without a sound, and without anything that hostile data made. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import type { Browser, Page } from "playwright-core";
import { gatherReport, type ReportFacts } from "#src/operations/report/gather.js";
import { reportPage } from "#src/report/page.js";
import { unpackStore } from "../fixtures/unpack.js";
import { makeStore } from "../support/stores.js";
import { temporaryDirectory } from "../support/temporary.js";
import { lowContrast } from "./contrast.js";
import { HOSTILE, hostileContent } from "./support.js";

const test = anyTest as TestFn<{ browser: Browser | null }>;

const WIDTHS = [360, 768, 1280];
const SCHEMES = ["light", "dark"] as const;
/** Names that Debian's and others' packages give it. */
const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** The browser of this machine; null when it has none. */
async function findBrowser(): Promise<string | null> {
  for (const name of NAMES) {
    const found = await promisify(execFile)("which", [name]).then(({ stdout }) => stdout.trim(), () => null);
    if (found !== null && found !== "") return found;
  }
  return null;
}

test.before(async (t) => {
  const executablePath = await findBrowser();
  if (executablePath === null) {
    t.context.browser = null;
    return;
  }
  const { chromium } = await import("playwright-core");
  // Root has no sandbox of Chromium's.
  t.context.browser = await chromium.launch({ executablePath, args: ["--no-sandbox"], timeout: 120_000 });
});
test.after.always((t) => t.context.browser?.close());

interface Looked {
  readonly page: Page;
  readonly said: readonly string[];
  readonly requests: readonly string[];
}

/** Opens a page from a file, as a user does; all that it says and asks for is kept. */
async function look(t: ExecutionContext<{ browser: Browser | null }>, html: string, width: number, colorScheme: (typeof SCHEMES)[number]): Promise<Looked | null> {
  const { browser } = t.context;
  if (browser === null) {
    t.log("SKIPPED: there is no Chromium here");
    t.pass();
    return null;
  }
  const file = join(await temporaryDirectory(t), "report.html");
  await writeFile(file, html);
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  t.teardown(() => page.close());
  const said: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("dialog", (dialog) => void said.push(dialog.message()));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(`file://${file}`);
  // What is folded is looked at, too.
  await page.evaluate(() => { for (const details of document.querySelectorAll("details")) details.open = true; });
  const kept = process.env.KGDUMP_PICTURES;
  if (kept !== undefined) {
    await mkdir(kept, { recursive: true });
    await page.screenshot({ path: join(kept, `${t.title.replaceAll(/\W+/g, "-")}-${colorScheme}-${String(width)}.png`), fullPage: true });
  }
  return { page, said, requests: requests.filter((url) => url !== `file://${file}`) };
}

/** What the browser has drawn: of a part its rectangle, of a chart all of it. */
async function boxesOf(page: Page, selector: string): Promise<{ text: string; width: number; height: number }[]> {
  return page.$$eval(selector, (parts) => parts.map((part) => {
    const { width, height } = (part.matches(".chart") ? part : (part.querySelector("rect") ?? part)).getBoundingClientRect();
    return { text: part.querySelector("title")?.textContent ?? "", width, height };
  }));
}

const shareIn = (title: string): number => Number(/\(([\d.]+) %\)/.exec(title)?.[1] ?? Number.NaN);

for (const width of WIDTHS) for (const scheme of SCHEMES) {
  test(`a report of a graph is drawn: ${String(width)} ${scheme}`, async (t) => {
    const facts = await gatherReport({ input: await unpackStore(t, "maya-families") });
    const looked = await look(t, reportPage(facts), width, scheme);
    if (looked === null) return;
    const { page, said, requests } = looked;
    t.deepEqual([said, requests], [[], []]);
    const [wide, shown] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth] as const);
    t.true(wide <= shown, `${String(wide)} pixels on a screen of ${String(shown)}`);
    await isDrawn(t, page, facts);
    t.deepEqual(await lowContrast(page), []);
  });
}

/** Compares what was drawn with the figures. */
async function isDrawn(t: ExecutionContext<{ browser: Browser | null }>, page: Page, { stats }: ReportFacts): Promise<void> {
  const all = stats.keyspaces.reduce((sum, { prefixes }) => sum + prefixes.entries, 0);
  for (const chart of ["treemap", "icicle", "sizes", "kinds", "bars", "near"]) {
    const drawn = (await boxesOf(page, `svg.${chart}`)).filter(({ width }) => width > 0);
    t.is(drawn.length, 1, chart);
    t.true((drawn[0]?.width ?? 0) > 300 && (drawn[0]?.height ?? 0) > 40, chart);
  }
  const visible = page.viewportSize()?.width === 360 ? "narrow" : "wide";
  const [map] = await boxesOf(page, `svg.${visible}`);
  const cells = await boxesOf(page, `svg.${visible} > :not(.heading)`);
  const area = cells.reduce((sum, { width, height }) => sum + width * height, 0);
  const whole = (map?.width ?? 0) * (map?.height ?? 0);
  // Headings, and what parts the areas, take the rest.
  t.true(area > 0.75 * whole && area <= whole, `${String(area)} of ${String(whole)}`);
  for (const { text, width, height } of cells) {
    const share = shareIn(text);
    if (share > 5) t.true(Math.abs((100 * width * height) / area - share) < 0.2 * share, `${text}: ${String((100 * width * height) / area)} % of the area`);
  }
  // The entries of the cells, as their titles tell them, and of the table's rows are all there are; what is too small has no cell.
  const counted = cells.reduce((sum, { text }) => sum + Number(/, ([\d,]+) entr(?:y|ies)$/.exec(text)?.[1]?.replaceAll(",", "")), 0);
  t.true(counted <= all && counted > 0.99 * all, `${String(counted)} of ${String(all)}`);
  const rows = await page.$$eval("tr[id^=p]", (found) => found.map((row) => Number(row.querySelector("td.n")?.textContent.replaceAll(",", ""))));
  t.is(rows.reduce((sum, count) => sum + count, 0), all);
  const [flame] = await boxesOf(page, "svg.icicle");
  for (const { text, width } of await boxesOf(page, "svg.icicle > g")) {
    const share = shareIn(text);
    if (share > 2) t.true(Math.abs((100 * width) / (flame?.width ?? 1) - share) < 1, text);
  }
}

test("what is in names, keys and values makes no element, runs nothing, and asks for nothing", async (t) => {
  const facts = await gatherReport({ input: await makeStore(await temporaryDirectory(t), "s", hostileContent()) });
  const html = reportPage(facts);
  const looked = await look(t, html, 768, "light");
  if (looked === null) return;
  const { page, said, requests } = looked;
  t.deepEqual([said, requests], [[], []]);
  const found = await page.evaluate(() => ({
    hit: (window as unknown as { hit?: number }).hit ?? null,
    strangers: [...document.querySelectorAll("script, img, iframe, object, embed, link, base, form, input, foreignObject, h1 ~ h1, [onload], [onerror], [onmouseover], [style], [src]")].map(({ outerHTML }) => outerHTML),
    styles: document.styleSheets.length,
    policies: document.querySelectorAll("meta[http-equiv]").length,
    text: document.body.textContent,
    width: document.documentElement.scrollWidth,
  }));
  t.deepEqual([found.hit, found.strangers, found.styles, found.policies], [null, [], 1, 1]);
  t.true(found.width <= 768);
  for (const text of HOSTILE.slice(0, 2)) t.true(found.text.includes(text), text);
  t.deepEqual(await lowContrast(page), []);
});

test("the policy of a page holds what its text alone would not", async (t) => {
  const html = reportPage(await gatherReport({ input: await makeStore(await temporaryDirectory(t), "s", { default: { a: "1" } }) }));
  const broken = html.replace("</main>", `<script>window.hit = 1</script><img src="http://127.0.0.1:9/x.png" onerror="window.hit = 2"><p id="styled" style="color: rgb(1, 2, 3)">x</p><style>#styled { color: rgb(1, 2, 3) }</style><iframe src="http://127.0.0.1:9/"></iframe></main>`);
  const looked = await look(t, broken, 768, "light");
  if (looked === null) return;
  t.true(looked.said.some((line) => line.includes("Content Security Policy")));
  const found = await looked.page.evaluate(() => ({ hit: (window as unknown as { hit?: number }).hit ?? null, color: getComputedStyle(document.querySelector("#styled") ?? document.body).color, page: getComputedStyle(document.body).maxWidth }));
  t.is(found.hit, null);
  t.not(found.color, "rgb(1, 2, 3)");
  t.is(found.page, "1088px");
});

test("a keyboard reaches everything: links, folded parts and what scrolls", async (t) => {
  const looked = await look(t, reportPage(await gatherReport({ input: await unpackStore(t, "maya-families") })), 1280, "light");
  if (looked === null) return;
  const { page } = looked;
  const reached = new Set<string>();
  for (let stops = 0; stops < 80; stops += 1) {
    await page.keyboard.press("Tab");
    const name = await page.evaluate(() => {
      const { activeElement: at } = document;
      const outline = at === null ? "" : getComputedStyle(at.tagName === "a" ? (at.querySelector("rect") ?? at) : at);
      const seen = typeof outline === "string" ? false : outline.outlineStyle !== "none" || outline.stroke !== "none";
      return `${at?.tagName.toLowerCase() ?? ""}${seen ? "" : " unseen"}`;
    });
    reached.add(name);
  }
  for (const name of ["a", "div", "summary", "pre"]) t.true(reached.has(name), `${name}: ${[...reached].join(", ")}`);
  t.false([...reached].some((name) => name.endsWith("unseen") && !name.startsWith("body")), [...reached].join(", "));
  const links = await page.$$eval("a", (all) => all.map((link) => link.getAttribute("href") ?? ""));
  const missing = await page.evaluate((all) => all.filter((href) => document.querySelector(href) === null), links);
  t.deepEqual(missing, []);
  const unnamed = await page.$$eval("svg.chart, [role=region], section, nav", (all) => all.filter((one) => !one.hasAttribute("aria-label") && !one.hasAttribute("aria-labelledby")).length);
  t.is(unnamed, 0);
  // Each chart stands before a table.
  t.deepEqual(await page.$$eval("section", (all) => all.filter((one) => one.querySelector("svg.chart") !== null && one.querySelector("table") === null).length), 0);
});
