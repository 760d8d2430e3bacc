/** Digests, and the commands that check them. */
import { formatCount } from "../../counts.js";
import { escapeText } from "../../cli/text/escape.js";
import { formatNumberOf } from "../../cli/text/quantities.js";
import { shellWord } from "../../operations/disk/shell-word.js";
import { html, type Html } from "../html.js";
import { command, figure, name, table, text } from "../table.js";
import { baseOf, cut, nameOf } from "../text.js";
import { FIRST_ROWS, type Page, type Section } from "./section.js";

/** Characters of a path within a command. */
const PATH = 1000;

/** The section. */
export function digests(page: Page): Section {
  const { facts: { stats: { dump, path } } } = page;
  return { id: "digests", title: "Digests, and how to check them", body: dump === null ? ofStore(path ?? "") : ofDump(page, path) };
}

function ofDump({ facts: { stats: { dump } }, limits }: Page, path: string | null): Html {
  const keyspaces = dump?.keyspaces ?? [];
  const file = path === null ? "graph.kgd" : wordOf(baseOf(path));
  const rows = keyspaces.slice(0, limits.rows).map((keyspace) => ({ cells: [html`<code>${nameOf(keyspace.name)}</code>`, formatCount(keyspace.entries), html`<code class="digest">${keyspace.digest ?? "not known: it was cut short"}</code>`] }));
  const rest = keyspaces.length - rows.length;
  return html`<p>A digest is the SHA-256 of all entries of a keyspace in their order: the same whatever the codec, the block size or the engine.</p>
${table({ caption: "Digests of the keyspaces, in the order of the dump", columns: [name("keyspace"), figure("entries"), text("SHA-256")], rows, first: FIRST_ROWS, more: rest === 0 ? null : `and ${formatNumberOf(rest, "more keyspace", "more keyspaces")}` })}
<p>Check the dump once more, every checksum, entry and digest:</p>${command(`kgdump verify ${file}`)}
<p>See the digests that it has:</p>${command(`kgdump inspect ${file} -v`)}
<p>Compare it with a store, key by key:</p>${command(`kgdump verify ${file} --against STORE`)}`;
}

function ofStore(path: string): Html {
  const store = wordOf(path);
  return html`<p>A store has no digests of its own. A dump of it has one for each keyspace, the SHA-256 of all its entries in their order.</p>
${command(`kgdump export ${store} -o graph.kgd`)}<p>See the digests, and compare the store with them, key by key:</p>${command(`kgdump inspect graph.kgd -v`)}${command(`kgdump verify graph.kgd --against ${store}`)}`;
}

function wordOf(path: string): string {
  return shellWord(escapeText(cut(path, PATH)));
}
