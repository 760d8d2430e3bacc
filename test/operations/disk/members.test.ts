import { execFile } from "node:child_process";
import { mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { refuseOddMembers } from "#src/operations/disk/members.js";
import { temporaryDirectory } from "../../support/temporary.js";

const run = promisify(execFile);
const MEMBERS = ["CURRENT", "IDENTITY", "MANIFEST-000005", "OPTIONS-000007", "000012.sst", "000012.ldb", "000009.log", "000013.blob", "LOG", "db", "conf", "snap.00000000000012AB", "blobs/0000000000000012"];

test("a member that is no file is refused by its name, a value of sled in a file of its own too", async (t) => {
  for (const [index, member] of MEMBERS.entries()) {
    const store = await temporaryDirectory(t);
    await mkdir(join(store, "blobs"));
    const path = join(store, member);
    await run("mkfifo", [path]);
    const error = await t.throwsAsync(refuseOddMembers(store), { code: "STORE_DAMAGED", message: /a FIFO/ });
    t.like(error, { path });
    if (index === 0) await t.notThrowsAsync(refuseOddMembers(join(store, "missing")));
  }
});

test("files, links to them, and what no engine opens are let be", async (t) => {
  const store = await temporaryDirectory(t);
  await mkdir(join(store, "blobs"));
  const file = join(store, "elsewhere");
  await writeFile(file, "x");
  for (const member of MEMBERS) await symlink(file, join(store, member));
  await run("mkfifo", [join(store, "service.pipe")]);
  await t.notThrowsAsync(refuseOddMembers(store));
});

test("LOCK itself must be a file: it is made where a link to it leads", async (t) => {
  const store = await temporaryDirectory(t);
  await symlink("nowhere", join(store, "LOCK"));
  await t.throwsAsync(refuseOddMembers(store), { code: "STORE_DAMAGED", message: /LOCK should be a file of the store, but is a link/ });
  await writeFile(join(store, "nowhere"), "");
  await t.throwsAsync(refuseOddMembers(store), { code: "STORE_DAMAGED", message: /is a link/ });
});

test("a file that is too long for what it is, or is all holes, is refused", async (t) => {
  const lengths = [["CURRENT", 64 * 1024, 64 * 1024 + 1], ["conf", 64 * 1024, 2 ** 30], ["OPTIONS-000007", 2 ** 28, 2 ** 28 + 1], ["db", 2 ** 30 - 1, 2 ** 30], ["MANIFEST-000005", 2 ** 30 - 1, 2 ** 40]] as const;
  for (const [member, most, more] of lengths) {
    const store = await temporaryDirectory(t);
    await writeFile(join(store, member), "");
    await truncate(join(store, member), most);
    await t.notThrowsAsync(refuseOddMembers(store), member);
    await truncate(join(store, member), more);
    await t.throwsAsync(refuseOddMembers(store), { code: "STORE_DAMAGED", message: /no store has such a file/ }, member);
  }
});
