/** Settings of stores: from files, from the environment, and as sled takes them. */
export { environmentSettings, type EnvironmentSettings, layered, SETTING_VARIABLES } from "./environment.js";
export { readStorageFile } from "./read-storage-file.js";
export { reopenSettings, type ReopenSettings } from "./reopen.js";
export { adviceOn, checkSledSettings, type SledSettings, wrongNumber } from "./sled-settings.js";
export { parseStorageFile, type StorageFile, type StorageNote } from "./storage-file.js";
export { closest } from "./suggest.js";
