/**
 * The options that RocksDB writes into OPTIONS files, by what their values are: all names of the versions 6.29 to 11.8, among them some
 * that came and went. A test compares the lists with what RocksDB's own libraries write.
 */

/** Where an option stands: of the database, of a family, of a family's block-based tables. */
export type Scope = "database" | "family" | "table";

/** What a value looks like. */
export type Kind = "boolean" | "hours" | "int" | "uint64" | "int64" | "float" | "name" | "object" | "numbers" | "names" | "fields" | "nested";

const of = (kind: Kind, names: string): [string, Kind][] => names.trim().split(/\s+/).map((name) => [name, kind]);

const DATABASE = new Map<string, Kind>([
  ...of("boolean", `advise_random_on_open allow_2pc allow_concurrent_memtable_write allow_data_in_errors allow_fallocate allow_ingest_behind
    allow_mmap_reads allow_mmap_writes async_wal_precreate atomic_flush avoid_flush_during_recovery avoid_flush_during_shutdown avoid_unnecessary_blocking_io
    background_close_inactive_wals best_efforts_recovery compaction_verify_record_count create_if_missing create_missing_column_families
    dump_malloc_stats enable_pipelined_write enable_thread_tracking enable_write_thread_adaptive_yield enforce_single_del_contracts
    enforce_write_buffer_manager_during_recovery experimental_allow_mempurge fast_sst_open open_files_async optimize_manifest_for_recovery
    reuse_manifest_on_open use_direct_io_for_compaction_reads verify_manifest_content_on_close
    error_if_exists fail_if_options_file_error flush_verify_memtable_count is_fd_close_on_exec manual_wal_flush
    new_table_reader_for_compaction_inputs paranoid_checks persist_stats_to_disk prefix_seek_opt_in_only preserve_deletes
    skip_checking_sst_file_sizes_on_db_open skip_stats_update_on_db_open strict_bytes_per_sync track_and_verify_wals
    track_and_verify_wals_in_manifest two_write_queues unordered_write use_adaptive_mutex use_direct_io_for_flush_and_compaction
    use_direct_reads use_fsync verify_sst_unique_id_in_manifest write_dbid_to_manifest write_identity_file`),
  ...of("int", `base_background_compactions follower_catchup_retry_count max_background_compactions max_background_flushes max_background_jobs
    max_bgerror_resume_count max_file_opening_threads max_open_files read_io_executor_threads table_cache_numshardbits`),
  ...of("uint64", `WAL_size_limit_MB WAL_ttl_seconds bgerror_resume_retry_interval bytes_per_sync compaction_readahead_size
    db_write_buffer_size delayed_write_rate delete_obsolete_files_period_micros follower_catchup_retry_wait_ms
    follower_refresh_catchup_period_ms keep_log_file_num log_file_time_to_roll log_readahead_size manifest_preallocation_size
    max_compaction_trigger_wakeup_seconds
    max_log_file_size max_manifest_file_size max_manifest_space_amp_pct max_subcompactions max_total_wal_size
    max_write_batch_group_size_bytes random_access_max_buffer_size recycle_log_file_num stats_dump_period_sec stats_history_buffer_size
    stats_persist_period_sec wal_bytes_per_sync writable_file_max_buffer_size write_thread_max_yield_usec write_thread_slow_yield_usec`),
  ...of("float", "experimental_mempurge_threshold"),
  ...of("name", `access_hint_on_compaction_start db_host_id info_log_level lowest_used_cache_tier metadata_write_temperature wal_compression
    wal_recovery_mode wal_write_temperature`),
  ...of("hours", "daily_offpeak_time_utc"),
  ...of("object", "file_checksum_gen_factory rate_limiter wal_filter"),
]);

