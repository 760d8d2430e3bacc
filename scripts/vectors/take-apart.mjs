// @ts-check
/** Taking encoded MessagePack apart, to change a part of it. It knows the shortest forms that `encode.mjs` makes. */

/** @typedef {import("./encode.mjs").Field} Field */

/** Bytes of the value at a place. @param {Buffer} bytes @param {number} from @returns {number} */
function lengthAt(bytes, from) {
  const type = bytes.readUInt8(from);
  if (type < 0x80 || (type >= 0xc0 && type <= 0xc3)) return 1;
  if (type >= 0xcc && type <= 0xcf) return 1 + 2 ** (type - 0xcc);
  if (type >= 0xa0 && type <= 0xbf) return 1 + (type & 0x1f);
  const size = type >= 0xd9 ? 2 ** (type - 0xd9) : 2 ** (type - 0xc4);
  if ((type >= 0xc4 && type <= 0xc6) || (type >= 0xd9 && type <= 0xdb)) return 1 + size + bytes.readUIntBE(from + 1, size);
  return partsAt(bytes, from).reduce((sum, part) => sum + part.length, headLength(type));
}

/** @param {number} type of an array or a map */
const headLength = (type) => (type < 0xa0 ? 1 : type === 0xdc || type === 0xde ? 3 : 5);

/** @param {Buffer} bytes @param {number} from @returns {Buffer[]} the elements of the array there, or the keys and values of the map */
function partsAt(bytes, from) {
  const type = bytes.readUInt8(from);
  const size = headLength(type) - 1;
  const count = size === 0 ? type & 0x0f : bytes.readUIntBE(from + 1, size);
  const isMap = type < 0x90 || type >= 0xde;
  const parts = [];
  let place = from + 1 + size;
  for (let left = isMap ? 2 * count : count; left > 0; left -= 1) {
    const length = lengthAt(bytes, place);
    parts.push(bytes.subarray(place, place + length));
    place += length;
  }
  return parts;
}

/** The elements of an encoded array. @param {Buffer} array */
export const itemsOf = (array) => partsAt(array, 0);

/** The fields of an encoded map, whose keys are shorter than 32 bytes. @param {Buffer} map @returns {Field[]} */
export function fieldsOf(map) {
  const parts = partsAt(map, 0);
  return Array.from({ length: parts.length / 2 }, (_, place) => [(parts[2 * place] ?? map).toString("utf8", 1), parts[2 * place + 1] ?? map]);
}
