"""Switches checks of the Python reader off, one at a time: a vector must notice. Prints the source of those that none notices, a line each, and how many were tried.

A check is a call of `need`; one that many fields share counts for each of them. [argv: the reader's directory, the vectors' directory, how many to try, a seed]"""
import io
import json
import linecache
import pathlib
import random
import sys

READER, VECTORS = map(pathlib.Path, sys.argv[1:3])
COUNT, SEED = map(int, sys.argv[3:5])
sys.path.insert(0, str(READER))
import apply_deltas, compressed, kgdump_reader, run_vectors, strict_msgpack  # noqa: E402

MODULES = (kgdump_reader, strict_msgpack, compressed, apply_deltas)
real = strict_msgpack.need
seen, off = {}, None


def need(sound, code, message):
    frame = sys._getframe(1)
    field = frame.f_locals.get("field") if frame.f_code.co_name == "checked" else None
    site = (frame.f_code.co_filename, frame.f_lineno, field)
    seen.setdefault(site, code)
    if site != off:
        real(sound, code, message)


for module in MODULES:
    if hasattr(module, "need"):
        module.need = need
vectors = []
for part in ("invalid", "valid"):
    for path in sorted((VECTORS / part).glob("*.kgd"), key=lambda each: each.stat().st_size):
        vectors.append((path.read_bytes(), run_vectors.expected(json.loads(path.with_suffix(".json").read_text("utf-8")))))
sets = []
for path in sorted((VECTORS / "apply").glob("*.json")):
    said = json.loads(path.read_text("utf-8"))
    sets.append(([path.parent / name for name in said["dumps"]], {name: said[name] for name in ("result", "code") if name in said}))


def differs():
    """Whether any vector gives something else than it should; a failure of the reader itself counts, too."""
    for data, wanted in vectors:
        try:
            if run_vectors.outcome(io.BytesIO(data)) != wanted:
                return True
        except Exception:
            return True
    for paths, wanted in sets:
        try:
            if run_vectors.applied(paths) != wanted:
                return True
        except Exception:
            return True
    return False


assert not differs(), "the reader differs with all its checks"
BOUNDS = [(compressed, "zstd_is_bounded"), (compressed, "lz4_is_sound"), (apply_deltas, "builds")]
sites = sorted(seen, key=str) + BOUNDS
for site in random.Random(SEED).sample(sites, min(COUNT, len(sites))):
    if site in BOUNDS:
        whole = getattr(*site)
        setattr(*site, lambda *_: True)
    else:
        off = site
    if not differs():
        print(site[1] if site in BOUNDS else linecache.getline(site[0], site[1]).strip())
    off = None
    if site in BOUNDS:
        setattr(*site, whole)
print(min(COUNT, len(sites)))
