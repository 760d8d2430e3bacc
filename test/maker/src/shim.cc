// What RocksDB's C API lacks for making stores: the write policy of transactions, entities of wide columns, and values that
// say when they were written.
// Plain C functions; no exception crosses their border.

#include <cstddef>
#include <cstdint>
#include <string>

#include "rocksdb/c.h"
#include "rocksdb/utilities/transaction_db.h"
#include "rocksdb/wide_columns.h"
#include "rocksdb/write_batch.h"

// c.cc defines the structs so: what they wrap is their first member in every version.
struct rocksdb_transactiondb_options_t {
  rocksdb::TransactionDBOptions rep;
};
struct rocksdb_writebatch_t {
  rocksdb::WriteBatch rep;
};
struct rocksdb_column_family_handle_t {
  rocksdb::ColumnFamilyHandle* rep;
};

extern "C" {

/// 0: committed, 1: prepared, 2: unprepared.
void maker_set_write_policy(rocksdb_transactiondb_options_t* options, int policy) {
  options->rep.write_policy = static_cast<rocksdb::TxnDBWritePolicy>(policy);
}

/// Adds an entity of `count` columns to the batch. Names and values stand one after the other in `parts`. Returns whether it could.
int maker_put_entity(rocksdb_writebatch_t* batch, rocksdb_column_family_handle_t* family, const char* key, size_t key_length,
                     const char* const* parts, const size_t* lengths, size_t count) {
  try {
    rocksdb::WideColumns columns;
    for (size_t i = 0; i < count; ++i) {
      columns.emplace_back(rocksdb::Slice(parts[2 * i], lengths[2 * i]), rocksdb::Slice(parts[2 * i + 1], lengths[2 * i + 1]));
    }
    // Named with its class, so that it is no matter where it stands in the virtual table.
    return batch->rep.rocksdb::WriteBatch::PutEntity(family->rep, rocksdb::Slice(key, key_length), columns).ok() ? 1 : 0;
  } catch (...) {
    return 0;
  }
}

/// Adds a value that says when it was written, in seconds since 1970. Returns whether it could.
int maker_timed_put(rocksdb_writebatch_t* batch, rocksdb_column_family_handle_t* family, const char* key, size_t key_length,
                    const char* value, size_t value_length, uint64_t written) {
  try {
    return batch->rep.rocksdb::WriteBatch::TimedPut(family->rep, rocksdb::Slice(key, key_length), rocksdb::Slice(value, value_length), written).ok() ? 1 : 0;
  } catch (...) {
    return 0;
  }
}

}  // extern "C"
