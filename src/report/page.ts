/** A report as one page: no script, nothing from elsewhere, and less than a megabyte whatever it is about. */
import { createHash } from "node:crypto";
import { engineText, overview, timeText } from "./sections/overview.js";
import type { ReportFacts } from "../operations/report/gather.js";
import { digests } from "./sections/digests.js";
import { graphSection } from "./sections/graph.js";
import { html, Html } from "./html.js";
import { kinds } from "./sections/kinds.js";
import { prefixes } from "./sections/prefixes.js";
import { problems } from "./sections/problems.js";
import { provenance } from "./sections/provenance.js";
import type { Limits, Page, Section } from "./sections/section.js";
import { shapes } from "./sections/shapes.js";
import { sizes } from "./sections/sizes.js";
import { stateOf } from "./sections/state.js";
import { STYLE } from "./style.js";
import { baseOf, cut } from "./text.js";
import { leavesOf, treeOf } from "./tree.js";

/** What else a report can show. */
export interface ReportExtras {
  /** A section in the place of that about the graph in the entries. */
  readonly graph?: Section | undefined;
}

/** Bytes that a page has at most. */
export const MOST_BYTES = 1_000_000;

const ALL: Limits = { branches: 220, keyspaces: 60, rows: 150, shapes: 12, fields: 60 };
/** With less of everything, where names are so hostile that the page would become too large. */
const SHARES = [1, 0.5, 0.25, 0.1];
const TITLE = 120;

/** Makes the page. */
export function reportPage(facts: ReportFacts, extras: ReportExtras = {}): string {
  let page = "";
  for (const share of SHARES) {
    page = draw(facts, extras, limitsOf(share));
    if (Buffer.byteLength(page) < MOST_BYTES) break;
  }
  return page;
}

function limitsOf(share: number): Limits {
  const { branches, keyspaces, rows, shapes: shapeLimit, fields } = ALL;
  const less = (limit: number): number => Math.max(2, Math.round(limit * share));
  return { branches: less(branches), keyspaces: less(keyspaces), rows: less(rows), shapes: less(shapeLimit), fields: less(fields) };
}

/** What browsers may do with the page: use its own style, and nothing else. */
function policy(): string {
  const hash = createHash("sha256").update(STYLE).digest("base64");
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}

function draw(facts: ReportFacts, { graph }: ReportExtras, limits: Limits): string {
  const root = treeOf(facts.stats.keyspaces, limits);
  const page: Page = { facts, root, leaves: leavesOf(root), limits };
  const sections = [overview(page), prefixes(page), sizes(page), kinds(page), shapes(page), graph ?? graphSection(page), problems(page), provenance(page), digests(page)].filter((section) => section !== null);
  const { path, dump, kind } = facts.stats;
  const title = path === null ? "a dump from a stream" : cut(baseOf(path), TITLE);
  const state = stateOf(facts);
  const what = dump === null ? `a ${engineText(kind)} store` : `a dump of a ${engineText(dump.header.source.engine)} store`;
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="generator" content="${facts.producer}">
<title>${title}: a report by kgdump</title>
<style>${Html.constant(STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<header><h1>${title}</h1><p>${what} <strong class="badge ${state.mark}">${state.words}</strong></p>
<nav aria-label="Sections"><ul>${sections.map(({ id, title: words }) => html`<li><a href="#${id}">${words}</a></li>`)}</ul></nav></header>
<main id="main" tabindex="-1">
${sections.map(sectionOf)}</main>
<footer><p>Made ${timeText(facts.madeAt, new Date(0))}, by ${facts.producer}. This page needs no network and runs no script.</p></footer>
</body>
</html>
`.source;
}

function sectionOf({ id, title, body }: Section): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
${body}
</section>
`;
}
