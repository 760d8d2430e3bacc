// @ts-check
/** The site of kgdump: what scripts/site.mjs put into pages/ becomes HTML in build/site. */
import { existsSync, readdirSync } from "node:fs";

const reference = existsSync("pages/reference") ? readdirSync("pages/reference").map((name) => name.replace(/\.md$/, "")).sort() : [];

export default {
  title: "kgdump",
  description: "Moves a key-value store by a checked dump: RocksDB to a file, the file to Sled, and back",
  lang: "en",
  srcDir: "pages",
  outDir: "../build/site",
  cacheDir: "../build/site-cache",
  cleanUrls: false,
  // Text is text: nothing in braces is a program.
  vue: { template: { compilerOptions: { delimiters: ["${{{", "}}}$"] } } },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    sidebar: [
      { text: "Begin", items: [{ text: "What it is", link: "/" }, { text: "A first move", link: "/docs/tutorial" }, { text: "Commands", link: "/docs/commands" }, { text: "Questions", link: "/docs/faq" }, { text: "Limits", link: "/docs/limits" }] },
      {
        text: "Guides",
        items: [
          { text: "Moving a service", link: "/docs/guide" },
          { text: "Settings of a sled store", link: "/docs/settings" },
          { text: "The graph in a store", link: "/docs/graph" },
          { text: "systemd and containers", link: "/examples/" },
          { text: "A service that moves", link: "/examples/maya/" },
          { text: "Programs over the library", link: "/examples/library/" },
          { text: "Stores of real programs", link: "/examples/real/" },
        ],
      },
      { text: "Reference", items: [{ text: "Library", link: "/docs/library" }, ...reference.map((name) => ({ text: name.replace("-", " "), link: `/reference/${name}` }))] },
      {
        text: "Format",
        items: [
          { text: "Specification", link: "/format-spec/" },
          { text: "An example, byte by byte", link: "/format-spec/example" },
          { text: "Writing a reader", link: "/format-spec/write-a-reader" },
          { text: "A reader in Python", link: "/format-spec/reader/" },
          { text: "Vectors", link: "/format-spec/vectors/" },
        ],
      },
      {
        text: "How it is made",
        items: [
          { text: "How it is tested", link: "/docs/testing" },
          { text: "What is trusted", link: "/docs/security" },
          { text: "Figures", link: "/docs/figures" },
          { text: "Architecture", link: "/docs/architecture" },
          { text: "Packages", link: "/docs/packages" },
          { text: "Where RocksDB comes from", link: "/docs/rocksdb-library" },
          { text: "Contributing", link: "/CONTRIBUTING" },
          { text: "Changelog", link: "/CHANGELOG" },
        ],
      },
    ],
  },
};
