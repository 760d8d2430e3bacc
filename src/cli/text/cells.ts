/** Texts in the cells of a terminal: wide characters take two, and colours none. */
import { stripVTControlCharacters } from "node:util";
import { graphemesOf, widthOf, widthOfGrapheme } from "./width.js";

/** Colours and the like, as picocolors writes them. */
// eslint wants no control characters in expressions: this is one by its code.
const SGR = new RegExp(`(${String.fromCharCode(27)}\\[[0-9;]*m)`);
/** Texts of characters that take one cell each, whatever stands beside them: ASCII, Latin, dashes, quotes, arrows, lines and blocks. */
const ALL_PLAIN = /^[ -~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u2037\u2190-\u2193\u2200-\u22ff\u2500-\u259f]*$/;

/** Cells that a text takes. */
export function cellsOf(text: string): number {
  // Most are, and what strips colours takes milliseconds to be made.
  if (ALL_PLAIN.test(text)) return text.length;
  const bare = stripVTControlCharacters(text);
  return ALL_PLAIN.test(bare) ? bare.length : widthOf(bare);
}

interface Piece {
  readonly text: string;
  readonly cells: number;
  readonly colour?: true;
}

/** What one character takes, at most: what is wider consists of several, and may have to be taken apart. */
const WIDEST = 2;

/** What stays together, of two cells at most, and colours, which have none. */
function* piecesOf(text: string): Generator<Piece> {
  for (const [index, part] of text.split(SGR).entries()) {
    if (index % 2 === 1) yield { text: part, cells: 0, colour: true };
    else if (ALL_PLAIN.test(part)) for (const character of part) yield { text: character, cells: 1 };
    else {
      for (const grapheme of graphemesOf(part)) {
        const cells = widthOfGrapheme(grapheme);
        if (cells <= WIDEST) yield { text: grapheme, cells };
        else for (const character of grapheme) yield { text: character, cells: widthOfGrapheme(character) };
      }
    }
  }
}

/** Ends each colour, weight and inversion. */
const RESET = "\x1b[0m";

/** The beginning of a text that fits so many cells; where something is cut off, it ends with `…`. */
export function cutCells(text: string, cells: number): string {
  if (cells <= 0) return "";
  if (cellsOf(text) <= cells) return text;
  let [cut, used, coloured] = ["", 0, false];
  for (const piece of piecesOf(text)) {
    if (used + piece.cells > cells - 1) break;
    cut += piece.text;
    used += piece.cells;
    coloured ||= piece.colour === true;
  }
  return `${cut}…${coloured ? RESET : ""}`;
}

/** A text that fills so many cells exactly: cut, or with blanks behind it. */
export function fitCells(text: string, cells: number): string {
  const cut = cutCells(text, cells);
  return `${cut}${" ".repeat(Math.max(0, cells - cellsOf(cut)))}`;
}

/**
 * A line as several that fit so many cells, two or more, each with its colours.
 * @param most lines, at most: the last one ends with `…` where there would be more
 */
export function wrapCells(line: string, cells: number, most: number): string[] {
  if (cellsOf(line) <= cells) return [line];
  const lines: string[] = [];
  let [current, used, active] = ["", 0, ""];
  for (const piece of piecesOf(line)) {
    if (piece.colour) {
      active = !/\[(?:0|22|27|39|49)?m$/.test(piece.text) ? piece.text : "";
    } else if (used + piece.cells > cells && used > 0) {
      if (lines.length + 1 === most) return [...lines, cutCells(`${current}……`, cells) + (active === "" ? "" : RESET)];
      lines.push(`${current}${active === "" ? "" : RESET}`);
      [current, used] = [active, 0];
    }
    current += piece.text;
    used += piece.cells;
  }
  return [...lines, current];
}
