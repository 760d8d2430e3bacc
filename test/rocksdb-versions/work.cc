// Random work on a store under any version of RocksDB, compared with a model of it: what a service does with a store that it was
// given, with snapshots, transactions and compactions from the first moment on.
//
//     work LIBRARY list  STORE [REVERSED FAMILY…]             content of each family, as `family entries hash`
//     work LIBRARY work  STORE KIND SEED STEPS [REVERSED…]    random work; exit 1 when the store differs from the model
//     work LIBRARY zero  STORE SEED                           makes a store at sequence number 0, as bare ingestion leaves it
//     work LIBRARY expire STORE SECONDS                       lets FIFO compaction delete what is older; the first byte of each key that is left
//     work LIBRARY ttl STORE SECONDS                          opens the store with a time to live, 0 for none, and compacts it; what it has then, as `family key value`
//     work LIBRARY options STORE                              opens the store with what its OPTIONS say, none of it unknown; its families
//
// KIND is plain, pessimistic or optimistic (which kind of database the store is opened as). The library is loaded at run time and only
// its C functions are used, whose names and arguments are the same in all versions.

#include <dlfcn.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

using Handle = void*;
using Order = std::function<bool(const std::string&, const std::string&)>;
using Content = std::map<std::string, std::string, Order>;
using State = std::vector<Content>;

static Handle library;

[[noreturn]] static void fail(const std::string& reason) {
  std::printf("FAILED: %s\n", reason.c_str());
  std::exit(1);
}

/// Calls a C function of the library by its name.
template <typename Result, typename... Args>
static Result call(const char* name, Args... args) {
  void* const symbol = dlsym(library, name);
  if (symbol == nullptr) fail(std::string("the library has no ") + name);
  return reinterpret_cast<Result (*)(Args...)>(symbol)(args...);
}

/// As `call`, with the slot for an error behind the arguments. An error ends the program, unless `error` takes it.
template <typename Result, typename... Args>
static Result checked(const char* name, std::string* error, Args... args) {
  char* message = nullptr;
  struct Finish {
    const char* name;
    char*& message;
    std::string* error;
    ~Finish() {
      if (message == nullptr) return;
      if (error == nullptr) fail(std::string(name) + ": " + message);
      *error = message;
      call<void>("rocksdb_free", static_cast<void*>(message));
    }
  } finish{name, message, error};
  return call<Result>(name, args..., &message);
}

static std::string hex(const std::string& bytes) {
  std::string text;
  char two[3];
  for (const unsigned char byte : bytes.substr(0, 40)) {
    std::snprintf(two, sizeof two, "%02x", byte);
    text += two;
  }
  return text;
}

struct Snapshot {
  const void* handle;
  State state;
};

struct Transaction {
  Handle handle;
  const void* snapshot;  // null when it has none
  State state;           // what the snapshot shows
  std::vector<std::map<std::string, std::pair<bool, std::string>>> writes;
};

class Store {
 public:
  Store(const char* path, const std::string& kind, std::vector<std::string> reversed)
      : path_(path), kind_(kind), reversed_(std::move(reversed)) {
    open();
    for (size_t family = 0; family < names_.size(); ++family) model_.push_back(read(family, nullptr));
  }

  ~Store() { close(); }

  const std::vector<std::string>& names() const { return names_; }
  const State& model() const { return model_; }

  void work(uint64_t seed, long steps) {
    random_.seed(seed);
    // The first action decides most: what is there before the first write.
    switch (below(5)) {
      case 0: take_snapshot(); compact(); break;
      case 1: begin(); compact(); break;
      case 2: compact(); take_snapshot(); break;
      case 3: take_snapshot(); write(); break;
      default: break;
    }
    for (long step = 0; step < steps; ++step) this->step();
    while (!snapshots_.empty()) release_snapshot();
    while (transaction_ != nullptr) end();
    compact();
    check_now("at the end");
    close();
    open();
    check_now("after it was opened again");
  }

