import test from "ava";
import { COMMAND_NAMES, commandTree } from "#src/cli/tree.js";

const helpWith = async (names: readonly string[]): Promise<string> => (await commandTree(names, { width: 80, short: false, write: () => undefined, onAsked: () => undefined })).helpInformation();

test("the list of commands says the same of one that is loaded as of one that is not", async (t) => {
  const help = await helpWith([]);
  for (const name of COMMAND_NAMES) {
    t.regex(help, new RegExp(`^ {2}${name} [<[]`, "m"));
    t.is(await helpWith([name]), help, name);
  }
});
