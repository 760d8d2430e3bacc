/** `--layout FILE`, which says how a graph lies in a store, and what keys are made of. */
import type { GraphLayout } from "../../settings/graph-layout.js";
import { declareKeys } from "../text/declared.js";

/**
 * Reads the file, if one is given; from then on keys are shown as it says.
 * @param needsGraph whether one that only tells of keys is refused
 * @throws {KgdumpError} CONFIG_INVALID, NOT_FOUND, PERMISSION_DENIED, IO_FAILED
 */
export async function takeLayout(file: string | undefined, needsGraph = true): Promise<GraphLayout | undefined> {
  if (file === undefined) return undefined;
  const { readLayoutFile } = await import("../../settings/graph-layout-file.js");
  const layout = await readLayoutFile(file, needsGraph);
  declareKeys(layout);
  return layout;
}