 private:
  void open() {
    const Handle options = call<Handle>("rocksdb_options_create");
    size_t count = 0;
    char** const listed = checked<char**>("rocksdb_list_column_families", nullptr, options, path_.c_str(), &count);
    names_.assign(listed, listed + count);
    call<void>("rocksdb_list_column_families_destroy", listed, count);
    std::vector<const char*> names;
    std::vector<Handle> all;
    for (const std::string& name : names_) {
      const bool reverse = is_reversed(name);
      // So small that flushes and compactions come all the time.
      const std::string text = std::string("write_buffer_size=65536;level0_file_num_compaction_trigger=2;target_file_size_base=65536;"
                                           "max_bytes_for_level_base=131072;") +
                               (reverse ? "comparator=rocksdb.ReverseBytewiseComparator" : "");
      const Handle own = call<Handle>("rocksdb_options_create");
      checked<void>("rocksdb_get_options_from_string", nullptr, options, text.c_str(), own);
      names.push_back(name.c_str());
      all.push_back(own);
    }
    families_.assign(count, nullptr);
    if (kind_ == "pessimistic") {
      const Handle more = call<Handle>("rocksdb_transactiondb_options_create");
      db_ = checked<Handle>("rocksdb_transactiondb_open_column_families", nullptr, options, more, path_.c_str(), static_cast<int>(count), names.data(),
                            all.data(), families_.data());
      call<void>("rocksdb_transactiondb_options_destroy", more);
    } else {
      const char* const by = kind_ == "optimistic" ? "rocksdb_optimistictransactiondb_open_column_families" : "rocksdb_open_column_families";
      db_ = checked<Handle>(by, nullptr, options, path_.c_str(), static_cast<int>(count), names.data(), all.data(), families_.data());
    }
    options_ = all;
    options_.push_back(options);
    write_options_ = call<Handle>("rocksdb_writeoptions_create");
  }

  void close() {
    for (const Handle family : families_) call<void>("rocksdb_column_family_handle_destroy", family);
    call<void>(kind_ == "pessimistic" ? "rocksdb_transactiondb_close" : kind_ == "optimistic" ? "rocksdb_optimistictransactiondb_close" : "rocksdb_close",
               db_);
    for (const Handle options : options_) call<void>("rocksdb_options_destroy", options);
    call<void>("rocksdb_writeoptions_destroy", write_options_);
    families_.clear();
  }

  uint64_t below(uint64_t end) { return random_() % end; }

  /// Keys of transactions and keys of others are never the same, so that none waits for another.
  static bool belongs_to_transactions(const std::string& key) { return std::hash<std::string>()(key) % 2 == 0; }

  std::string pick_key(size_t family, bool for_transaction) {
    for (;;) {
      std::string key;
      const Content& content = model_[family];
      if (!content.empty() && below(4) > 0) {
        // The one at a random place, found by a random byte string near a known key.
        auto at = content.begin();
        std::advance(at, static_cast<long>(below(std::min<uint64_t>(content.size(), 400))));
        key = at->first;
        if (below(2) == 0) {
          const auto last = std::prev(content.end(), static_cast<long>(1 + below(std::min<uint64_t>(content.size(), 400))));
          key = last->first;
        }
      } else {
        key = "new:" + std::to_string(below(1000));
      }
      if (belongs_to_transactions(key) == for_transaction) return key;
    }
  }

  std::string pick_value() { return std::string(below(200), static_cast<char>('a' + below(26))) + std::to_string(random_()); }

  void step() {
    switch (below(14)) {
      case 0: case 1: case 2: case 3: write(); break;
      case 4: take_snapshot(); break;
      case 5: release_snapshot(); break;
      case 6: check_snapshots(); break;
      case 7: compact(); break;
      case 8: flush(); break;
      case 9: if (transaction_ == nullptr) begin(); else end(); break;
      case 10: if (transaction_ != nullptr) work_in_transaction(); break;
      case 11: hold_iterator(); break;
      case 12: check_now("meanwhile"); break;
      default: if (below(6) == 0) reopen(); break;
    }
  }