const FAMILY = new Map<string, Kind>([
  ...of("boolean", `cf_allow_ingest_behind check_flush_compaction_key_order disable_auto_compactions disallow_memtable_writes
    enable_blob_direct_write enable_blob_files enable_blob_garbage_collection force_consistency_checks ignore_max_compaction_bytes_for_input inplace_update_support
    level_compaction_dynamic_file_size level_compaction_dynamic_level_bytes memtable_batch_lookup_optimization
    memtable_veirfy_per_key_checksum_on_seek memtable_verify_per_key_checksum_on_seek
    memtable_whole_key_filtering optimize_filters_for_hits paranoid_file_checks paranoid_memory_checks persist_user_defined_timestamps
    report_bg_io_stats strict_max_successive_merges target_file_size_is_upper_bound`),
  ...of("int", `blob_file_starting_level level0_file_num_compaction_trigger level0_slowdown_writes_trigger level0_stop_writes_trigger
    max_write_buffer_number max_write_buffer_number_to_maintain min_write_buffer_number_to_merge num_levels target_file_size_multiplier`),
  ...of("uint64", `arena_block_size blob_compaction_readahead_size blob_direct_write_partitions blob_file_size block_protection_bytes_per_key bloom_locality
    bottommost_file_compaction_delay hard_pending_compaction_bytes_limit inplace_update_num_locks max_bytes_for_level_base
    max_compaction_bytes max_sequential_skip_in_iterations max_successive_merges memtable_avg_op_scan_flush_trigger
    memtable_huge_page_size memtable_max_range_deletions memtable_op_scan_flush_trigger memtable_protection_bytes_per_key min_blob_size min_tombstones_for_range_conversion
    periodic_compaction_seconds preclude_last_level_data_seconds preserve_internal_time_seconds sample_for_compression
    soft_pending_compaction_bytes_limit target_file_size_base ttl uncache_aggressiveness verify_output_flags write_buffer_size`),
  ...of("int64", "max_write_buffer_size_to_maintain"),
  ...of("float", `blob_garbage_collection_age_cutoff blob_garbage_collection_force_threshold experimental_mempurge_threshold
    max_bytes_for_level_multiplier memtable_prefix_bloom_size_ratio read_triggered_compaction_threshold`),
  ...of("name", `blob_compression_type bottommost_compression bottommost_temperature compaction_pri compaction_style compression default_temperature
    default_write_temperature last_level_temperature prepopulate_blob_cache`),
  ...of("names", "compression_per_level"),
  ...of("numbers", "max_bytes_for_level_multiplier_additional"),
  ...of("fields", "blob_compression_opts bottommost_compression_opts compaction_options_universal compression_opts"),
  ...of("nested", "compaction_options_fifo table_properties_collectors"),
  ...of("object", `comparator compaction_filter compaction_filter_factory compression_manager memtable_factory
    memtable_insert_with_hint_prefix_extractor merge_operator prefix_extractor sst_partitioner_factory table_factory`),
]);

const TABLE = new Map<string, Kind>([
  ...of("boolean", `block_align cache_index_and_filter_blocks cache_index_and_filter_blocks_with_high_priority decouple_partitioned_filters
    detect_filter_construct_corruption enable_index_compression fail_if_no_udi_on_open hash_index_allow_collision no_block_cache
    optimize_filters_for_memory partition_filters pin_l0_filter_and_index_blocks_in_cache pin_top_level_index_and_filter
    reserve_table_builder_memory reserve_table_reader_memory separate_key_value_in_data_block use_delta_encoding use_udi_as_primary_index
    verify_compression whole_key_filtering`),
  ...of("int", "block_restart_interval block_size_deviation index_block_restart_interval"),
  ...of("uint64", `block_size format_version initial_auto_readahead_size max_auto_readahead_size metadata_block_size
    num_file_reads_for_auto_readahead read_amp_bytes_per_bit super_block_alignment_size super_block_alignment_space_overhead_ratio`),
  ...of("float", "data_block_hash_table_util_ratio uniform_cv_threshold"),
  ...of("name", "checksum data_block_index_type index_block_search_type index_shortening index_type prepopulate_block_cache"),
  ...of("object", "filter_policy flush_block_policy_factory user_defined_index_factory"),
  ...of("fields", "metadata_cache_options"),
]);

/** Every option that is known, by where it stands. */
export const OPTION_KINDS: Readonly<Record<Scope, ReadonlyMap<string, Kind>>> = { database: DATABASE, family: FAMILY, table: TABLE };
