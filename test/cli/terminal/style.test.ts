import test from "ava";
import { makePaint, useColors } from "#src/cli/terminal/style.js";

test("colours are for terminals, unless asked for or against", (t) => {
  t.true(useColors(undefined, true, {}));
  t.true(useColors("auto", true, { TERM: "xterm" }));
  t.false(useColors(undefined, false, {}));
  t.false(useColors(undefined, true, { NO_COLOR: "1" }));
  t.true(useColors(undefined, true, { NO_COLOR: "" }));
  t.false(useColors(undefined, true, { TERM: "dumb" }));
  t.true(useColors("always", false, { NO_COLOR: "1", TERM: "dumb" }));
  t.false(useColors("never", true, {}));
});

test("without colours the text is left alone", (t) => {
  t.is(makePaint(false).red("a"), "a");
  t.is(makePaint(true).red("a"), "\x1b[31ma\x1b[39m");
});
