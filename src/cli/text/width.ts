/**
 * How many cells a text takes in a terminal: what belongs together by Unicode's rules for graphemes (UAX 29), each as wide as its first character is (UAX 11).
 * What that takes is made when a text needs it: the tables of emoji and of graphemes take longer than a command does to start.
 */
import { eastAsianWidth } from "get-east-asian-width";

let segmenter: Intl.Segmenter | undefined;

/** Yields what belongs together, such as a letter with its accents. */
export function* graphemesOf(text: string): Generator<string, void, undefined> {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  for (const { segment } of segmenter.segment(text)) yield segment;
}

/** Cells of a text without colours. */
export function widthOf(text: string): number {
  let cells = 0;
  for (const grapheme of graphemesOf(text)) cells += widthOfGrapheme(grapheme);
  return cells;
}

/** Cells of what belongs together. */
export function widthOfGrapheme(grapheme: string): number {
  const [first, ...rest] = grapheme.replace(/[\p{Default_Ignorable_Code_Point}\p{Control}\p{Format}\p{Nonspacing_Mark}\p{Enclosing_Mark}\p{Surrogate}]/gu, "");
  if (first === undefined) return 0;
  // Letters of a Korean syllable are one sign in the usual order, and stand one behind the other in any other.
  if (JAMO.test(first)) return cellsOfEach([first, ...rest].join("").replace(SYLLABLE, "가"));
  // Some of what follows has cells of its own, such as vowels of Indian scripts.
  const spacing = rest.filter((character) => /[\p{Spacing_Mark}\uff00-\uffef]/u.test(character)).join("");
  return (isEmoji(grapheme) ? 2 : cellsOfEach(first)) + cellsOfEach(spacing);
}

const [LEADING, VOWEL, TRAILING] = ["\u1100-\u115f\ua960-\ua97c", "\u1160-\u11a7\ud7b0-\ud7c6", "\u11a8-\u11ff\ud7cb-\ud7fb"];
const JAMO = new RegExp(`[${LEADING}${VOWEL}${TRAILING}]`, "u");
const SYLLABLE = new RegExp(`[${LEADING}][${VOWEL}][${TRAILING}]?`, "gu");

function cellsOfEach(text: string): number {
  let cells = 0;
  for (const character of text) cells += eastAsianWidth(character.codePointAt(0) ?? 0);
  return cells;
}

/** Whether it is shown as a picture, although its first character alone is not: by a selector, a tone of skin, as a key, a flag, or joined with others. */
function isEmoji(grapheme: string): boolean {
  return /(?=\p{Emoji})\p{Extended_Pictographic}\ufe0f|\p{Emoji_Modifier_Base}\p{Emoji_Modifier}|[\d#*]\ufe0f?\u20e3|\p{Regional_Indicator}{2}|\p{Extended_Pictographic}.*\u200d\p{Extended_Pictographic}/su.test(grapheme);
}
