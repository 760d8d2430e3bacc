/** `--layout` of commands that show keys. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { temporaryDirectory } from "../support/temporary.js";
import { sources } from "./browse/support.js";
import { assertOneError, kgdump } from "./support/run.js";

const LAYOUT = '[[edges]]\nkey = "f/{u64}"\nfrom = "a"\nto = "b"\n\n[[keys]]\nkey = "visit/{time:u64}/{u64}"\n';
const KEYS = [
  [Buffer.from("f/abcdefgh"), "f/{u64:7017280452245743464}", "f/abcdefgh"],
  [Buffer.from("other"), "other", "other"],
  [Buffer.from("76697369742f00000193000000002f6162636465666768", "hex"), "visit/{ms:2024-11-06T05:43:40.288Z}/{u64:7017280452245743464}", "visit/\\x00\\x00\\x01\\x93\\x00\\x00\\x00\\x00/abcdefgh"],
] as const;

test("inspect shows the keys of a dump and of stores as they are declared, and takes what it shows without a layout", async (t) => {
  const layout = join(await temporaryDirectory(t), "layout.toml");
  await writeFile(layout, LAYOUT);
  for (const { name, path } of await sources(t, [{ name: "default", entries: KEYS.map(([key], index) => [key, `value ${index.toString()}`]) }])) {
    const keys = async (...more: readonly string[]): Promise<string[]> => {
      const { stdout, code, stderr } = await kgdump(["inspect", path, "--keys", "--keyspace", "default", ...more]);
      t.is(code, 0, stderr);
      return stdout.toString().trimEnd().split("\n");
    };
    t.deepEqual(await keys("--layout", layout), KEYS.map(([, shown]) => shown), name);
    t.deepEqual(await keys(), KEYS.map(([, , plain]) => plain), name);
    t.regex((await kgdump(["inspect", path, "--layout", layout])).stdout.toString(), /visit\/\{ms:2024-/, name);
    for (const [index, [, shown]] of KEYS.entries()) t.is((await kgdump(["inspect", path, "--get", shown, "--raw"])).stdout.toString(), `value ${index.toString()}`, name);
  }
});

test("only inspect takes a layout that tells of keys alone; one that is wrong or missing is refused", async (t) => {
  const directory = await temporaryDirectory(t);
  const layout = join(directory, "layout.toml");
  const [dump] = await sources(t, [{ name: "default", entries: [["a", "b"]] }]);
  if (dump === undefined) throw new Error("no dump was made");
  await writeFile(layout, '[[keys]]\nkey = "{u64}"\n');
  t.is((await kgdump(["inspect", dump.path, "--layout", layout])).code, 0);
  assertOneError(t, await kgdump(["graph", dump.path, "--layout", layout]), 2, "CONFIG_INVALID");
  assertOneError(t, await kgdump(["report", dump.path, "-o", join(directory, "x.html"), "--layout", layout]), 2, "CONFIG_INVALID");
  await writeFile(layout, '[[keys]]\nkey = "{u65}"\n');
  assertOneError(t, await kgdump(["inspect", dump.path, "--layout", layout]), 2, "CONFIG_INVALID");
  assertOneError(t, await kgdump(["inspect", dump.path, "--layout", join(directory, "none.toml")]), 1, "NOT_FOUND");
});
