"""A store of GlueSQL, which keeps its tables in sled.

    python gluesql_store.py make STORE
    python gluesql_store.py ask STORE [more]    answers, a line of JSON each; with "more" after it has written some rows
"""
import json
import random
import sys

from gluesql import Glue, SledStorage


def make(glue):
    rng = random.Random(5)
    glue.query("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT, age INTEGER NULL)")
    glue.query("CREATE TABLE note (text TEXT, weight FLOAT)")
    glue.query("CREATE INDEX by_age ON person (age)")
    for start in range(0, 300, 50):
        rows = ", ".join(f"({number}, 'name {number}', {rng.choice(['NULL', rng.randrange(90)])})" for number in range(start, start + 50))
        glue.query(f"INSERT INTO person VALUES {rows}")
        glue.query(f"INSERT INTO note VALUES ('café {start}', {rng.random()})")
    glue.query("DELETE FROM person WHERE id % 7 = 0")
    glue.query("UPDATE person SET age = 33 WHERE id % 11 = 0")


def ask(glue):
    for query in ["SELECT * FROM person", "SELECT COUNT(*), SUM(age) FROM person", "SELECT id FROM person WHERE age = 33", "SELECT text, weight FROM note"]:
        print(json.dumps(glue.query(query), ensure_ascii=False, sort_keys=True, default=str))


database = Glue(SledStorage(sys.argv[2]))
if sys.argv[1] == "make":
    make(database)
else:
    if "more" in sys.argv[3:]:
        database.query("INSERT INTO note VALUES ('written after the move', 1.5)")
        database.query("INSERT INTO note VALUES ('and one more', 2.5)")
    ask(database)
