// What RocksDB's C API lacks. Plain C functions: no std::string crosses their border, and exceptions, which may
// come from RocksDB's own C functions too, end in kgd_guard.
//
// Only ABI that is the same for the versions accepted by kgd_version (see version.rs) is touched: the first member of
// the C API's wrapper structs, the virtual table of Iterator, Status (one pointer behind six bytes), and exported functions.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <string>

#include "rocksdb/c.h"
#include "rocksdb/comparator.h"
#include "rocksdb/iterator.h"
#include "rocksdb/sst_file_reader.h"
#include "rocksdb/table_properties.h"
#include "rocksdb/version.h"
#include "rocksdb/wide_columns.h"

#if defined(KGDUMP_FOR_MUSL) && __has_include(<sys/single_threaded.h>)
// Compiled for musl with glibc's headers, libstdc++ asks glibc whether there is but one thread. There may be more.
extern "C" __attribute__((visibility("hidden"))) char __libc_single_threaded = 0;
#endif

// c.cc defines the struct so; a pointer to the C++ iterator is its first member in every version.
struct rocksdb_iterator_t {
  rocksdb::Iterator* rep;
};

// One table file by itself, and all versions of its keys. The iterator goes first.
struct kgd_table {
  explicit kgd_table(const rocksdb::Options& options) : reader(options) {}
  rocksdb::SstFileReader reader;
  std::unique_ptr<rocksdb::Iterator> entries;
};

static char* copied(const std::string& text) {
  char* const copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy != nullptr) std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

extern "C" {

/// Calls `run`. A C++ exception that comes out of it leaves its text in `error`, for `free`. Others, such as Rust's panics, pass.
void kgd_guard(void (*run)(void*), void* state, char** error) {
  try {
    run(state);
  } catch (const std::exception& exception) {
    *error = copied(exception.what());
  }
}

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

/// Opens a table file with a family's options. Null, and a message for `free`, when it can't be read.
kgd_table* kgd_table_open(const rocksdb_options_t* options, const char* path, char** error) {
  // c.cc: struct rocksdb_options_t has the C++ options as its first member.
  auto table = std::make_unique<kgd_table>(*reinterpret_cast<const rocksdb::Options*>(options));
  const rocksdb::Status status = table->reader.Open(path);
  if (!status.ok()) {
    *error = copied(status.ToString());
    return nullptr;
  }
  table->entries = table->reader.NewTableIterator();
  if (table->entries == nullptr) {
    *error = copied("RocksDB can't read all versions of a table's keys");
    return nullptr;
  }
  table->entries->SeekToFirst();
  return table.release();
}

/// What RocksDB says of the table, as `name=value;…`, for `free`; null when the table has no properties, or damaged ones.
char* kgd_table_properties(const kgd_table* table) {
  const std::shared_ptr<const rocksdb::TableProperties> properties = table->reader.GetTableProperties();
  return properties == nullptr ? nullptr : copied(properties->ToString(";", "="));
}

/// The internal key (key, sequence number and kind) that the table's iterator stands on; 0 when there is none: its end, or an
/// error, whose message is for `free`. The view lives until the iterator moves.
int kgd_table_key(const kgd_table* table, const char** key, size_t* length, char** error) {
  if (!table->entries->Valid()) {
    const rocksdb::Status status = table->entries->status();
    if (!status.ok()) *error = copied(status.ToString());
    return 0;
  }
  const rocksdb::Slice found = table->entries->key();
  *key = found.data();
  *length = found.size();
  return 1;
}

/// The value of the entry that the table's iterator stands on. The view lives until the iterator moves.
const char* kgd_table_value(const kgd_table* table, size_t* length) {
  const rocksdb::Slice found = table->entries->value();
  *length = found.size();
  return found.data();
}

void kgd_table_next(kgd_table* table) { table->entries->Next(); }

void kgd_table_close(kgd_table* table) {
  table->entries.reset();
  delete table;
}
}
