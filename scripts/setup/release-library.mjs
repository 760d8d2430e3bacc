// @ts-check
/**
 * RocksDB's own release binary: the shared library inside its Java artifact, which exports the C API too. It comes by
 * Maven, or from a mirror of Maven's repository that KGDUMP_MAVEN_URL names, and is taken only with the right SHA-256.
 */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exists, publishEntry, touchEntry } from "./cache.mjs";
import { textOf } from "./fingerprint.mjs";
import { CACHE } from "./paths.mjs";
import { tryRun } from "./run.mjs";
import { SetupError } from "./setup-error.mjs";

export const RELEASE_VERSION = "10.10.1";

/** The Maven plugin that copies an artifact, pinned so that it is the same everywhere. */
const COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";

/** The oldest glibc that the release binary runs on. */
const OLDEST_GLIBC = [2, 30];

/** @typedef {"linux64" | "linux64-musl" | "osx"} Classifier */

/**
 * SHA-256 of rocksdbjni-<version>-<classifier>.jar, or of rocksdbjni-<version>.jar, which holds all: there is no other one since 11.
 * The addon is linked to the version above; the others are for tests of stores under the libraries of other days.
 * @type {Record<string, Partial<Record<Classifier | "all", string>>>}
 */
const PINS = {
  "6.29.5": { linux64: "d46a6ba23be0e8b3163c2847f3cbccc51833783aee2d7ed4995d4bbb744dbb5d" },
  "7.10.2": { linux64: "c60cba0aa6ed994955e5e24f4bafcd147dbaf61c4204fcba90eba35b9124d0b9" },
  "8.11.4": { linux64: "dd4b5ec55462060e40c0583881971c37a00f4555dd0b555e830f733f6e70a3f3" },
  "9.1.1": { linux64: "564b9c716e31b9b06f9df3a7279519ea2c4bcff9aa1e6cc1b223304522212942" },
  "10.10.1": {
    linux64: "fda4a26cd4ea229636c5379ed41d827ce119a99c404fab94d9f863783c9ccb18",
    "linux64-musl": "09ac723fd315b6864f06611f0440eda639d2729da96e8202ce4f2ae6f304489a",
    osx: "68544a8c90c2384dd80f6b0aab547a144232fcd64e19019c0f21ac6171baf75e",
  },
  "11.8.1": { all: "628ed387887f4a431df480857954df2a28b4389bfe24858ccdec611cabf65dbf" },
};

/**
 * SHA-256 of each library itself, by its file in the release of all platforms: what lies beside one in the cache vouches for nothing.
 * @type {Readonly<Record<string, string>>}
 */
export const LIBRARIES = {
  "10.10.1-librocksdbjni-linux64.so": "14750307fe12f75bd400ed8156dfb737a7a7229ffe4c8b8bbe218e754dbe14b2",
  "10.10.1-librocksdbjni-linux64-musl.so": "122e77210727590235de0f9719475cb033ac15db9efee015c1730a9249af6873",
  "10.10.1-librocksdbjni-linux-aarch64.so": "e0db26142ff22a330f197cb8673fb78e64378fe5e8f17f62e0e1882522b4293c",
  "10.10.1-librocksdbjni-linux-aarch64-musl.so": "8deb860e958d9abdd031e41328eb3d58dec8fc0dcd7abe977c8c793cf2819f28",
  "10.10.1-librocksdbjni-linux-ppc64le.so": "745564e11d69d927952078faff072f8df97131eabac8bff874ec4202b6503555",
  "10.10.1-librocksdbjni-linux-ppc64le-musl.so": "0342dd9788cd2d63034d1830443cb59cd51ac05de137b5df83e0a37edc598360",
  "10.10.1-librocksdbjni-linux-s390x.so": "e96ed91ef12f32dd1912d1fdb95a39959e667b085ea128211ff1414cfe2f2c0e",
  "10.10.1-librocksdbjni-linux-s390x-musl.so": "a8203df8a92f4c281b30ee1aa59a103e4baecf1d71ae69eba171991d89570df8",
  "10.10.1-librocksdbjni-linux-riscv64.so": "013323d5bda87b604f818c8798f9452bc3913c1ba79e94db396bc91efce6b5a9",
  "10.10.1-librocksdbjni-linux-riscv64-musl.so": "ac89e616f7cb5fecb17e2920562cba5a33f759283adce7481dc693e88764dab4",
  "10.10.1-librocksdbjni-osx-x86_64.jnilib": "40d2ab2bb007a6d1708665b579455f60360a7211800ba2ca20bbea579b89bc9f",
  "10.10.1-librocksdbjni-osx-arm64.jnilib": "f03e748cbf3da07cff3b6833b14a6b58df726713a97f68bba15c2db11c166835",
};

/** @typedef {{ classifier: Classifier, file: string }} ReleaseBinary */

/** Names of the processor in the release's file names, by Node's `process.arch`. */
const LINUX_SUFFIX = { x64: "64", arm64: "-aarch64", ppc64: "-ppc64le", s390x: "-s390x", riscv64: "-riscv64" };
const OSX_SUFFIX = { x64: "x86_64", arm64: "arm64" };

/**
 * Which file of which archive is for a machine.
 * @param {{ platform?: string, arch?: string, glibc?: string | undefined }} [machine] default: this one
 * @returns {ReleaseBinary | string} a string says why there is none
 */
