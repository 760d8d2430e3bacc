/**
 * HTML that is safe by the way it is made. All text goes through the template function `html`, which escapes it; nothing else makes HTML of text.
 * Attributes are in double quotes wherever they stand, which a test holds.
 */
import { escapeMessage } from "../cli/text/escape.js";

/** What may stand in a template: text and numbers are escaped, HTML is not, nothing is nothing. */
export type Part = string | number | Html | null | readonly Part[];

/** HTML, which only `html` and `constant` make. */
export class Html {
  readonly #source: string;

  /** @param source is HTML already */
  private constructor(source: string) {
    this.#source = source;
  }

  /** The HTML itself: for writing, never for a template of strings. */
  get source(): string {
    return this.#source;
  }

  /** HTML that stands in the program, and has nothing of a user's. @internal */
  static constant(source: string): Html {
    return new Html(source);
  }
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text as HTML. What a browser would hide, reorder or obey is written as `\xNN`, as on a terminal. */
function escapeHtml(text: string): string {
  return escapeMessage(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

function sourceOf(part: Part): string {
  if (part === null) return "";
  if (part instanceof Html) return part.source;
  if (typeof part === "object") return part.map(sourceOf).join("");
  return escapeHtml(String(part));
}

/** Makes HTML of a template. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return Html.constant(strings.map((string, index) => `${string}${sourceOf(parts[index] ?? null)}`).join(""));
}
