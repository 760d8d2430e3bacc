// @ts-check
/** Text as roff, which manual pages are written in. */

/** Columns of a line. */
const COLUMNS = 80;

/** Text in which roff finds no command. @param {string} text */
export function roff(text) {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("'", "\\(aq").replaceAll("`", "\\(ga").replaceAll("^", "\\(ha").replaceAll("~", "\\(ti").replace(/^(?=[.])/gm, "\\&");
}

/** A line in bold. @param {string} text */
export function bold(text) {
  return `\\fB${roff(text)}\\fR`;
}

/** A section. @param {string} title @param {string} body */
export function section(title, body) {
  return `.SH ${roff(title.toUpperCase())}\n${body}\n`;
}

/** A term with what is said of it. @param {string} term as roff @param {string} text */
export function item(term, text) {
  return `.TP\n${term}\n${flow(text)}`;
}

/** Lines that stay as they are. @param {readonly string[]} lines */
export function lines(lines) {
  return `.nf\n${lines.map(roff).join("\n")}\n.fi`;
}

/** One paragraph, in lines of a length that editors and mandoc like. @param {string} text */
export function flow(text) {
  /** @type {string[]} */
  const out = [];
  for (const word of text.trim().split(/\s+/).map(roff)) {
    const last = out.at(-1);
    if (last !== undefined && last.length + 1 + word.length < COLUMNS) out[out.length - 1] = `${last} ${word.replace(/^\\&(?=[.])/, "")}`;
    else out.push(word);
  }
  return out.join("\n");
}

/**
 * A text of help: paragraphs, and lines that are set in by four spaces or more, which stay as they are. What begins with a title and a colon is a part.
 * @param {string} text
 */
export function paragraphs(text) {
  const [, title, rest = text] = /^([A-Z][^\n:]*):\n(?= )([^]*)$/.exec(text) ?? [];
  /** @type {string[]} */
  const out = [title === undefined ? ".PP" : `.SS ${roff(title)}`];
  for (const part of rest.split(/\n\s*\n/)) {
    for (const run of runs(part)) {
      if (out.length > 1) out.push(".PP");
      out.push(run.fixed ? lines(run.lines) : flow(run.lines.join(" ")));
    }
  }
  return out.join("\n");
}

/** Lines next to one another of the same kind. @param {string} text @returns {{ fixed: boolean, lines: string[] }[]} */
function runs(text) {
  /** @type {{ fixed: boolean, lines: string[] }[]} */
  const found = [];
  for (const line of text.split("\n")) {
    const fixed = line.startsWith("    ");
    const last = found.at(-1);
    if (last?.fixed === fixed) last.lines.push(line);
    else found.push({ fixed, lines: [line] });
  }
  return found;
}
