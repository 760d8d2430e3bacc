"""Strict MessagePack: the few types that kgdump's payloads have, each in its shortest form, each length compared with a limit
before anything is taken. The package msgpack decodes longer forms and doubled keys too, and has no limit for each field.
[R…] are the requirements of ../README.md that a place meets."""

LARGEST, ANY, TEXT, FIELD_NAME, FIELDS, OPTIONS, NESTING = 2**53 - 1, 2**32, 65535, 255, 1024, 262144, 8
# MessagePack: first type byte of the short forms and how many there are; first of the long forms and the sizes of their numbers.
FORMS = {"uint": (0, 128, 0xCC, (1, 2, 4, 8)), "bin": (0, 0, 0xC4, (1, 2, 4)), "str": (0xA0, 32, 0xD9, (1, 2, 4)),
         "array": (0x90, 16, 0xDC, (2, 4)), "map": (0x80, 16, 0xDE, (2, 4))}


class DumpError(Exception):
    """What is wrong with a dump: `code` of the registry, byte `offset`, and number of the `block` or None."""
    def __init__(self, code, message):
        super().__init__(message)
        self.code, self.offset, self.block = "DUMP_" + code, None, None


def need(sound, code, message):
    if not sound:
        raise DumpError(code, message)


class Cursor:
    """Reads one payload, strictly: only the types [R12] and shortest forms [R13], limits before anything is taken [R52]."""
    def __init__(self, data, newer):
        self.data, self.at, self.newer, self.options = data, 0, newer, OPTIONS

    def take(self, length, field):
        need(length <= len(self.data) - self.at, "MALFORMED", f"{field} is cut off")
        self.at += length
        return self.data[self.at - length:self.at]

    def head(self, form, field, most, code="LIMIT_EXCEEDED"):
        """A number, or the length of what follows."""
        short, room, long, sizes = FORMS[form]
        kind = self.take(1, field)[0]
        value = kind - short
        if not 0 <= value < room:
            need(long <= kind < long + len(sizes), "MALFORMED", f"{field} is not a {form}")
            size = sizes[kind - long]
            value = int.from_bytes(self.take(size, field), "big")
            need(value >= (room if size == sizes[0] else 1 << (4 * size)), "MALFORMED", f"{field} is not in its shortest form")
        need(value <= most, code, f"{field} is {value}, more than {most}")
        return value

    def uint(self, field, most=LARGEST):  # [R19]
        return self.head("uint", field, most, "MALFORMED")

    def bin(self, field, most=ANY):
        return self.take(self.head("bin", field, most), field)

    def str(self, field, most=TEXT):
        try:
            return self.take(self.head("str", field, most), field).decode("utf-8")  # [R20]
        except UnicodeDecodeError as error:
            raise DumpError("MALFORMED", f"{field} is not UTF-8") from error

    def array(self, field, length):
        need(self.head("array", field, ANY) == length, "MALFORMED", f"{field} has not {length} elements")

    def fields(self, shape, where, depth=1):
        """A map with each field of `shape` exactly once [R15] [R16], and others only in a newer version [R17] [R18]."""
        found = {}
        for _ in range(self.head("map", where, FIELDS)):
            name = self.str(where, FIELD_NAME)
            need(name not in found and (name in shape or self.newer), "MALFORMED", f"{name} is there twice, or not known")
            found[name] = shape[name](self, name) if name in shape else self.skip(name, depth)
        need(all(name in found for name in shape), "MALFORMED", f"a field of {where} is missing")
        return {name: found[name] for name in shape}

    def skip(self, field, depth=1):
        kind = self.data[self.at] if self.at < len(self.data) else 0xC1
        form = "nil" if kind in (0xC0, 0xC2, 0xC3) else ""
        for own, (short, room, long, sizes) in FORMS.items():
            if short <= kind < short + room or long <= kind < long + len(sizes):
                form = own
        need(form, "MALFORMED", f"{field} is of a type that does not occur")
        need(depth <= NESTING or form not in ("array", "map"), "LIMIT_EXCEEDED", f"{field} nests too deep")
        if form == "map":
            self.fields({}, field, depth + 1)
        elif form == "array":
            for _ in range(self.head(form, field, ANY)):
                self.skip(field, depth + 1)
        elif form == "nil":
            self.at += 1
        elif form == "uint":
            self.uint(field, 2**64)
        else:
            getattr(self, form)(field, ANY)

    def text_map(self, field):
        """A map of texts; all of a payload share one limit."""
        count, found = self.head("map", field, self.options), {}
        self.options -= count
        for _ in range(count):
            name = self.str(field, FIELD_NAME)
            need(name not in found, "MALFORMED", f"{name} is there twice")
            found[name] = self.str(field)
        return found

    def payload(self, shape):
        found = self.fields(shape, "the payload")
        self.end()
        return found

    def end(self):
        need(self.at == len(self.data), "MALFORMED", "bytes follow the payload's value")  # [R14]


# Each of these reads what a field holds. Shapes of maps are put together from them, as the tables of the specification are.
def uint(cursor, field): return cursor.uint(field)
def text(cursor, field): return cursor.str(field)
def bytes_to(most): return lambda cursor, field: cursor.bin(field, most)
def up_to(most): return lambda cursor, field: cursor.uint(field, most)
def map_of(**shape): return lambda cursor, field: cursor.fields(shape, field)
def list_of(read, most): return lambda cursor, field: [read(cursor, field) for _ in range(cursor.head("array", field, most))]


def or_nil(read):
    return lambda cursor, field: cursor.skip(field) if cursor.data[cursor.at:cursor.at + 1] == b"\xc0" else read(cursor, field)


def that(read, test, code="MALFORMED"):
    def checked(cursor, field):
        value = read(cursor, field)
        need(test(value), code, f"{field} is not as it must be")
        return value
    return checked


def row_of(*columns):
    def read(cursor, field):
        cursor.array(field, len(columns))
        return [column(cursor, field) for column in columns]
    return read
