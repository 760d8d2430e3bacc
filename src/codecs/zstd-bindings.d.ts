/** Types of the file that the package's own entry calls; the package has them only for the entry. */
declare module "@mongodb-js/zstd/bindings.js" {
  export { compress, decompress } from "@mongodb-js/zstd";
}