  /// A batch of writes of all kinds.
  void write() {
    const Handle batch = call<Handle>("rocksdb_writebatch_create");
    for (uint64_t left = 1 + below(20); left > 0; --left) {
      const size_t family = below(names_.size());
      const std::string key = pick_key(family, false);
      const uint64_t kind = below(12);
      if (kind == 0 && kind_ == "plain") {
        std::string to = pick_key(family, false);
        const Order& less = model_[family].key_comp();
        if (!less(key, to)) continue;
        // Short, or soon nothing would be left.
        auto end = model_[family].lower_bound(key);
        for (int steps = 0; steps < 10 && end != model_[family].end() && less(end->first, to); ++steps) ++end;
        if (end != model_[family].end() && less(end->first, to)) to = end->first;
        call<void>("rocksdb_writebatch_delete_range_cf", batch, families_[family], key.data(), key.size(), to.data(), to.size());
        model_[family].erase(model_[family].lower_bound(key), model_[family].lower_bound(to));
      } else if (kind < 5) {
        call<void>("rocksdb_writebatch_delete_cf", batch, families_[family], key.data(), key.size());
        model_[family].erase(key);
      } else {
        const std::string value = pick_value();
        call<void>("rocksdb_writebatch_put_cf", batch, families_[family], key.data(), key.size(), value.data(), value.size());
        model_[family][key] = value;
      }
    }
    checked<void>("rocksdb_write", nullptr, db_, write_options_, batch);
    call<void>("rocksdb_writebatch_destroy", batch);
  }

  void take_snapshot() {
    if (snapshots_.size() < 3) snapshots_.push_back({call<const void*>("rocksdb_create_snapshot", db_), model_});
  }

  void release_snapshot() {
    if (snapshots_.empty()) return;
    const size_t at = below(snapshots_.size());
    check_snapshot(snapshots_[at]);
    call<void>("rocksdb_release_snapshot", db_, snapshots_[at].handle);
    snapshots_.erase(snapshots_.begin() + static_cast<long>(at));
  }

  void check_snapshots() {
    for (const Snapshot& snapshot : snapshots_) check_snapshot(snapshot);
  }

  void check_snapshot(const Snapshot& snapshot) { check(snapshot.state, snapshot.handle, "in a snapshot"); }

  void check_now(const char* when) { check(model_, nullptr, when); }

  void check(const State& state, const void* snapshot, const char* when) {
    for (size_t family = 0; family < names_.size(); ++family) {
      compare(family, state[family], read(family, snapshot), when);
      for (int left = 5; left > 0 && !state[family].empty(); --left) check_get(family, state[family], snapshot, when);
    }
  }

  void compare(size_t family, const Content& expected, const Content& found, const char* when) {
    for (const auto& [key, value] : expected) {
      const auto other = found.find(key);
      if (other == found.end()) fail(describe(family, when) + ": key " + hex(key) + " is gone (" + sizes(expected, found) + ")");
      if (other->second != value) fail(describe(family, when) + ": key " + hex(key) + " has another value (" + sizes(expected, found) + ")");
    }
    for (const auto& entry : found) {
      if (expected.count(entry.first) == 0) fail(describe(family, when) + ": key " + hex(entry.first) + " is there again (" + sizes(expected, found) + ")");
    }
  }

  static std::string sizes(const Content& expected, const Content& found) {
    return std::to_string(expected.size()) + " expected, " + std::to_string(found.size()) + " found";
  }

  std::string describe(size_t family, const char* when) const { return "family " + names_[family] + " " + when; }

