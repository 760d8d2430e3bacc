// What RocksDB's C API lacks. Plain C functions, no exception and no std::string crosses their border.
//
// Only ABI that is the same for the versions accepted by kgd_version (see version.rs) is touched: the first member of
// the C API's wrapper structs, the virtual table of Iterator, and exported functions.

#include <cstdint>
#include <cstring>
#include <string>

#include "rocksdb/c.h"
#include "rocksdb/comparator.h"
#include "rocksdb/iterator.h"
#include "rocksdb/version.h"
#include "rocksdb/wide_columns.h"

// c.cc defines the struct so; a pointer to the C++ iterator is its first member in every version.
struct rocksdb_iterator_t {
  rocksdb::Iterator* rep;
};

extern "C" {

/// Writes the library's version ("10.10.1") into `out`, 0-terminated, and the headers' version into the three numbers.
void kgd_version(char* out, size_t capacity, int* major, int* minor, int* patch) {
  const std::string version = rocksdb::GetRocksVersionAsString(true);
  const size_t length = version.size() < capacity ? version.size() : capacity - 1;
  std::memcpy(out, version.data(), length);
  out[length] = 0;
  *major = ROCKSDB_MAJOR;
  *minor = ROCKSDB_MINOR;
  *patch = ROCKSDB_PATCH;
}

/// RocksDB's own reverse byte order, as the C API takes a comparator. Lives for ever.
rocksdb_comparator_t* kgd_reverse_comparator() {
  // c.cc: struct rocksdb_comparator_t : public rocksdb::Comparator, and only its base is used when it is set.
  return reinterpret_cast<rocksdb_comparator_t*>(
      const_cast<rocksdb::Comparator*>(rocksdb::ReverseBytewiseComparator()));
}

/// One entry of an iterator in one call. Views live until the iterator moves.
struct kgd_entry {
  const char* key;
  size_t key_length;
  const char* value;
  size_t value_length;
};

enum { KGD_INVALID = 0, KGD_PLAIN = 1, KGD_WIDE = 2 };

/// Looks at the entry that the iterator stands on. An entity whose only column is the nameless one is a plain value.
int kgd_current(const rocksdb_iterator_t* iterator, kgd_entry* out) {
  rocksdb::Iterator* it = iterator->rep;
  if (!it->Valid()) return KGD_INVALID;
  const rocksdb::Slice key = it->key();
  const rocksdb::Slice value = it->value();
  out->key = key.data();
  out->key_length = key.size();
  out->value = value.data();
  out->value_length = value.size();
  const rocksdb::WideColumns& columns = it->columns();
  return columns.size() == 1 && columns[0].name().empty() ? KGD_PLAIN : KGD_WIDE;
}

/// Moves to the next entry and looks at it.
int kgd_next(rocksdb_iterator_t* iterator, kgd_entry* out) {
  iterator->rep->Next();
  return kgd_current(iterator, out);
}
}
