/** What looks into blocks: the addon for blocks, or the same code as a module of WebAssembly where there is no addon. */
import { addonIfAny, loadAddon } from "../addon.js";
import type { LookingAddon } from "./addon.js";
import { modulePath } from "./module.js";
import { ModuleGraph } from "./module-graph.js";
import { ModuleSearch } from "./module-search.js";
import { ModuleStats, moduleValueKind } from "./module-stats.js";

const MODULE: LookingAddon = { StatsBuilder: ModuleStats, EntrySearch: ModuleSearch, GraphBuilder: ModuleGraph, valueKind: moduleValueKind };

/** The addon, or else the module. @throws {KgdumpError} ADDON_MISSING where there is neither */
export function looking(): LookingAddon {
  return lookingIfAny() ?? (loadAddon("blocks") as LookingAddon);
}

/** The same; null where there is neither. */
export function lookingIfAny(): LookingAddon | null {
  return (addonIfAny("blocks") as LookingAddon | null) ?? (modulePath() === null ? null : MODULE);
}
