// @ts-check
import { readdirSync } from "node:fs";
import eslint from "@eslint/js";
import stylistic from "@stylistic/eslint-plugin";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";
import { requireDocs } from "./scripts/eslint/require-docs.mjs";

const kgdump = { rules: { "require-docs": requireDocs } };

/** Only what is above the operations talks to the terminal. */
const terminal = ["exitCode", "stdout", "stderr", "stdin", "argv"].map((property) => ({
  object: "process",
  property,
  message: "Only src/cli talks to the terminal: take it as a parameter.",
}));
const exit = {
  object: "process",
  property: "exit",
  message: "Output may be lost: set process.exitCode and return.",
};

/** An engine is asked what it is, and not for its name: so a third one needs no search for all places that compare. */
const engineNames = readdirSync(new URL("src/engines", import.meta.url), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);
const aName = `Literal[value=/^(${engineNames.join("|")})$/]`;
const comparesEngines = [`BinaryExpression[operator=/^[!=]==?$/] > ${aName}`, `SwitchCase > ${aName}.test`].map((selector) => ({
  selector,
  message: "Ask the engine what it is (src/engines/engine.ts), not for its name.",
}));

/** How code is laid out; `npm run lint -- --fix` does it. Where a line ends is up to who writes it. */
const layout = defineConfig(stylistic.configs.customize({ semi: true, quotes: "double", arrowParens: true, braceStyle: "1tbs" }), {
  rules: {
    "@stylistic/quotes": ["error", "double", { avoidEscape: true, allowTemplateLiterals: "always" }],
    "@stylistic/generator-star-spacing": ["error", { before: false, after: true, method: { before: true, after: false } }],
    "@stylistic/quote-props": ["error", "as-needed"],
    ...Object.fromEntries(["operator-linebreak", "indent-binary-ops", "list-style", "multiline-ternary", "max-statements-per-line", "no-mixed-operators"].map((name) => [`@stylistic/${name}`, "off"])),
  },
});

export default defineConfig(
  { ignores: ["dist/", "build/", "coverage/", "demo/", "native/", "**/node_modules/", "test/checker/"] },
  eslint.configs.recommended,
  layout,
  {
    linterOptions: { reportUnusedDisableDirectives: "error", noInlineConfig: true },
    rules: {
      eqeqeq: "error",
      "object-shorthand": "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["src/**/*.ts", "test/**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      // Numbers and booleans in messages are what they look like.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // A loop with `for (;;)` or `while (true)` is how a reader reads.
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: "only-allowed-literals" }],
      // Implementing an async interface needs no await.
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-non-null-assertion": "error",
    },
  },
  {
    files: ["src/**/*.ts"],
    plugins: { kgdump },
    rules: {
      "kgdump/require-docs": "error",
      "no-console": "error",
      "no-restricted-properties": ["error", exit, ...terminal],
    },
  },
  {
    files: ["src/cli/**/*.ts"],
    rules: { "no-restricted-properties": ["error", exit] },
  },
  {
    // It ends a process that has told all: nothing is left to be written.
    files: ["src/cli/terminal/signals.ts"],
    rules: { "no-restricted-properties": "off" },
  },
  {
    files: ["src/**/*.ts"],
    ignores: ["src/addon.ts"],
    rules: {
      "no-restricted-imports": ["error", { paths: [{ name: "node:module", message: "Only src/addon.ts loads native addons." }] }],
    },
  },
  {
    files: ["src/**/*.ts"],
    ignores: [
      // The words of the service's file, which has a section for sled alone.
      "src/settings/storage-file.ts",
      "src/settings/storage-schema.ts",
      // The words of the command line: --engine, and options that only make sense with one of them.
      "src/cli/commands/migrate.ts",
    ],
    rules: { "no-restricted-syntax": ["error", ...comparesEngines] },
  },
  {
    files: ["src/**/index.ts"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "Program > :not(ExportNamedDeclaration[source], ExportAllDeclaration)",
          message: "An index exports from other files, nothing else.",
        },
      ],
    },
  },
  {
    files: ["test/**/*.ts"],
    rules: {
      // ava's assertions and its `t` are meant to be used without being bound or awaited.
      "@typescript-eslint/unbound-method": "off",
    },
  },
  {
    files: ["scripts/**/*.mjs", "examples/library/*.mjs", "bench/**/*.mjs", "test/scripts/*.mjs", "test/bench/*.mjs", "bin/*.js", "*.js", "*.cjs"],
    languageOptions: {
      globals: Object.fromEntries(
        ["Buffer", "URL", "console", "fetch", "performance", "process", "setInterval", "clearInterval", "setTimeout", "clearTimeout", "TextEncoder", "TextDecoder", "AbortController", "AbortSignal"].map(
          (name) => [name, "readonly"],
        ),
      ),
    },
  },
  {
    files: ["bin/*.js"],
    languageOptions: { sourceType: "commonjs", globals: { __dirname: "readonly" } },
  },
);
