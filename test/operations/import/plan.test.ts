/** What a merge accepts of what it finds behind itself. */
import test from "ava";
import { ImportPlan } from "#src/operations/import/plan.js";
import { header, keyspace } from "../../format/support/dumps.js";

test("only an entry that was kept may have another value behind a merge, and none may be missing", (t) => {
  const [planned] = new ImportPlan(header({ keyspaces: [keyspace("nodes")] }), {}).selected;
  for (const [missing, changed, accepted] of [
    [0, 0, ["keep", "overwrite", "fail"]],
    [0, 1, ["keep"]],
    [1, 0, []],
    [1, 1, []],
  ] as const) {
    for (const ifExists of ["keep", "overwrite", "fail"] as const) {
      const expecting = (): void => planned?.expectFound({ missing, changed, firstKey: missing + changed > 0 ? Buffer.from("a") : null }, ifExists);
      if ((accepted as readonly string[]).includes(ifExists)) t.notThrows(expecting, ifExists);
      else t.throws(expecting, { code: "VERIFY_DIFFERENCE", message: new RegExp(`${String(missing)} entries missing, ${String(ifExists === "keep" ? 0 : changed)} with another value$`) }, ifExists);
    }
  }
});
