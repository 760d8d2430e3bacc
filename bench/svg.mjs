// @ts-check
/** A small writer of SVG: elements as strings, with everything escaped that has to be. */

/** @typedef {Record<string, string | number>} Attributes */

/**
 * @param {string} name
 * @param {Attributes} attributes numbers are rounded to hundredths
 * @param {...string} children markup, as `element` and `text` make it
 * @returns {string} markup
 */
export function element(name, attributes, ...children) {
  const words = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(typeof value === "number" ? round(value) : value)}"`);
  return children.length === 0 ? `<${name}${words.join("")}/>` : `<${name}${words.join("")}>${children.join("")}</${name}>`;
}

/**
 * @param {number} x
 * @param {number} y of the baseline
 * @param {string} content
 * @param {Attributes} [attributes]
 */
export function text(x, y, content, attributes = {}) {
  return element("text", { x, y, ...attributes }, escape(content));
}

/**
 * Parts of one line of text.
 * @param {number} x
 * @param {number} y of the baseline
 * @param {readonly { content: string, attributes: Attributes }[]} spans
 */
export function line(x, y, spans) {
  const parts = spans.map(({ content, attributes }) => element("tspan", attributes, escape(content)));
  return element("text", { class: "over", x, y }, ...parts);
}

/** @param {number} value */
const round = (value) => String(Math.round(value * 100) / 100);

/** @type {Record<string, string>} */
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** @param {string} content @returns {string} without what XML 1.0 can't hold */
function escape(content) {
  return content.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? "").replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "");
}

/**
 * Colours for light and dark, by class. The card behind is opaque, so that a chart can be read on any page.
 */
const STYLE = `
text{font-family:system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;font-size:13px;fill:var(--ink)}
.title{font-size:18px;font-weight:700}.panel{font-size:14px;font-weight:700}.muted{fill:var(--muted)}.small{font-size:12px}.strong{font-weight:700}
.over{paint-order:stroke;stroke:var(--card);stroke-width:5px;stroke-linejoin:round}
.card{fill:var(--card);stroke:var(--grid)}.grid{stroke:var(--grid);stroke-width:1}.axis{stroke:var(--muted);stroke-width:1}.range{stroke:var(--ink);stroke-width:1.3;fill:none}
.kgdump{fill:var(--blue)}.peer{fill:var(--orange)}.limit{fill:var(--grey)}
.line{fill:none;stroke-width:2.2;stroke-linejoin:round}.s0{--series:var(--blue)}.s1{--series:var(--orange)}.s2{--series:var(--green)}.s3{--series:var(--violet)}
.line{stroke:var(--series)}.mark{fill:var(--series);stroke:var(--card);stroke-width:1.5}.named{fill:var(--series)}
svg{--card:#fff;--ink:#1f2328;--muted:#59636e;--grid:#d8dee4;--blue:#1a56c4;--orange:#d98324;--grey:#8c959f;--green:#1a7f37;--violet:#8250df}
@media(prefers-color-scheme:dark){svg{--card:#0d1117;--ink:#e6edf3;--muted:#9198a1;--grid:#30363d;--blue:#6ea8fe;--orange:#e09b4f;--grey:#6e7681;--green:#56d364;--violet:#bc8cff}}
`;

/**
 * A whole picture.
 * @param {{ width: number, height: number, title: string, description: string }} of what a screen reader says
 * @param {...string} children markup
 */
export function picture({ width, height, title, description }, ...children) {
  const attributes = { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${round(width)} ${round(height)}`, width, height, role: "img" };
  return `${element(
    "svg",
    attributes,
    element("title", {}, escape(title)),
    element("desc", {}, escape(description)),
    element("style", {}, STYLE),
    element("rect", { class: "card", x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 8 }),
    ...children,
  )}\n`;
}

/** An axis ends at 1 when nothing on it is larger than this. */
const SMALLEST = 1e-9;

/**
 * Where an axis has its marks.
 * @param {number} highest value that has to fit
 * @param {number} [count] about how many marks
 * @returns {number[]} from 0 on in steps of 1, 2 or 5 times a power of ten; the last is not below `highest`
 */
export function ticks(highest, count = 5) {
  if (!(highest > SMALLEST)) return [0, 1];
  const rough = highest / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.ceil(highest / step - 1e-9) + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}
