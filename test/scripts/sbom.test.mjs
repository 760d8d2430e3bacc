// @ts-check
import { readFile } from "node:fs/promises";
import test from "ava";
import { billOfMaterials } from "../../scripts/package/sbom.mjs";
import { inProject } from "../../scripts/setup/paths.mjs";

test("the list of components has the packages, the crates and the libraries that are shipped", async (t) => {
  const licenses = await readFile(inProject("THIRD_PARTY_LICENSES.md"), "utf8");
  const { components, metadata } = billOfMaterials(licenses, "1.2.3");
  t.is(metadata.component.purl, "pkg:npm/kgdump@1.2.3");
  t.is(components.length, licenses.split("\n## ")[0]?.match(/^\| /gm)?.length === undefined ? 0 : (licenses.split("\n## ")[0]?.match(/^\| /gm)?.length ?? 0) - 2);
  const purls = components.map(({ purl }) => purl);
  const { dependencies } = JSON.parse(await readFile(inProject("package.json"), "utf8"));
  for (const [name, version] of Object.entries(dependencies)) t.true(purls.includes(`pkg:npm/${name.replace("@", "%40")}@${version}`), name);
  t.true(purls.includes("pkg:cargo/sled@0.34.7"));
  t.true(components.some(({ name, purl }) => name === "RocksDB" && purl === undefined));
  for (const { name, version, licenses: [license] } of components) t.true(version !== "" && (license?.expression ?? "") !== "", name);
});
