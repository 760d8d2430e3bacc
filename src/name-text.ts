/** Names of keyspaces as text: any bytes may be a name. */

/** A name for people: text as it is, bytes that are no UTF-8 as escapes. */
export function nameText(name: Uint8Array): string {
  const bytes = Buffer.from(name.buffer, name.byteOffset, name.byteLength);
  const text = bytes.toString("utf8");
  if (Buffer.from(text, "utf8").equals(bytes)) return text;
  return bytes.toString("latin1").replace(/[^ -~]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