  void check_get(size_t family, const Content& expected, const void* snapshot, const char* when) {
    auto at = expected.begin();
    std::advance(at, static_cast<long>(below(std::min<uint64_t>(expected.size(), 500))));
    const Handle options = read_options(snapshot);
    size_t length = 0;
    char* const value = checked<char*>("rocksdb_get_cf", nullptr, db_, options, families_[family], at->first.data(), at->first.size(), &length);
    call<void>("rocksdb_readoptions_destroy", options);
    if (value == nullptr) fail(describe(family, when) + ": a look-up of key " + hex(at->first) + " finds nothing");
    if (std::string(value, length) != at->second) fail(describe(family, when) + ": a look-up of key " + hex(at->first) + " finds another value");
    call<void>("rocksdb_free", static_cast<void*>(value));
  }

  static Handle read_options(const void* snapshot) {
    const Handle options = call<Handle>("rocksdb_readoptions_create");
    if (snapshot != nullptr) call<void>("rocksdb_readoptions_set_snapshot", options, snapshot);
    return options;
  }

  Content empty(size_t family) const {
    const bool reverse = is_reversed(names_[family]);
    return Content([reverse](const std::string& a, const std::string& b) { return reverse ? b < a : a < b; });
  }

  bool is_reversed(const std::string& name) const {
    for (const std::string& each : reversed_) {
      if (each == name) return true;
    }
    return false;
  }

  Content read(size_t family, const void* snapshot) const {
    const Handle options = read_options(snapshot);
    const Handle iterator = call<Handle>("rocksdb_create_iterator_cf", db_, options, families_[family]);
    Content content = read_all(family, iterator);
    call<void>("rocksdb_iter_destroy", iterator);
    call<void>("rocksdb_readoptions_destroy", options);
    return content;
  }

  Content read_all(size_t family, Handle iterator) const {
    Content content = empty(family);
    call<void>("rocksdb_iter_seek_to_first", iterator);
    while (call<unsigned char>("rocksdb_iter_valid", static_cast<const void*>(iterator)) != 0) {
      size_t key_length = 0, value_length = 0;
      const char* const key = call<const char*>("rocksdb_iter_key", static_cast<const void*>(iterator), &key_length);
      const char* const value = call<const char*>("rocksdb_iter_value", static_cast<const void*>(iterator), &value_length);
      content.emplace_hint(content.end(), std::string(key, key_length), std::string(value, value_length));
      call<void>("rocksdb_iter_next", iterator);
    }
    checked<void>("rocksdb_iter_get_error", nullptr, static_cast<const void*>(iterator));
    return content;
  }

  /// An iterator goes on to show what was there when it was made.
  void hold_iterator() {
    const size_t family = below(names_.size());
    const Content expected = model_[family];
    const Handle options = read_options(nullptr);
    const Handle iterator = call<Handle>("rocksdb_create_iterator_cf", db_, options, families_[family]);
    write();
    if (below(2) == 0) compact(); else flush();
    compare(family, expected, read_all(family, iterator), "by an iterator that was held");
    call<void>("rocksdb_iter_destroy", iterator);
    call<void>("rocksdb_readoptions_destroy", options);
  }

  void compact() {
    const Handle options = call<Handle>("rocksdb_compactoptions_create");
    call<void>("rocksdb_compactoptions_set_bottommost_level_compaction", options, static_cast<unsigned char>(below(2) == 0 ? 2 : 1));
    for (const Handle family : families_) {
      const char* const none = nullptr;
      call<void>("rocksdb_compact_range_cf_opt", db_, family, options, none, size_t{0}, none, size_t{0});
    }
    call<void>("rocksdb_compactoptions_destroy", options);
  }

  void flush() {
    const Handle options = call<Handle>("rocksdb_flushoptions_create");
    for (const Handle family : families_) checked<void>("rocksdb_flush_cf", nullptr, db_, options, family);
    call<void>("rocksdb_flushoptions_destroy", options);
  }

