/**
 * Stores of LevelDB, by classic-level.
 *
 *     node classic_level.mjs make KIND STORE     makes a store; KIND is log, tables, uncompressed, batches, deleted, sublevels, held or
 *                                                killed
 *     node classic_level.mjs digest STORE        entries, bytes, and a SHA-256 of all of them; changes the store, as opening does
 *
 * Run `npm ci` in this folder before; or name a folder that has classic-level in node_modules with PROGRAMS.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";

const require = createRequire(process.env.PROGRAMS ? join(process.env.PROGRAMS, "package.json") : import.meta.url);
const { ClassicLevel } = require("classic-level");
const BYTES = { keyEncoding: "buffer", valueEncoding: "buffer" };

/** The same numbers each time. */
let state = 12345;
const below = (most) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state >>> 8) % most;
};

const value = (number) => Buffer.alloc(below(400), `value ${number} `);

async function make(kind, path) {
  const small = { writeBufferSize: 1 << 16, maxFileSize: 1 << 16 };
  const options = { log: {}, tables: small, uncompressed: { ...small, compression: false } };
  const database = new ClassicLevel(path, { ...BYTES, ...(options[kind] ?? small) });
  await database.open();
  if (kind === "sublevels") {
    for (const name of ["a", "b$", "c~"]) {
      const part = database.sublevel(name, BYTES);
      for (let number = 0; number < 300; number++) await part.put(Buffer.from(`k${number}`), value(number));
    }
  } else {
    for (let round = 0; round < (kind === "log" ? 3 : 60) || kind === "killed"; round++) {
      const batch = Array.from({ length: kind === "batches" ? below(1000) : 100 }, () => {
        const key = Buffer.from([below(256), below(256), ...Buffer.from(String(below(30)))]);
        return below(4) === 0 ? { type: "del", key } : { type: "put", key, value: value(round) };
      });
      await database.batch(batch, { sync: below(10) === 0 });
      if (kind === "killed") process.stdout.write(`${round}\n`);
    }
  }
  if (kind === "held") {
    process.stdout.write("open\n");
    await once(process.stdin.resume(), "end");
  }
  if (kind === "deleted") {
    await database.clear();
    await database.put(Buffer.from("the last one"), Buffer.alloc(0));
    await database.compactRange(Buffer.from([0]), Buffer.from([255]));
  }
  await database.close();
}

async function digest(path) {
  const hash = createHash("sha256");
  let [entries, size] = [0, 0];
  const framed = (bytes) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    hash.update(length).update(bytes);
  };
  const database = new ClassicLevel(path, BYTES);
  for await (const [key, held] of database.iterator()) {
    framed(key);
    framed(held);
    entries++;
    size += key.length + held.length;
  }
  await database.close();
  process.stdout.write(`${entries} ${size} ${hash.digest("hex")}\n`);
}

const [command, ...rest] = process.argv.slice(2);
await (command === "make" ? make(rest[0], rest[1]) : digest(rest[0]));
