// How the tests run.

/** What takes a minute and more begins first: at the end, it would run while a processor has nothing to do. */
const LONG = ["scripts/mutants", "rocksdb-versions/work", "faults/watchdog", "faults/migrate-syscalls", "faults/journal-model", "cli/flags", "faults/migrate-kill"];

/** @param {string} file */
const place = (file) => {
  const found = LONG.findIndex((name) => file.includes(`/test/${name}.test.`));
  return found === -1 ? LONG.length : found;
};

export default {
  files: ["build/test/**/*.test.js", "test/scripts/*.test.mjs", "test/bench/*.test.mjs"],
  timeout: "5m",
  // Node reads these at each start of a process, which takes as long as it takes kgdump to start. No test speaks to another machine.
  environmentVariables: { NODE_EXTRA_CA_CERTS: "" },
  /**
   * @param {string} one
   * @param {string} other
   */
  sortTestFiles: (one, other) => place(one) - place(other) || one.localeCompare(other),
};