  void begin() {
    if (kind_ == "plain" || transaction_ != nullptr) return;
    const bool pessimistic = kind_ == "pessimistic";
    const bool with_snapshot = below(4) > 0;
    const Handle options = call<Handle>(pessimistic ? "rocksdb_transaction_options_create" : "rocksdb_optimistictransaction_options_create");
    const auto on = static_cast<unsigned char>(with_snapshot);
    call<void>(pessimistic ? "rocksdb_transaction_options_set_set_snapshot" : "rocksdb_optimistictransaction_options_set_set_snapshot", options, on);
    const Handle none = nullptr;
    const Handle handle = call<Handle>(pessimistic ? "rocksdb_transaction_begin" : "rocksdb_optimistictransaction_begin", db_, write_options_, options, none);
    call<void>(pessimistic ? "rocksdb_transaction_options_destroy" : "rocksdb_optimistictransaction_options_destroy", options);
    const void* const snapshot = with_snapshot ? call<const void*>("rocksdb_transaction_get_snapshot", handle) : nullptr;
    transaction_ = std::make_unique<Transaction>(Transaction{handle, snapshot, model_, {}});
    transaction_->writes.resize(names_.size());
  }

  void work_in_transaction() {
    const size_t family = below(names_.size());
    if (transaction_->snapshot != nullptr) check(transaction_->state, transaction_->snapshot, "in a transaction's snapshot");
    const std::string key = pick_key(family, true);
    std::string error;
    const std::string value = pick_value();
    const bool removes = below(3) == 0;
    if (removes) {
      checked<void>("rocksdb_transaction_delete_cf", &error, transaction_->handle, families_[family], key.data(), key.size());
    } else {
      checked<void>("rocksdb_transaction_put_cf", &error, transaction_->handle, families_[family], key.data(), key.size(), value.data(), value.size());
    }
    if (!error.empty()) fail("a transaction can't write key " + hex(key) + ": " + error);
    transaction_->writes[family][key] = {removes, value};
  }

  void end() {
    if (transaction_ == nullptr) return;
    if (transaction_->snapshot != nullptr) {
      check(transaction_->state, transaction_->snapshot, "at a transaction's end");
      call<void>("rocksdb_free", const_cast<void*>(transaction_->snapshot));
    }
    std::string error;
    const bool commits = below(3) > 0;
    checked<void>(commits ? "rocksdb_transaction_commit" : "rocksdb_transaction_rollback", &error, transaction_->handle);
    // An optimistic one needs the memtables of its time.
    const bool try_again = kind_ == "optimistic" && error.find("Result incomplete") == std::string::npos && error.find("try again") != std::string::npos;
    if (!error.empty() && !try_again && error.find("Operation failed. Try again") == std::string::npos) fail("a transaction can't end: " + error);
    if (commits && error.empty()) {
      for (size_t family = 0; family < names_.size(); ++family) {
        for (const auto& [key, write] : transaction_->writes[family]) {
          if (write.first) model_[family].erase(key); else model_[family][key] = write.second;
        }
      }
    }
    call<void>("rocksdb_transaction_destroy", transaction_->handle);
    transaction_.reset();
  }

  void reopen() {
    while (!snapshots_.empty()) release_snapshot();
    end();
    close();
    open();
    check_now("after it was opened again");
  }

  const std::string path_;
  const std::string kind_;
  const std::vector<std::string> reversed_;
  Handle db_ = nullptr;
  Handle write_options_ = nullptr;
  std::vector<std::string> names_;
  std::vector<Handle> families_;
  std::vector<Handle> options_;
  State model_;
  std::vector<Snapshot> snapshots_;
  std::unique_ptr<Transaction> transaction_;
  std::mt19937_64 random_;
};

