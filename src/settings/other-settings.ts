/** Settings that a storage.toml may have and an import has no use for: RocksDB's, and those of a service or of older sleds. */

/** Names as users and RocksDB's own options have them. */
const ROCKSDB_NAMES: ReadonlySet<string> = new Set(
  (
    "allow_concurrent_memtable_write advise_random_on_open arena_block_size avoid_flush_during_shutdown " +
    "block_cache block_cache_size block_restart_interval block_size bottommost_compression bytes_per_sync cache_index_and_filter_blocks " +
    "cache_numshardbits cf_options column_families column_family comparator compaction_filter compaction_options compaction_pri " +
    "compaction_readahead_size compaction_style compaction_trigger compression_opts compression_options compression_per_level compression_type " +
    "create_if_missing create_missing_column_families data_block_index_type db_log_dir db_paths db_write_buffer_size delayed_write_rate " +
    "delete_obsolete_files_period_micros direct_io disable_auto_compactions disable_wal dynamic_level_bytes enable_blob_files " +
    "enable_pipelined_write enable_statistics error_if_exists filter_policy format_version hard_pending_compaction_bytes_limit " +
    "increase_parallelism index_type info_log_level inplace_update_support is_fd_close_on_exec keep_log_file_num log_file_time_to_roll " +
    "log_level manual_wal_flush merge_operator min_blob_size max_successive_merges num_levels optimize_filters_for_hits " +
    "optimize_filters_for_memory paranoid_checks parallelism periodic_compaction_seconds pin_l0_filter_and_index_blocks_in_cache " +
    "prefix_extractor prefix_length rate_limiter rate_limit recycle_log_file_num report_bg_io_stats row_cache skip_stats_update_on_db_open " +
    "soft_pending_compaction_bytes_limit statistics stats_dump_period_sec stats_persist_period_sec strict_bytes_per_sync sync_writes " +
    "table_cache_numshardbits table_factory ttl unordered_write wal wal_compression whole_key_filtering writable_file_max_buffer_size " +
    "write_buffer_manager write_buffer_number write_buffer_size use_adaptive_mutex"
  ).split(" "),
);

const ROCKSDB_FORMS = [
  /^rocks_?db/,
  /^(allow_mmap|bloom|blob|level0|max_background|max_bytes|max_compaction|max_log|max_manifest|max_open|max_sub|max_total_wal|max_write_buffer)(_|$)/,
  /^(memtable|min_write_buffer|optimize_for|optimize_level|optimize_universal|target_file_size|universal_compaction|level_compaction)(_|$)/,
  /^(use_(bloom|direct|fsync)|wal_(dir|bytes|recovery|size|ttl))(_|$)/,
];

/** Whether a setting is one of RocksDB's, and none of sled's. */
export function isRocksdbSetting(name: string): boolean {
  const plain = name.toLowerCase().replaceAll("-", "_");
  return ROCKSDB_NAMES.has(plain) || ROCKSDB_FORMS.some((form) => form.test(plain));
}

/** Sled's settings that change nothing of a store, and why they are left alone. */
export const WITHOUT_EFFECT: ReadonlyMap<string, string> = new Map([
  ["create_new", "is for the service that opens the store"],
  ["print_profile_on_drop", "is for the service that opens the store"],
  ["idgen_persist_interval", "is for the service that opens the store"],
  ["mode", "is never read by sled 0.34"],
  ["snapshot_after_ops", "does nothing since sled 0.31"],
  ["snapshot_path", "does nothing since sled 0.31"],
  ["segment_cleanup_threshold", "does nothing since sled 0.31"],
  ["segment_cleanup_skew", "does nothing since sled 0.31"],
]);
