/** Looking up whose a new store is to be. */
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import test from "ava";

/** Looks owners up in a process of its own, as that becomes other users meanwhile, and tells what it is after each. */
const PROGRAM = `
  import { findOwner } from ${JSON.stringify(import.meta.resolve("#src/operations/disk/access.js"))};
  const is = () => [process.geteuid(), process.getegid(), process.getuid(), process.getgid(), process.getgroups()];
  const before = JSON.stringify(is());
  console.log(JSON.stringify(JSON.parse(process.argv[1]).map((text) => {
    let found;
    try {
      const { uid, gid } = findOwner(text);
      found = uid + ":" + gid;
    } catch ({ code }) {
      found = code;
    }
    return [text, found, JSON.stringify(is()) === before];
  })));`;

test("whichever user and group are looked up, known or not, the process is then whose it was", async (t) => {
  if (process.geteuid?.() !== 0) {
    t.log("SKIPPED: this needs root, who can be another user");
    t.pass();
    return;
  }
  const [, uid = "", gid = ""] = /^daemon:[^:]*:(\d+):(\d+)/m.exec(await readFile("/etc/passwd", "utf8")) ?? [];
  const wanted = Object.entries({
    daemon: `${uid}:${gid}`, "daemon:daemon": `${uid}:${gid}`, [`${uid}:daemon`]: `${uid}:${gid}`, "daemon:0": `${uid}:0`, "54321:daemon": `54321:${gid}`, "54321:54322": "54321:54322",
    "no-such-user": "USAGE", "no-such-user:daemon": "USAGE", "daemon:no-such-group": "USAGE", 54321: "USAGE", "daemon:": "USAGE",
  });
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", PROGRAM, JSON.stringify(wanted.map(([text]) => text))], { encoding: "utf8" });
  t.not(stdout, "", stderr);
  t.deepEqual(JSON.parse(stdout), wanted.map(([text, found]) => [text, found, true]));
});