/// A store whose tables were ingested and that nobody wrote to.
static void make_zero(const char* path, uint64_t seed) {
  std::mt19937_64 random(seed);
  const Handle options = call<Handle>("rocksdb_options_create");
  call<void>("rocksdb_options_set_create_if_missing", options, static_cast<unsigned char>(1));
  const Handle db = checked<Handle>("rocksdb_open", nullptr, options, path);
  const Handle environment = call<Handle>("rocksdb_envoptions_create");
  const Handle writer = call<Handle>("rocksdb_sstfilewriter_create", environment, options);
  const std::string table = std::string(path) + "/loaded";
  checked<void>("rocksdb_sstfilewriter_open", nullptr, writer, table.c_str());
  for (int number = 0; number < 1000; ++number) {
    char key[16];
    const size_t length = static_cast<size_t>(std::snprintf(key, sizeof key, "key:%06d", number));
    const std::string value = std::to_string(random());
    checked<void>("rocksdb_sstfilewriter_put", nullptr, writer, static_cast<const char*>(key), length, value.data(), value.size());
  }
  checked<void>("rocksdb_sstfilewriter_finish", nullptr, writer);
  const Handle how = call<Handle>("rocksdb_ingestexternalfileoptions_create");
  call<void>("rocksdb_ingestexternalfileoptions_set_move_files", how, static_cast<unsigned char>(1));
  const char* const files[] = {table.c_str()};
  checked<void>("rocksdb_ingest_external_file", nullptr, db, static_cast<const char* const*>(files), size_t{1}, static_cast<const void*>(how));
  call<void>("rocksdb_close", db);
}

