/** What OPTIONS files say, read without any of our own code. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Every field of the newest OPTIONS file, by section and name. */
export async function fieldsOf(store: string): Promise<Map<string, string>> {
  const newest = (await readdir(store)).filter((name) => name.startsWith("OPTIONS-")).sort().at(-1) ?? "";
  const fields = new Map<string, string>();
  let section = "";
  for (const line of (await readFile(join(store, newest), "latin1")).split("\n").map((each) => each.trim())) {
    if (line.startsWith("[")) section = line;
    const equals = line.indexOf("=");
    if (!line.startsWith("#") && equals > 0) fields.set(`${section} ${line.slice(0, equals)}`, line.slice(equals + 1));
  }
  return fields;
}

/** Fields in which the two stores differ, as `name: value, value`. */
export async function differences(one: string, other: string): Promise<string[]> {
  const [a, b] = [await fieldsOf(one), await fieldsOf(other)];
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => a.get(name) !== b.get(name)).map((name) => `${name}: ${a.get(name) ?? "none"}, ${b.get(name) ?? "none"}`);
}
