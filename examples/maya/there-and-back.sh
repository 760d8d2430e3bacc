#!/bin/sh
# Moves the example's graph from RocksDB to sled and back, in a directory that does not exist yet, and compares what the service reads.
#
#   there-and-back.sh DIRECTORY
#
# `kgdump` and `maya-example` must be in the PATH. Any difference ends it with an exit code other than 0.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
directory=${1:?name a directory that does not exist yet}
mkdir "$directory"
cd "$directory"
store=$PWD/knowledge_graph
sed "s|^path = .*|path = \"$store\"|" "$here/storage.toml" > storage.toml

# The old version of the service.
maya-example write --engine rocksdb --path "$store"
maya-example read --engine rocksdb --path "$store" > before.txt

# The service is stopped, and its store is migrated.
kgdump migrate --config storage.toml --check-graph
kgdump verify "$PWD"/knowledge_graph.rocksdb-backup-* --against "$store" --graph

# The new version reads the same graph, and goes on with it.
maya-example read --engine sled --path "$store" --compression > after.txt
cmp before.txt after.txt
maya-example change --engine sled --path "$store" --compression
maya-example read --engine sled --path "$store" --compression > changed.txt

# Back to the old version, with what is new.
kgdump rollback --config storage.toml --carry-back
maya-example read --engine rocksdb --path "$store" > back.txt
cmp changed.txt back.txt
kgdump verify "$store" --graph
