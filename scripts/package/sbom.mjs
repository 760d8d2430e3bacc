// @ts-check
/** What the packages are made of, as CycloneDX: the same list as that of the licences, which lint holds to the lock files. */
import { readFile, writeFile } from "node:fs/promises";
import { inProject } from "../setup/paths.mjs";

/** A row of the table. */
const ROW = /^\| (.+?)(?: \((crate|npm)\))? \| (.+?) \| (.+?) \|$/;

/**
 * The list of components.
 * @param {string} licenses THIRD_PARTY_LICENSES.md
 * @param {string} version of kgdump
 */
export function billOfMaterials(licenses, version) {
  const table = licenses.split("\n## ")[0] ?? "";
  const rows = table.split("\n").flatMap((line) => {
    const [, name = "", kind, version = "", license = ""] = ROW.exec(line) ?? [];
    return name === "" || name === "what" || name.startsWith("---") ? [] : [{ name, kind, version, license }];
  });
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: { type: "application", name: "kgdump", version, purl: `pkg:npm/kgdump@${version}` } },
    components: rows.map(({ name, kind, version, license }) => ({
      type: "library",
      name,
      version,
      licenses: [{ expression: license.replaceAll("/", " OR ") }],
      ...(kind === undefined ? {} : { purl: `pkg:${kind === "crate" ? "cargo" : "npm"}/${name.replace("@", "%40")}@${version}` }),
    })),
  };
}

/** Writes it. @param {string} path @param {string} version of kgdump */
export async function writeBillOfMaterials(path, version) {
  const bill = billOfMaterials(await readFile(inProject("THIRD_PARTY_LICENSES.md"), "utf8"), version);
  await writeFile(path, `${JSON.stringify(bill, null, 2)}\n`);
}