/// Opens the family `default` with FIFO compaction by age, and waits until it is done.
static void expire(const char* path, const std::string& seconds) {
  const Handle base = call<Handle>("rocksdb_options_create");
  const Handle options = call<Handle>("rocksdb_options_create");
  const std::string text = "compaction_style=kCompactionStyleFIFO;ttl=" + seconds + ";compaction_options_fifo={max_table_files_size=1000000000000;}";
  checked<void>("rocksdb_get_options_from_string", nullptr, base, text.c_str(), options);
  const Handle db = checked<Handle>("rocksdb_open", nullptr, options, path);
  const auto tables = [db] {
    char* const found = call<char*>("rocksdb_property_value", db, "rocksdb.num-files-at-level0");
    const std::string text = found == nullptr ? "" : found;
    call<void>("rocksdb_free", static_cast<void*>(found));
    return text;
  };
  // It works in the background, a table or some at a time.
  std::string before;
  for (int still = 0; still < 10; ++still) {
    usleep(50'000);
    const std::string now = tables();
    if (now != before) still = 0;
    before = now;
  }
  const Handle reading = call<Handle>("rocksdb_readoptions_create");
  const Handle iterator = call<Handle>("rocksdb_create_iterator", db, reading);
  std::map<std::string, int> first;
  for (call<void>("rocksdb_iter_seek_to_first", iterator); call<unsigned char>("rocksdb_iter_valid", iterator) != 0; call<void>("rocksdb_iter_next", iterator)) {
    size_t length = 0;
    const char* const key = call<const char*>("rocksdb_iter_key", iterator, &length);
    ++first[std::string(key, length > 0 ? 1 : 0)];
  }
  for (const auto& [byte, count] : first) std::printf("%s %d\n", byte.c_str(), count);
  call<void>("rocksdb_iter_destroy", iterator);
  call<void>("rocksdb_close", db);
}

/// Opens all families as DBWithTTL, lets go what is too old, and tells what each key is found with: its value, or "refused".
static void with_ttl(const char* path, int seconds) {
  const Handle options = call<Handle>("rocksdb_options_create");
  size_t count = 0;
  char** const names = checked<char**>("rocksdb_list_column_families", nullptr, options, path, &count);
  const std::vector<Handle> all(count, options);
  const std::vector<int> times(count, seconds);
  std::vector<Handle> families(count);
  const Handle db = checked<Handle>("rocksdb_open_column_families_with_ttl", nullptr, static_cast<const void*>(options), path, static_cast<int>(count),
                                    static_cast<const char* const*>(names), static_cast<const void*>(all.data()), families.data(), times.data());
  const Handle reading = call<Handle>("rocksdb_readoptions_create");
  for (size_t family = 0; family < count; ++family) {
    if (seconds > 0) call<void>("rocksdb_compact_range_cf", db, families[family], static_cast<const char*>(nullptr), size_t{0}, static_cast<const char*>(nullptr), size_t{0});
    const Handle iterator = call<Handle>("rocksdb_create_iterator_cf", db, reading, families[family]);
    for (call<void>("rocksdb_iter_seek_to_first", iterator); call<unsigned char>("rocksdb_iter_valid", iterator) != 0; call<void>("rocksdb_iter_next", iterator)) {
      size_t length = 0, value_length = 0;
      const char* const at = call<const char*>("rocksdb_iter_key", iterator, &length);
      const std::string key(at, length);
      std::string error;
      char* const value = checked<char*>("rocksdb_get_cf", &error, db, reading, families[family], key.data(), key.size(), &value_length);
      std::printf("%s %s %s\n", names[family], hex(key).c_str(), value == nullptr ? "refused" : hex(std::string(value, value_length)).c_str());
      if (value != nullptr) call<void>("rocksdb_free", static_cast<void*>(value));
    }
    call<void>("rocksdb_iter_destroy", iterator);
    call<void>("rocksdb_column_family_handle_destroy", families[family]);
  }
  call<void>("rocksdb_close", db);
}

/// Opens a store as a service does that trusts its OPTIONS; versions before 7 lack the function.
static void open_by_options(const char* path) {
  const Handle environment = call<Handle>("rocksdb_create_default_env");
  const Handle cache = call<Handle>("rocksdb_cache_create_lru", size_t{1} << 20);
  Handle options = nullptr;
  Handle* family_options = nullptr;
  char** names = nullptr;
  size_t count = 0;
  checked<void>("rocksdb_load_latest_options", nullptr, path, environment, false, cache, &options, &count, &names, &family_options);
  std::vector<Handle> handles(count);
  const Handle db = checked<Handle>("rocksdb_open_column_families", nullptr, static_cast<const void*>(options), path, static_cast<int>(count),
                                    static_cast<const char* const*>(names), static_cast<const void*>(family_options), handles.data());
  for (size_t family = 0; family < count; ++family) {
    std::printf("%s\n", names[family]);
    call<void>("rocksdb_column_family_handle_destroy", handles[family]);
  }
  call<void>("rocksdb_close", db);
}

static void list(const Store& store) {
  for (size_t family = 0; family < store.names().size(); ++family) {
    uint64_t hash = 1469598103934665603U;
    const auto add = [&hash](const std::string& bytes) {
      for (const unsigned char byte : bytes + std::to_string(bytes.size())) hash = (hash ^ byte) * 1099511628211U;
    };
    for (const auto& [key, value] : store.model()[family]) {
      add(key);
      add(value);
    }
    std::printf("%s %zu %016llx\n", store.names()[family].c_str(), store.model()[family].size(), static_cast<unsigned long long>(hash));
  }
}

int main(int count, char** given) {
  const std::vector<std::string> args(given, given + count);
  if (count < 4) fail("usage: work LIBRARY list|work|zero|expire|ttl|options STORE …");
  library = dlopen(given[1], RTLD_NOW);
  if (library == nullptr) fail(std::string("the library can't be loaded: ") + dlerror());
  if (args[2] == "zero") {
    make_zero(given[3], std::stoull(args.at(4)));
  } else if (args[2] == "expire" && count >= 5) {
    expire(given[3], args[4]);
  } else if (args[2] == "ttl" && count >= 5) {
    with_ttl(given[3], std::stoi(args[4]));
  } else if (args[2] == "options") {
    open_by_options(given[3]);
  } else if (args[2] == "list") {
    list(Store(given[3], "plain", {args.begin() + 4, args.end()}));
  } else if (args[2] == "work" && count >= 7) {
    Store(given[3], args[4], {args.begin() + 7, args.end()}).work(std::stoull(args[5]), std::stol(args[6]));
  } else {
    fail("there is no such work: " + args[2]);
  }
  return 0;
}
