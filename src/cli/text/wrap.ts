/** Texts at the width of a terminal. */
import { stripVTControlCharacters } from "node:util";

/** Spaces from which on a line stands as it is: a table, or an example. */
const AS_IT_IS = 4;

/**
 * Breaks a text into lines. Lines that follow one another with the same indentation are one paragraph; those that are set in by four spaces or more stay
 * as they are.
 * @param width columns; a word that is longer stands on a line of its own
 */
export function wrapText(text: string, width: number): string {
  const lines: string[] = [];
  let paragraph: { readonly indent: number; readonly words: string[] } | null = null;
  const flush = (): void => {
    if (paragraph !== null) lines.push(...wrapWords(paragraph.words, width, " ".repeat(paragraph.indent)));
    paragraph = null;
  };
  for (const line of text.split("\n")) {
    const indent = line.length - line.trimStart().length;
    const words = line.trim().split(/ +/);
    if (line.trim() === "" || indent >= AS_IT_IS) {
      flush();
      lines.push(line.trimEnd());
    } else if (paragraph !== null && paragraph.indent === indent) {
      paragraph.words.push(...words);
    } else {
      flush();
      paragraph = { indent, words };
    }
  }
  flush();
  return lines.join("\n");
}

/** Words as lines, each set in. */
function wrapWords(words: readonly string[], width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    const longer = line === "" ? `${indent}${word}` : `${line} ${word}`;
    if (line !== "" && longer.length > width) {
      lines.push(line);
      line = `${indent}${word}`;
    } else {
      line = longer;
    }
  }
  return line === "" ? lines : [...lines, line];
}

/** How a line begins: its indentation, and a label with a colon. */
const HEAD = /^ *(?:[a-z][a-z ]{0,12}: +)?/;
/** Columns within a line, which stay below one another. */
const TABLE = /\S {2,}\S/;
/** Blanks and a word. A number with its unit is one word, and so is what stands in backticks, so that it can be copied. */
const WORD = /( *)((?:`[^`]*`|(?<=\d) (?=(?:[kMGTPE]?i?B(?:\/s)?|m?s|%)(?!\w))|\S)+)/g;

/**
 * Breaks each line that is longer than a terminal is wide, between words. What follows is set in below the text of its label, or by two more spaces. Rows
 * of a table stay whole.
 * @param text lines, which may have colours
 * @param columns of the terminal
 */
export function wrapLines(text: string, columns: number): string {
  return text.split("\n").map((line) => wrapLine(line, columns)).join("\n");
}

function wrapLine(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  const [head = ""] = HEAD.exec(plain) ?? [];
  if (plain.length <= columns || TABLE.test(plain.slice(head.length))) return line;
  const indent = " ".repeat(head.trim() === "" ? head.length + 2 : head.length);
  const lines: string[] = [];
  let now = "";
  for (const [, blanks = "", word = ""] of line.matchAll(WORD)) {
    const longer = `${now}${blanks}${word}`;
    if (now !== "" && stripVTControlCharacters(longer).length > columns) {
      lines.push(now);
      now = `${indent}${word}`;
    } else {
      now = longer;
    }
  }
  return [...lines, now].join("\n");
}

/**
 * A command of a shell, on several lines when it is too long for one: each but the last ends with a backslash. Nothing is broken within quotes.
 * @param width columns
 */
export function wrapCommand(command: string, width: number, indent: string): string {
  const words = command.match(/(?:'[^']*'|"[^"]*"|[^ '"])+/g) ?? [];
  const [first = "", ...more] = wrapWords(words, width - 4, indent);
  return [first, ...more.map((line) => `  ${line}`)].join(" \\\n");
}
