// @ts-check
/** Manual pages, made of the texts that --help shows: one for the program, with its topics, and one for each command. */
import { inProject } from "../setup/paths.mjs";
import { bold, flow, item, lines, paragraphs, roff, section } from "./roff.mjs";

/** @typedef {import("commander").Command} Command */

/** A module of the compiled program. @template Module @param {string} path @returns {Promise<Module>} */
const load = (path) => import(inProject("dist", ...path.split("/")));

/**
 * Makes all pages.
 * @param {Date} date that they bear
 * @returns {Promise<Map<string, string>>} by their files' names
 */
export async function manualPages(date) {
  /** @type {[typeof import("../../dist/cli/tree.js"), typeof import("../../dist/cli/help/topics.js"), typeof import("../../dist/version.js")]} */
  const [{ COMMAND_NAMES, commandTree }, { TOPICS }, { VERSION }] = await Promise.all([load("cli/tree.js"), load("cli/help/topics.js"), load("version.js")]);
  const root = await commandTree(COMMAND_NAMES, { width: 80, short: false, write: () => undefined, onAsked: () => undefined });
  const commands = COMMAND_NAMES.map((name) => /** @type {Command} */ (root.commands.find((command) => command.name() === name)));
  const head = (/** @type {string} */ name) => `.TH ${roff(name.toUpperCase())} 1 "${date.toISOString().slice(0, 10)}" "kgdump ${VERSION}" "kgdump"\n`;
  /** @type {Map<string, string>} */
  const pages = new Map();
  const help = root.createHelp();
  const listed = help.visibleCommands(root).map((command) => item(bold(`kgdump ${help.subcommandTerm(command)}`), help.subcommandDescription(command))).join("\n");
  // The list of topics and of exit codes that help has is here as the topics themselves.
  const topics = Object.values(TOPICS).filter(({ text }) => !text.startsWith("Exit status"));
  pages.set("kgdump.1", head("kgdump") + (await body(root, "kgdump", "move key-value stores by checked dumps", [
    section("commands", listed),
    section("topics", topics.map(({ text }) => paragraphs(text)).join("\n")),
  ], commands.map((command) => `kgdump-${command.name()}`), true)));
  for (const command of commands) {
    const name = `kgdump-${command.name()}`;
    const { paragraphs: texts = [] } = await partsOf(command);
    const more = texts.length === 0 ? [] : [section("details", texts.map(paragraphs).join("\n").replace(/^\.PP\n/, ""))];
    pages.set(`${name}.1`, head(name) + (await body(command, name, command.summary(), more, ["kgdump"], false)));
  }
  return pages;
}

/** @param {Command} command */
async function partsOf(command) {
  /** @type {typeof import("../../dist/cli/help/help.js")} */
  const { helpParts } = await load("cli/help/help.js");
  return helpParts(command);
}

/**
 * @param {Command} command
 * @param {string} name of the page
 * @param {string} about in a few words
 * @param {readonly string[]} more sections
 * @param {readonly string[]} others pages to see
 * @param {boolean} whole whether it is the page of the program
 */
async function body(command, name, about, more, others, whole) {
  const words = name.replace("-", " ");
  const help = command.createHelp();
  const usage = help.commandUsage(command).replace(/^kgdump( \w+)?/, "").trim();
  const { examples, topics = [] } = await partsOf(command);
  const operands = command.registeredArguments.map((argument) => item(`\\fI${roff(argument.name())}\\fR`, help.argumentDescription(argument)));
  const see = others.map((other) => `.BR ${roff(other)} (1)`).join(" ,\n");
  const read = topics.length === 0 ? "" : `\n.PP\n${flow(`In kgdump(1), or by kgdump help TOPIC: ${topics.join(", ")}.`)}`;
  return [
    section("name", flow(`${name} - ${about}`)),
    section("synopsis", `${bold(words)} ${roff(whole ? "[options] <command>" : usage.slice(usage.indexOf("[options]")))}`),
    section("description", paragraphs(command.description()).replace(/^\.PP\n/, "")),
    ...(operands.length === 0 ? [] : [section("arguments", operands.join("\n"))]),
    section("options", optionsOf(command)),
    ...more,
    section("examples", lines(examples.map((example) => `    ${example}`))),
    section("exit status", await exits(whole ? undefined : command.name())),
    section("see also", `${see}${read}`),
  ].join("");
}

/** @param {Command} command */
function optionsOf(command) {
  const help = command.createHelp();
  const options = help.visibleOptions(command);
  // Those of the command come first.
  const groups = [undefined, ...new Set(options.flatMap(({ helpGroupHeading }) => helpGroupHeading ?? []))];
  return groups.map((group) => {
    const rows = options.filter(({ helpGroupHeading }) => helpGroupHeading === group).map((option) => item(bold(option.flags), help.optionDescription(option)));
    return `${group === undefined ? "" : `.SS ${roff(group.replace(/:$/, ""))}\n`}${rows.join("\n")}`;
  }).join("\n");
}

/** @param {string | undefined} command */
async function exits(command) {
  /** @type {typeof import("../../dist/cli/help/exits.js")} */
  const { exitText } = await load("cli/help/exits.js");
  const rows = exitText(command).split("\n").slice(1).map((line) => /^ +(\d[\d, ]*?) {2}(.*)$/.exec(line));
  return rows.map((row) => item(bold(row?.[1] ?? ""), row?.[2] ?? "")).join("\n");
}
