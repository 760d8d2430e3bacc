// @ts-check
/** docs/architecture.md is compared with the tree. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { posix } from "node:path";
import test from "ava";
import { inProject } from "../../scripts/setup/paths.mjs";

const page = await readFile(inProject("docs", "architecture.md"), "utf8");
const OPERATIONS = "src/operations";

/** Folders of a folder. @param {string} path */
async function foldersOf(path) {
  const entries = await readdir(inProject(...path.split("/")), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name).sort();
}

/** The rooms that each room imports. @returns {Promise<Map<string, Set<string>>>} */
async function importsOfRooms() {
  /** @type {Map<string, Set<string>>} */
  const found = new Map();
  for (const name of await readdir(inProject(...OPERATIONS.split("/")), { recursive: true })) {
    if (!name.endsWith(".ts")) continue;
    const path = posix.join(OPERATIONS, name);
    const room = name.split("/")[0] ?? "";
    const rooms = found.get(room) ?? new Set();
    found.set(room, rooms);
    for (const [, specifier = ""] of (await readFile(inProject(...path.split("/")), "utf8")).matchAll(/(?:from |import\()"(\.[^"]+)"/g)) {
      const target = posix.join(posix.dirname(path), specifier);
      const [other = ""] = target.startsWith(`${OPERATIONS}/`) ? target.slice(OPERATIONS.length + 1).split("/") : [];
      if (other !== "" && other !== room) rooms.add(other);
    }
  }
  return found;
}

test("every file of src/operations is in a room, and the page names each room with its floor", async (t) => {
  const imports = await importsOfRooms();
  t.deepEqual([...imports.keys()].sort(), await foldersOf(OPERATIONS));
  /** @param {string} room @param {readonly string[]} above @returns {number} */
  const floorOf = (room, above = []) => {
    if (above.includes(room)) throw new Error(`rooms import one another in a circle: ${[...above, room].join(" → ")}`);
    return 1 + Math.max(0, ...[...(imports.get(room) ?? [])].map((below) => floorOf(below, [...above, room])));
  };
  const floors = new Map([...page.matchAll(/^ {4}floor (\d) +(.+)$/gm)].flatMap(([, floor, rooms = ""]) => rooms.trim().split(/ +/).map((room) => /** @type {const} */ ([room, Number(floor)]))));
  t.deepEqual(Object.fromEntries([...floors].sort()), Object.fromEntries([...imports.keys()].sort().map((room) => [room, floorOf(room)])));
  const table = [...page.matchAll(/^\| `([a-z]+)` \|/gm)].map(([, room]) => room);
  t.deepEqual(table.sort(), [...imports.keys()].sort());
  t.true(imports.size <= 15 && Math.max(...floors.values()) <= 5, "a house that a stranger can take in");
});

test("every path that the page names is there, and the page names every folder", async (t) => {
  const paths = [...page.matchAll(/\b(?:src|native|test|bin|docs)(?:\/[\w.-]*\w)+/g)].map(([path]) => path);
  t.true(paths.length > 40);
  for (const path of paths) t.true(existsSync(inProject(...path.split("/"))), path);
  const named = new Set(paths);
  for (const parent of ["src", "src/cli", "src/engines", "src/format", "native"]) {
    for (const folder of await foldersOf(parent)) if (folder !== "build") t.true(named.has(`${parent}/${folder}`), `${parent}/${folder}`);
  }
  for (const folder of await foldersOf(`${OPERATIONS}/migrate`)) t.true(page.includes(`\`${folder}\``), folder);
});
