/** What sections of a report share. */
import type { ReportFacts } from "../../operations/report/gather.js";
import type { Html } from "../html.js";
import type { Branch } from "../tree.js";

/** A section of the page. */
export interface Section {
  /** What links lead to it by. */
  readonly id: string;
  readonly title: string;
  readonly body: Html;
}

/** What sections are made of. */
export interface Page {
  readonly facts: ReportFacts;
  readonly root: Branch;
  /** Parts that have none below, the largest first. */
  readonly leaves: readonly Branch[];
  readonly limits: Limits;
}

/** How much is told. */
export interface Limits {
  /** Parts of the tree. */
  readonly branches: number;
  readonly keyspaces: number;
  /** Rows of other tables. */
  readonly rows: number;
  readonly shapes: number;
  readonly fields: number;
}

/** Rows that are seen before any is unfolded. */
export const FIRST_ROWS = 12;
