// @ts-check
/** What a crate exports to JavaScript, read from its Rust source: what `#[napi]` stands before. */

/** @typedef {{ parameters: readonly { name: string, type: string }[], result: string, getter: boolean }} RustFunction */
/** @typedef {{ functions: Map<string, RustFunction>, classes: Map<string, Map<string, RustFunction>>, objects: Map<string, Map<string, string>> }} Crate names as JavaScript has them */

const NAPI = /#\[napi(?:\(((?:[^()]|\([^()]*\))*)\))?\]\s*(?:#\[(?:[^[\]]|\[[^\]]*\])*\]\s*)*(?:pub(?:\([a-z]+\))?\s+)?(struct|impl|fn)\s+(?:<[^>]*>\s*)?(\w+)/g;

/**
 * Reads a crate.
 * @param {readonly string[]} sources the text of its files
 * @returns {Crate}
 */
export function readCrate(sources) {
  /** @type {Crate} */
  const crate = { functions: new Map(), classes: new Map(), objects: new Map() };
  const texts = sources.map((source) => source.replaceAll(/\/\/.*$/gm, ""));
  for (const text of texts) {
    /** Where an `impl` ends, and whose it is. */
    let [end, owner] = [0, ""];
    for (const match of text.matchAll(NAPI)) {
      const [whole, options = "", kind, name = ""] = match;
      const at = match.index + whole.length;
      if (kind === "impl") {
        [end, owner] = [closing(text, text.indexOf("{", at)), name];
        if (!crate.classes.has(owner)) crate.classes.set(owner, new Map());
      } else if (kind === "struct") {
        if (/\bobject\b/.test(options)) crate.objects.set(name, fieldsOf(text.slice(text.indexOf("{", at) + 1, closing(text, text.indexOf("{", at)))));
        else if (!crate.classes.has(name)) crate.classes.set(name, new Map());
      } else if (!/\bconstructor\b/.test(options)) {
        const into = match.index < end ? crate.classes.get(owner) : crate.functions;
        into?.set(camelCase(name), functionAt(text, at, /\bgetter\b/.test(options)));
      }
    }
  }
  return crate;
}

/** @param {string} text @param {number} at behind the name @param {boolean} getter @returns {RustFunction} */
function functionAt(text, at, getter) {
  const open = text.indexOf("(", at);
  const close = closing(text, open);
  const result = /^\s*->\s*([^{]+)\{/.exec(text.slice(close + 1))?.[1] ?? "()";
  const parameters = parted(text.slice(open + 1, close)).filter((part) => !/^&?(?:mut )?self$/.test(part)).map((part) => {
    const [, name = "", type = ""] = /^(?:mut )?(\w+)\s*:\s*([\s\S]+)$/.exec(part) ?? [];
    return { name: camelCase(name), type: plain(type).replace(/^&/, "") };
  });
  return { parameters, result: valueOf(plain(result)), getter };
}

/**
 * What JavaScript gets of a result.
 * @param {string} type @returns {string}
 */
function valueOf(type) {
  const result = /^(?:napi::)?Result<(.*)>$/.exec(type)?.[1];
  if (result !== undefined) return valueOf(result);
  const task = /^AsyncTask<(.*)>$/.exec(type)?.[1];
  if (task === undefined) return type;
  // A job's last parameter is its value.
  return `Promise<${plain(parted(/<(.*)>$/.exec(task)?.[1] ?? "").at(-1) ?? "")}>`;
}

/** @param {string} text between the braces of a struct */
function fieldsOf(text) {
  return new Map(parted(text.replaceAll(/#\[[^\]]*\]/g, "")).map((part) => {
    const [, name = "", type = ""] = /^pub\s+(\w+)\s*:\s*([\s\S]+)$/.exec(part) ?? [];
    return [camelCase(name), plain(type)];
  }));
}

/** Where the bracket that opens at a place is closed. @param {string} text @param {number} open */
function closing(text, open) {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const one = text[at];
    if (one === "(" || one === "{") depth++;
    if ((one === ")" || one === "}") && --depth === 0) return at;
  }
  return text.length;
}

/** The parts between commas that stand in no brackets. @param {string} text @returns {string[]} */
function parted(text) {
  const parts = [""];
  let depth = 0;
  for (const one of text) {
    if ("(<[{".includes(one)) depth++;
    if (")>]}".includes(one)) depth--;
    if (one === "," && depth === 0) parts.push("");
    else parts.push(`${parts.pop() ?? ""}${one}`);
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

/** @param {string} type */
const plain = (type) => type.replaceAll(/\s+/g, " ").trim();

/** @param {string} name */
const camelCase = (name) => name.replaceAll(/_(\w)/g, (_, letter) => String(letter).toUpperCase());
