/** Members of a store that are no files, or are endless: every command ends at once with an error that names the member. */
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, rm, symlink, truncate } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { exportStore } from "#src/operations/export/export.js";
import { importDump } from "#src/operations/import/import.js";
import { kgdump } from "../cli/support/run.js";
import { numbered, putEntries } from "../engines/rocksdb/support.js";
import { temporaryDirectory } from "../support/temporary.js";

const run = promisify(execFile);
/** What stands in a member's place. */
const ODDITIES: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  "a FIFO": (path) => run("mkfifo", [path]),
  "a device": (path) => symlink("/dev/zero", path),
  "a directory": (path) => mkdir(path),
  "a link to a directory": (path) => symlink("/tmp", path),
};
const COMMANDS = [["export", "PATH", "-o", "OUT", "-f"], ["recover", "PATH", "--dry-run"], ["migrate", "--dry-run", "--from", "PATH"], ["status", "PATH"]] as const;

/** A store with a table and a log, and a sled store of its entries with a value in a file of its own. */
async function stores(t: ExecutionContext): Promise<{ work: string; rocksdb: string; sled: string }> {
  const work = await temporaryDirectory(t);
  const [rocksdb, sled, dump] = [join(work, "rocksdb"), join(work, "sled"), join(work, "dump.kgd")];
  await putEntries(rocksdb, numbered(50));
  await putEntries(rocksdb, [...numbered(5, 100)], { flush: false });
  await exportStore({ store: rocksdb, output: dump });
  await importDump({ target: sled, input: dump });
  return { work, rocksdb, sled };
}

for (const [kind, make] of Object.entries(ODDITIES)) {
  for (const engine of ["rocksdb", "sled"] as const) {
    test(`${kind} in the place of each member of a ${engine} store`, async (t) => {
      t.timeout(10 * 60_000);
      const found = await stores(t);
      const members = (await readdir(found[engine])).filter((name) => /^(?:CURRENT|IDENTITY|MANIFEST-.*|OPTIONS-.*|.*\.(?:sst|log)|conf|db|snap\..*)$/.test(name));
      t.true(members.length > 1);
      for (const member of members) {
        const store = join(found.work, "odd");
        await cp(found[engine], store, { recursive: true });
        await rm(join(store, member));
        await make(join(store, member));
        // What is refused is the same for all kinds; that nothing waits, every command has to show.
        for (const command of kind === "a FIFO" ? COMMANDS : COMMANDS.slice(0, 1)) {
          const words = command.map((word) => word.replace("PATH", store).replace("OUT", join(found.work, "out.kgd")));
          const { code, stderr } = await kgdump(words);
          const what = `${words.join(" ")} with ${member}: ${stderr}`;
          t.notRegex(stderr, /INTERNAL/, what);
          // Nobody has to read a store to see that it is sled's.
          if (command[0] === "status" || (engine === "sled" && command[0] === "migrate")) t.true(code !== null && [0, 10, 11, 14].includes(code), what);
          else t.true(code === 7 && stderr.includes(member) && stderr.includes("hint:"), what);
        }
        await rm(store, { recursive: true });
      }
    });
  }
}

test("members that are all holes are refused, or read no further than they may be", async (t) => {
  t.timeout(10 * 60_000);
  const { work, rocksdb } = await stores(t);
  for (const member of (await readdir(rocksdb)).filter((name) => /^(?:CURRENT|IDENTITY|MANIFEST-.*|OPTIONS-.*|.*\.(?:sst|log))$/.test(name))) {
    const store = join(work, "odd");
    await cp(rocksdb, store, { recursive: true });
    await truncate(join(store, member), 200 * 2 ** 30);
    for (const command of COMMANDS) {
      const words = command.map((word) => word.replace("PATH", store).replace("OUT", join(work, "out.kgd")));
      const { code, stderr } = await kgdump(words);
      t.true(code !== null && [0, 1, 3, 7, 10, 14].includes(code) && !stderr.includes("INTERNAL"), `${words.join(" ")} with ${member}: ${String(code)} ${stderr}`);
    }
    await rm(store, { recursive: true });
  }
});
