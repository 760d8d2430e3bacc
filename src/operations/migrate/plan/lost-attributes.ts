/** Access control lists and labels of a store that some of the places can't have, where a migration puts stores: told before it begins. */
import { dirname, join } from "node:path";
import { engineNamed } from "../../../engines/registry.js";
import type { EngineName } from "../../../engines/store.js";
import { attributesLost } from "../../disk/attributes.js";
import type { MigrationPaths } from "../options.js";

/** A warning for each place whose file system does not keep what the store has. */
export function attributeWarnings({ source, target, backup }: Pick<MigrationPaths, "source" | "target" | "backup">, engine: EngineName): string[] {
  const members = [source, join(source, engineNamed(engine).everyStoreHas)];
  return [target, backup].flatMap((place) => {
    const lost = place === null ? [] : members.flatMap((path) => attributesLost(path, dirname(place)));
    return lost.length === 0 ? [] : [`${place ?? ""} will not keep ${[...new Set(lost)].join(" and ")} of the store: its file system does not support them`];
  });
}
