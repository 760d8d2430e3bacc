/** The keys, as `?` shows them. */

/** Lines of at most 78 columns, 21 of them: they fit the smallest terminal that there is. */
export const HELP: readonly string[] = [
  "",
  "  Up, Down, j, k     move                 Tab          the next pane",
  "  PgUp, PgDn         a page               z            the pane alone",
  "  Home, End, g, G    to the start, end    q, Ctrl-C    leave",
  "",
  "  In the tree    Right, Enter    show the prefixes within",
  "                 Left            close it, or go to what is above",
  "",
  "  In the list    /               go to a key, or the next one behind it:",
  "                                 node:{0f8fad5b-...}, \\xNN, hex:6e6f6465",
  "                 &               search keys and values by a regular",
  "                                 expression; Esc stops it, or goes back",
  "                 n               neighbours of a node of the graph;",
  "                                 Enter goes on from one of them",
  "",
  "  In the value   Enter           fold what is in brackets, or unfold it",
  "                 -, +            fold all, unfold all",
  "                 x               its bytes in hex, and back",
  "",
  "  Only what is looked at is read. Of a store no figures are shown that only",
  "  reading all of it would tell: kgdump stats has them.",
];
