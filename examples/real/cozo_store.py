"""A store of CozoDB on its RocksDB engine: relations, a vector index and a full-text index.

    python cozo_store.py make STORE
    python cozo_store.py ask STORE < cozo-queries.txt    answers, a line of JSON each
    python cozo_store.py serve STORE                     writes and removes until its standard input ends
"""
import json
import random
import select
import sys

from pycozo.client import Client


def make(database):
    rng = random.Random(3)
    words = ["red", "fox", "lazy", "dog", "blue", "café", "naïve"]
    people = [[number, f"name {number}", rng.randrange(90)] for number in range(600)]
    pairs = [[rng.randrange(600), rng.randrange(600)] for _ in range(2000)]
    texts = [[number, " ".join(rng.choices(words, k=6)), [rng.random() for _ in range(8)]] for number in range(150)]
    database.run(":create person {id: Int => name: String, age: Int}")
    database.run("?[id, name, age] <- $rows :put person {id => name, age}", {"rows": people})
    database.run(":create knows {from: Int, to: Int}")
    database.run("?[from, to] <- $rows :put knows {from, to}", {"rows": pairs})
    database.run("?[id] <- $rows :rm person {id}", {"rows": [[number] for number in range(0, 600, 7)]})
    database.run(":create text {id: Int => words: String, at: <F32; 8>}")
    database.run("?[id, words, at] <- $rows :put text {id => words, at}", {"rows": texts})
    database.run("::hnsw create text:near {dim: 8, m: 12, dtype: F32, fields: [at], distance: L2, ef_construction: 30}")
    database.run("::fts create text:find {extractor: words, tokenizer: Simple, filters: [Lowercase]}")


def ask(database):
    for query in sys.stdin:
        try:
            answer = database.run(query)
            print(json.dumps([answer["headers"], answer["rows"]], ensure_ascii=False, sort_keys=True))
        except Exception as error:
            print(json.dumps({"error": str(error)}))


def serve(database):
    """A program that goes on writing: its store is moved while it runs."""
    print("open", flush=True)
    number = 0
    while not select.select([sys.stdin], [], [], 0.01)[0]:
        number += 1
        rows = [[10_000 + number % 300, f"served {number}", number % 90]]
        database.run("?[id, name, age] <- $rows :put person {id => name, age}", {"rows": rows})
        if number % 3 == 0:
            database.run("?[id] <- $rows :rm person {id}", {"rows": [[10_000 + (number * 7) % 300]]})


client = Client("rocksdb", sys.argv[2], dataframe=False)
{"make": make, "ask": ask, "serve": serve}[sys.argv[1]](client)
client.close()
