/**
 * Extended attributes of files: access control lists, security labels, and what programs note there. Linux has them; elsewhere, and on file systems
 * without them, nothing has any.
 */
import { constants } from "node:os";
import { loadAddon } from "../../addon.js";
import { errorOfNumber } from "./system-calls.js";

/** One attribute. */
export interface Attribute {
  readonly name: string;
  readonly value: Buffer;
}

interface AttributesAddon {
  attributesOf(path: string): Attribute[];
  /** 0, or the number of the system's error. */
  setAttribute(descriptor: number, name: string, value?: Buffer): number;
  keepsAttribute(path: string, name: string): boolean;
}

const LISTS = /^system\.posix_acl_(?:access|default)$/;
/** Others hold digests of a file's content, or are the system's own. */
const LABELS = /^security\.(?:selinux|SMACK64)$/;

/** Whether an attribute is a list of who may do what, which speaks of the group of its file. */
export const isList = (name: string): boolean => LISTS.test(name);

const addon = (): AttributesAddon => loadAddon("blocks") as AttributesAddon;

/** What says who may do what with a file or directory, links followed: its lists and its label. */
export function accessAttributes(path: string): Attribute[] {
  return addon().attributesOf(path).filter(({ name }) => isList(name) || LABELS.test(name));
}

/** That, and what programs note there. */
export function ownAttributes(path: string): Attribute[] {
  return addon().attributesOf(path).filter(({ name }) => isList(name) || LABELS.test(name) || name.startsWith("user."));
}

/** What has to be set, or removed, so that a file has the same as another one. Lists that only it has go, as they could let somebody in. */
export function attributesToGive(now: readonly Attribute[], like: readonly Attribute[]): { readonly name: string; readonly value?: Buffer }[] {
  const has = (list: readonly Attribute[], wanted: string): Buffer | undefined => list.find(({ name }) => name === wanted)?.value;
  return [
    ...now.filter(({ name }) => isList(name) && has(like, name) === undefined).map(({ name }) => ({ name })),
    ...like.filter(({ name, value }) => has(now, name)?.equals(value) !== true),
  ];
}

/**
 * Gives an open file attributes. What its file system does not keep, and labels that the system does not let this user choose, are left out.
 * @throws {Error} of the system
 */
export function giveAttributes(descriptor: number, attributes: ReturnType<typeof attributesToGive>): void {
  for (const { name, value } of attributes) {
    const failed = addon().setAttribute(descriptor, name, value);
    const isLeftOut = failed === constants.errno.EOPNOTSUPP || (LABELS.test(name) && (failed === constants.errno.EPERM || failed === constants.errno.EACCES));
    if (failed !== 0 && !isLeftOut) throw errorOfNumber(failed);
  }
}

/** Which attributes of a file something in this directory could not have, as its file system does not keep such. */
export function attributesLost(path: string, directory: string): string[] {
  return accessAttributes(path).map(({ name }) => name).filter((name) => !addon().keepsAttribute(directory, name));
}
