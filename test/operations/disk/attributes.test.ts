/** Attributes that a file is to have: what is missing, what is too much, and which failures are none. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { attributesToGive, giveAttributes, ownAttributes } from "#src/operations/disk/attributes.js";
import { temporaryDirectory } from "../../support/temporary.js";

const LABEL = "security.selinux";
const of = (name: string, value: string): { name: string; value: Buffer } => ({ name, value: Buffer.from(value) });

test("what another file has is given, and lists that only this one has go", (t) => {
  const acl = "system.posix_acl_access";
  t.deepEqual(attributesToGive([of("user.a", "1"), of(acl, "x")], [of("user.a", "1"), of(acl, "x")]), []);
  t.deepEqual(attributesToGive([of("user.a", "1")], [of("user.a", "2"), of(LABEL, "l")]), [of("user.a", "2"), of(LABEL, "l")]);
  // A list could let somebody in; a note stays.
  t.deepEqual(attributesToGive([of(acl, "x"), of("user.a", "1"), of(LABEL, "l")], []), [{ name: acl }]);
});

test("a failure is told, of a label too, but for one that the system does not allow", async (t) => {
  const handle = await open(join(await temporaryDirectory(t), "file"), "w+");
  // Longer than any file system keeps.
  t.throws(() => { giveAttributes(handle.fd, [{ name: LABEL, value: Buffer.alloc(70_000) }]); }, { code: "E2BIG" });
  t.throws(() => { giveAttributes(handle.fd, [{ name: "user.a", value: Buffer.alloc(70_000) }]); }, { code: "E2BIG" });
  await handle.close();
  // A descriptor that no process has.
  for (const name of [LABEL, "user.a"]) t.throws(() => { giveAttributes(2 ** 30, [{ name, value: Buffer.from("x") }]); }, { code: "EBADF" }, name);
});

test("notes and lists are a file's own, and what the system notes is not", async (t) => {
  const path = join(await temporaryDirectory(t), "file");
  const handle = await open(path, "w+");
  try {
    giveAttributes(handle.fd, [of("user.kgdump-test", "note")]);
    const own = ownAttributes(path);
    // Some file systems keep none.
    t.true(own.length === 0 || own.some(({ name, value }) => name === "user.kgdump-test" && value.toString() === "note"));
  } finally {
    await handle.close();
  }
});
