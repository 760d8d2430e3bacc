// @ts-check
/** The layers of src/: who may import whom. CONTRIBUTING.md says why; `npm run lint` holds them. */

/**
 * A rule that what `from` matches must not import what `to` matches.
 * @param {string} name
 * @param {string} comment
 * @param {object} from
 * @param {object} to
 */
const forbid = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

const TYPE_ONLY = ["type-only"];

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    forbid("no-cycles", "A cycle means that two files are one.", {}, { circular: true }),
    forbid("no-unresolved", "What is imported must be there.", {}, { couldNotResolve: true }),
    forbid(
      "no-undeclared-packages",
      "Packages are declared in package.json; those for development stay out of src/.",
      { path: "^src/" },
      { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown", "undetermined"], dependencyTypesNot: TYPE_ONLY },
    ),
    forbid(
      "format-is-pure",
      "The format is bytes in and bytes out: no files, no engine, no compressor.",
      { path: "^src/format/" },
      { pathNot: ["^src/format/", "^src/(errors|memory)\\.ts$", "^(node:)?(zlib|crypto|buffer)$"] },
    ),
    forbid(
      "codecs-know-the-format-only",
      "A codec implements the format's interface.",
      { path: "^src/codecs/" },
      { path: "^src/(engines|operations|cli|index)" },
    ),
    forbid(
      "zstd-in-one-place",
      "Only codecs/zstd-binding.ts imports the zstd binding, and codecs/zstd-decoder.ts its twin in WebAssembly.",
      { pathNot: "^src/codecs/zstd-(binding|decoder)\\.ts$" },
      { path: "node_modules/(@mongodb-js/zstd|zstddec)/" },
    ),
    forbid(
      "engines-know-no-operation",
      "Engines read and write stores; what that is good for is decided above.",
      { path: "^src/engines/" },
      { path: "^src/(codecs|operations|cli|index)" },
    ),
    forbid("engines-know-no-other", "Export never loads sled, and import never RocksDB.", { path: "^src/engines/([^/]+)/" }, { path: "^src/engines/[^/]+/", pathNot: "^src/engines/$1/" }),
    forbid(
      "addons-in-one-place",
      "Only engines, codecs, what tells of their crashes or which there are, the one operation that needs calls of the system, and what looks into blocks or waits for that import the loader of native addons.",
      { pathNot: ["^src/engines/([^/]+/|block-scan|salvage-scan)", "^src/codecs/", "^src/operations/disk/(acting|attributes|place-lock|system-calls)\\.ts$", "^src/crash\\.ts$", "^src/operations/run/native-code\\.ts$", "^src/looking/", "^src/operations/(graph|stats)/native\\.ts$"] },
      { path: "^src/addon\\.ts$" },
    ),
    forbid("looking-knows-the-format-only", "What looks into blocks takes their bytes, whatever they come from.", { path: "^src/looking/" }, { path: "^src/", pathNot: "^src/(looking/|addon\\.ts$|errors\\.ts$|format/msgpack/writer\\.ts$)" }),
    forbid("looking-in-one-place", "Only the rooms of graphs and statistics look into blocks.", { path: "^src/", pathNot: "^src/(looking/|operations/(graph|stats)/native\\.ts$|operations/run/native-code\\.ts$)" }, { path: "^src/looking/" }),
    forbid(
      "engines-and-codecs-on-demand",
      "Concrete engines and codecs are loaded by import() only, so that no command loads what it does not use.",
      { pathNot: "^src/(engines/[^/]+/|codecs/)" },
      { path: ["^src/engines/[^/]+/(?!engine\\.ts$)", "^src/codecs/(?!index|load-codec|blocks-addon|zstd-binding)"], dynamic: false, dependencyTypesNot: TYPE_ONLY },
    ),
    forbid(
      "codecs-on-demand",
      "The choice of a codec does not load the others; it looks for native code alone.",
      { path: "^src/codecs/(index|load-codec)\\.ts$" },
      { path: "^src/codecs/(?!load-codec|blocks-addon|zstd-binding)", dynamic: false, dependencyTypesNot: TYPE_ONLY },
    ),
    forbid(
      "settings-know-errors-only",
      "Reading a settings file is no business of stores, dumps or terminals.",
      { path: "^src/settings/" },
      { path: "^src/", pathNot: "^src/(settings/|errors\\.ts$)" },
    ),
    forbid(
      "settings-packages-in-settings",
      "TOML and its validation are for src/settings.",
      { pathNot: "^src/settings/" },
      { path: "node_modules/(smol-toml|valibot)/" },
    ),
    forbid("operations-know-no-terminal", "Operations work without a terminal.", { path: "^src/operations/" }, { path: "^src/(cli/|library/|index)" }),
    forbid("library-above-operations", "The library checks and converts; what is done is done by operations. It knows the names of engines and codecs.", { path: "^src/library/" }, { path: "^src/(cli|codecs|engines/(?!registry\\.ts$)|format/(?!codec\\.ts$))", dependencyTypesNot: TYPE_ONLY }),
    forbid("library-is-for-others", "Commands use operations: what they know of arguments they know better.", { path: "^src/", pathNot: "^src/(library/|index\\.ts$)" }, { path: "^src/library/" }),
    forbid(
      "operations-use-the-format-through-its-index",
      "What is not exported by format/index.ts is its own business. Export, and what it uses, takes the writer alone: loading all that reads dumps would double its start.",
      { path: "^src/operations/", pathNot: "^src/operations/(export/(export|header|room)|entries/huge|entries/fitting-header|disk/recognize)\\.ts$" },
      { path: "^src/format/", pathNot: "^src/format/index\\.ts$" },
    ),
    forbid("export-not-import", "Export and import share the format, nothing else.", { path: "^src/operations/export/" }, { path: "^src/operations/import/" }),
    forbid("import-not-export", "Export and import share the format, nothing else.", { path: "^src/operations/import/" }, { path: "^src/operations/export/" }),
    forbid(
      "cli-above-operations",
      "The command line uses operations, and the names of engines; bytes of dumps and stores are not its business.",
      { path: "^src/cli/" },
      { path: "^src/(engines/(?!registry\\.ts$)|codecs/)", dependencyTypesNot: TYPE_ONLY },
    ),
    forbid(
      "reports-are-drawn-apart",
      "What draws a report takes what operations gathered, and texts of keys and values from the command line; nothing else of it.",
      { path: "^src/report/" },
      { path: "^src/(cli/(?!text/|render/value\\.ts$)|library/|index)" },
    ),
    forbid("reports-on-demand", "No command but report loads what draws.", { path: "^src/", pathNot: "^src/report/" }, { path: "^src/report/", dynamic: false, dependencyTypesNot: TYPE_ONLY }),
    forbid("browser-on-demand", "No command but browse loads what draws it, and that is a bundle of its own.", { path: "^src/", pathNot: "^src/cli/browse/" }, { path: "^src/cli/browse/(?!rows/)", dynamic: false, dependencyTypesNot: TYPE_ONLY }),
    forbid(
      "browser-knows-its-host-only",
      "What draws the browser is a bundle of its own: it takes rows and errors as they are given, so that no class is there twice, and texts.",
      { path: "^src/cli/browse/(?!rows/)" },
      { path: "^src/", pathNot: "^src/(cli/browse/|cli/text/(?!byte-text)|cli/render/(document|value)\\.ts$|cli/terminal/style\\.ts$|counts\\.ts$)", dependencyTypesNot: TYPE_ONLY },
    ),
    forbid("ink-in-one-place", "Only src/cli/browse/screen.ts knows what draws.", { path: "^src/", pathNot: "^src/cli/browse/screen\\.ts$" }, { path: "node_modules/(ink|react)/" }),
    forbid("charts-in-reports", "Packages that lay out charts are for src/report.", { pathNot: "^src/report/" }, { path: "node_modules/d3-" }),
    forbid(
      "terminal-packages-in-cli",
      "Colours, tables and bars are for src/cli.",
      { pathNot: "^src/cli/" },
      { path: "node_modules/(commander|string-width|picocolors|pretty-bytes)/" },
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
