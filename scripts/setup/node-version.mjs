// @ts-check
// Imported first by every script, so that an old Node ends with this line and not with a puzzle further down.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (!((major === 20 && minor >= 15) || (major === 22 && minor >= 2) || major > 22)) {
  process.stderr.write(
    `kgdump needs Node.js 20.15 or newer (of 20.x), or 22.2 and later; this is ${process.versions.node}: ` +
      "install Node.js 20 or 22, as by `nvm install 20`\n",
  );
  process.exit(1);
}
