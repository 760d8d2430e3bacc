// @ts-check
/** Documentation comments as Markdown. */
import ts from "typescript";

/** @param {string} text */
export const oneLine = (text) => text.replaceAll(/\s*\n\s*/g, " ").trim();

/**
 * @param {ts.TypeChecker} checker
 * @param {ts.Symbol} symbol
 * @returns {{ text: string, notes: string[] }} notes: parameters, what is returned, what is thrown
 */
export function docsOf(checker, symbol) {
  const target = targetOf(checker, symbol);
  const text = oneLine(ts.displayPartsToString(target.getDocumentationComment(checker)));
  const notes = target.getJsDocTags(checker).flatMap(({ name, text: parts }) => noteOf(name, oneLine(ts.displayPartsToString(parts))));
  return { text, notes };
}

/**
 * What an export stands for.
 * @param {ts.TypeChecker} checker
 * @param {ts.Symbol} symbol
 */
export function targetOf(checker, symbol) {
  return (symbol.flags & ts.SymbolFlags.Alias) === 0 ? symbol : checker.getAliasedSymbol(symbol);
}

/** @param {string} tag @param {string} text @returns {string[]} */
function noteOf(tag, text) {
  if (tag === "param") {
    const [, name = "", rest = ""] = /^(\S+)(?:\s+(?:- )?(.*))?$/s.exec(text) ?? [];
    return rest === "" ? [] : [`\`${name}\`: ${rest}`];
  }
  if (tag === "returns") return [`returns ${text}`];
  if (tag === "throws") return [`throws ${text.replace(/^\{(\w+)\}/, "`$1`")}`];
  return [];
}