export function releaseBinary({ platform = process.platform, arch = process.arch, glibc } = { glibc: glibcVersion() }) {
  if (platform === "darwin" && (arch === "x64" || arch === "arm64")) {
    return { classifier: "osx", file: `librocksdbjni-osx-${OSX_SUFFIX[arch]}.jnilib` };
  }
  if (platform !== "linux" || !(arch in LINUX_SUFFIX)) {
    return `there is no release binary for ${platform} on ${arch}`;
  }
  const suffix = LINUX_SUFFIX[/** @type {keyof typeof LINUX_SUFFIX} */ (arch)];
  if (glibc === undefined) return { classifier: "linux64-musl", file: `librocksdbjni-linux${suffix}-musl.so` };
  const [major = 0, minor = 0] = glibc.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_GLIBC;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    return `the release binary needs glibc ${OLDEST_GLIBC.join(".")} or newer, and this system has ${glibc}`;
  }
  return { classifier: "linux64", file: `librocksdbjni-linux${suffix}.so` };
}

/** @returns {string | undefined} undefined on systems with another C library */
function glibcVersion() {
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return report.header.glibcVersionRuntime;
}

/**
 * The release binary in the cache, fetched when it is not there.
 * @param {ReleaseBinary} binary
 * @param {string} [version] one of those that have a pin
 * @returns {Promise<{ path: string, how: string } | string>} a string says why it cannot be had
 * @throws {SetupError} when what was fetched is not what was published
 */
export async function takeReleaseBinary({ classifier, file }, version = RELEASE_VERSION) {
  const archive = PINS[version]?.all === undefined ? classifier : "all";
  const pin = PINS[version]?.[archive];
  if (pin === undefined) return `no release binary of RocksDB ${version} is known for ${classifier}`;
  // Those of other days are not among the few that a set-up keeps.
  const entry = join(CACHE, version === RELEASE_VERSION ? "rocksdb" : "rocksdb-versions", `${version}-${file}`);
  const path = join(entry, file);
  const known = LIBRARIES[`${version}-${file}`];
  if ((await exists(path)) && (known ?? (version === RELEASE_VERSION ? undefined : await textOf(join(entry, "sha256")))) === sha256(await readFile(path))) {
    await touchEntry(entry);
    return { path, how: "from the cache" };
  }
  await rm(entry, { recursive: true, force: true });
  const { readFromZip } = await import("./zip.mjs");
  const directory = await mkdtemp(join(tmpdir(), "kgdump-rocksdb-"));
  try {
    const fetched = await fetchArchive(version, archive, directory);
    if (typeof fetched === "string") return fetched;
    const found = sha256(fetched.archive);
    if (found !== pin) {
      throw new SetupError(
        `RocksDB's release archive from ${fetched.from} has SHA-256 ${found} and not ${pin}: it is not used; ` +
          "remove it there, or set KGDUMP_ROCKSDB_LIB to a RocksDB library that you trust",
      );
    }
    const library = readFromZip(fetched.archive, file);
    if (library === undefined) return `the release archive holds no ${file}`;
    if (known !== undefined && known !== sha256(library)) throw new SetupError(`${file} of RocksDB ${version} has SHA-256 ${sha256(library)} and not ${known}: it is not used`);
    await publishEntry(entry, async (staging) => {
      await writeFile(join(staging, file), library, { mode: 0o755 });
      await writeFile(join(staging, "sha256"), sha256(library));
    });
    return { path, how: `by ${fetched.from}` };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Whether RocksDB's library has to be fetched by Maven: none is in the cache or named, and no mirror. */
export async function needsMaven() {
  const { KGDUMP_ROCKSDB_LIB: library = "", KGDUMP_ROCKSDB: kind = "", KGDUMP_MAVEN_URL: mirror = "" } = process.env;
  const binary = releaseBinary();
  if (library !== "" || mirror !== "" || !["", "release"].includes(kind) || typeof binary === "string") return false;
  return !(await exists(join(CACHE, "rocksdb", `${RELEASE_VERSION}-${binary.file}`, binary.file)));
}

/**
 * @param {string} version
 * @param {Classifier | "all"} archive
 * @param {string} directory an empty one
 * @returns {Promise<{ archive: Buffer, from: string } | string>}
 */
async function fetchArchive(version, archive, directory) {
  const classifier = archive === "all" ? "" : archive;
  const name = `rocksdbjni-${version}${classifier && `-${classifier}`}.jar`;
  const mirror = process.env["KGDUMP_MAVEN_URL"];
  if (mirror) {
    const url = `${mirror.replace(/\/$/, "")}/org/rocksdb/rocksdbjni/${version}/${name}`;
    try {
      const response = await fetch(url);
      if (!response.ok) return `${url} answers ${String(response.status)}`;
      return { archive: Buffer.from(await response.arrayBuffer()), from: "KGDUMP_MAVEN_URL" };
    } catch (error) {
      return `${url} cannot be fetched: ${String(error instanceof Error ? (error.cause ?? error) : error)}`;
    }
  }
  const artifact = `org.rocksdb:rocksdbjni:${version}:jar${classifier && `:${classifier}`}`;
  const args = ["-q", "-B", COPY_GOAL, `-Dartifact=${artifact}`, `-DoutputDirectory=${directory}`];
  const result = await tryRun("mvn", args, { cwd: directory });
  if (result.status === null) return "Maven, which fetches RocksDB's release binary, is missing";
  if (result.status !== 0) {
    const reason = /\[ERROR\] (.*)/.exec(result.stdout + result.stderr)?.[1] ?? `exit status ${String(result.status)}`;
    return `Maven could not fetch RocksDB's release binary: ${reason.slice(0, 300)}`;
  }
  return { archive: await readFile(join(directory, name)), from: "Maven" };
}

/** @param {Buffer} bytes */
function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
