// @ts-check
/** Pictures of the documents: a terminal's lines with their colours, and parts of a report, as SVG. */
import stringWidth from "string-width";

/** Of a cell, in pixels, and around all of them. */
const CELL = { width: 8, height: 18 };
const MARGIN = 14;
/** What a terminal's colours are here; text and ground. */
const COLOURS = ["#6e7681", "#ff7b72", "#7ee787", "#e3b341", "#79c0ff", "#d2a8ff", "#76e3ea", "#e6edf3"];
const [TEXT, GROUND, DIM] = ["#e6edf3", "#0d1117", "#8b949e"];
const ESC = String.fromCharCode(27);
const SGR = new RegExp(`${ESC}\\[([0-9;]*)m`);

/** @typedef {{ colour: string | null, bold: boolean, dim: boolean, inverse: boolean }} Look */

const PLAIN = Object.freeze({ colour: null, bold: false, dim: false, inverse: false });

/** @param {Look} look @param {string} codes @returns {Look} */
function after(look, codes) {
  let now = look;
  for (const code of (codes === "" ? "0" : codes).split(";").map(Number)) {
    if (code === 0) now = PLAIN;
    else if (code === 1) now = { ...now, bold: true };
    else if (code === 2) now = { ...now, dim: true };
    else if (code === 7) now = { ...now, inverse: true };
    else if (code === 22) now = { ...now, bold: false, dim: false };
    else if (code === 27) now = { ...now, inverse: false };
    else if (code === 39) now = { ...now, colour: null };
    else if (code >= 30 && code <= 37) now = { ...now, colour: COLOURS[code - 30] ?? null };
    else if (code >= 90 && code <= 97) now = { ...now, colour: COLOURS[code - 90] ?? null };
  }
  return now;
}

/** @param {string} text */
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/**
 * A terminal with these lines, whose colours are as a terminal gets them.
 * @param {readonly string[]} lines
 * @param {{ title: string, columns: number }} options
 */
export function terminalPicture(lines, { title, columns }) {
  const [width, height] = [columns * CELL.width + 2 * MARGIN, lines.length * CELL.height + 2 * MARGIN];
  /** @type {Look} */
  let look = PLAIN;
  const drawn = lines.map((line, row) => {
    let column = 0;
    let [back, text] = ["", ""];
    for (const [index, part] of line.split(SGR).entries()) {
      if (index % 2 === 1) {
        look = after(look, part);
        continue;
      }
      if (part === "") continue;
      const colour = look.inverse ? GROUND : (look.colour ?? (look.dim ? DIM : null));
      if (look.inverse) back += `<rect x="${String(MARGIN + column * CELL.width)}" y="${String(MARGIN + row * CELL.height)}" width="${String(stringWidth(part) * CELL.width)}" height="${String(CELL.height)}" fill="${look.colour ?? TEXT}"/>`;
      // Where blanks are, the next word has a place of its own: renderers make one of several.
      for (const word of part.split(/(^ +| {2,})/)) {
        const cells = stringWidth(word);
        const x = MARGIN + column * CELL.width;
        column += cells;
        if (word.trim() === "") text += " ";
        // Each run is as wide as its cells, whatever the font.
        else text += `<tspan x="${String(x)}" textLength="${String(cells * CELL.width)}" lengthAdjust="spacingAndGlyphs"${colour === null ? "" : ` fill="${colour}"`}${look.bold ? ' font-weight="600"' : ""}>${escaped(word)}</tspan>`;
      }
    }
    return `${back}<text y="${String(MARGIN + row * CELL.height + 13)}">${text}</text>\n`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${String(width)}" height="${String(height)}" viewBox="0 0 ${String(width)} ${String(height)}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" rx="8" fill="${GROUND}"/>
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="13" fill="${TEXT}">
${drawn.join("")}</g>
</svg>
`;
}

const WIDTH = 1040;

/**
 * A chart of a report, on its own.
 * @param {string} page
 * @param {string} kind its classes
 * @param {string} title
 */
export function htmlPartPicture(page, kind, title) {
  const start = page.indexOf(`<svg class="chart ${kind}"`);
  const end = page.indexOf("\n</svg>", start);
  if (start === -1 || end === -1) throw new Error(`the report has no chart "${kind}"`);
  const style = /<style>([^]*?)<\/style>/.exec(page)?.[1] ?? "";
  const [head = "", ...body] = page.slice(start, end).split("\n");
  const height = /height="([\d.]+)"/.exec(head)?.[1] ?? "400";
  const inner = body.join("\n").replaceAll(/<a class="([^"]*)" href="[^"]*">/g, '<g class="$1">').replaceAll("</a>", "</g>");
  // What browsers show of the page on white paper.
  const light = style.replace(/@media screen and \(prefers-color-scheme:dark\)\{[^]*?\}\}\n/, "").split("\n").filter((line) => /^:root|^\.(?:chart|treemap|near|root|c\d)/.test(line)).join("\n");
  return `<svg xmlns="http://www.w3.org/2000/svg" class="chart ${kind}" width="${String(WIDTH)}" height="${height}" viewBox="0 0 ${String(WIDTH)} ${height}" role="img" aria-label="${escaped(title)}">
<title>${escaped(title)}</title>
<style>${light}
.chart{font-family:system-ui,"DejaVu Sans",sans-serif}</style>
<rect width="100%" height="100%" style="fill:#fff;stroke:none"/>
${inner}
</svg>
`;
}

/** The text of a picture, line by line. @param {string} picture */
export function pictureText(picture) {
  const body = picture.slice(picture.indexOf("</title>") + 8).replaceAll(/<style>[^]*?<\/style>/g, "");
  return body.replaceAll(/<[^>]*>/g, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&").split("\n").map((line) => line.trimEnd()).filter((line) => line !== "").join("\n");
}
