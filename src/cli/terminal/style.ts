/** Colours: whether to use them, and the few that are used. */
import pc from "picocolors";

/** What `--color` can be. */
export const COLOR_CHOICES = ["auto", "always", "never"] as const;

/** When to use colours. */
export type ColorChoice = (typeof COLOR_CHOICES)[number];

/** Functions that colour a text, or leave it as it is. */
export type Paint = ReturnType<typeof pc.createColors>;

/**
 * Decides on colours for one stream: `--color` first, then a NO_COLOR that is not empty, TERM=dumb, and whether it is a
 * terminal (https://no-color.org).
 */
export function useColors(choice: ColorChoice | undefined, isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if (choice === "always" || choice === "never") return choice === "always";
  const { NO_COLOR: noColor, TERM: term } = env;
  return isTerminal && (noColor === undefined || noColor === "") && term !== "dumb";
}

/** The colours, or none. */
export function makePaint(enabled: boolean): Paint {
  return pc.createColors(enabled);
}
