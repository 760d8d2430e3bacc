/** Paths in commands that an error names. */

/** A path as a word of a shell's command, in quotes where it needs them. */
export function shellWord(path: string): string {
  return /^[\w/.,:=@%+-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
