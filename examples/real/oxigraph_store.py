"""A store of Oxigraph: quads in several graphs, and texts, numbers and dates of all kinds.

    python oxigraph_store.py make STORE
    python oxigraph_store.py ask STORE     answers to SPARQL queries, a line each
"""
import random
import sys

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store

BASE = "http://example.com/"
XSD = "http://www.w3.org/2001/XMLSchema#"

QUERIES = [
    "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }",
    "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g",
    "SELECT ?s ?p ?o WHERE { ?s ?p ?o FILTER(!isBlank(?s) && !isBlank(?o)) } ORDER BY ?s ?p ?o",
    "SELECT ?a ?c WHERE { ?a <http://example.com/p1> ?b . ?b <http://example.com/p2> ?c } ORDER BY ?a ?c LIMIT 200",
    "SELECT (SUM(?o) AS ?n) WHERE { ?s ?p ?o FILTER(isNumeric(?o)) }",
    "ASK { GRAPH <http://example.com/g1> { ?s ?p \"naïve\"@fr } }",
]


def make(store):
    rng = random.Random(4)
    graphs = [DefaultGraph(), NamedNode(BASE + "g1"), NamedNode(BASE + "g2")]
    nodes = [NamedNode(BASE + f"n{number}") for number in range(200)]
    blanks = [BlankNode(f"b{number}") for number in range(20)]

    def value():
        kind = rng.randrange(6)
        if kind == 0:
            return Literal(rng.choice(["naïve", "café", "x" * 5000, ""]), language=rng.choice(["fr", "en-GB"]))
        if kind == 1:
            return Literal(str(rng.randrange(10**6)), datatype=NamedNode(XSD + "integer"))
        if kind == 2:
            return Literal(f"20{rng.randrange(10, 30)}-01-02", datatype=NamedNode(XSD + "date"))
        return rng.choice(nodes + blanks)

    quads = [Quad(rng.choice(nodes + blanks), NamedNode(BASE + f"p{rng.randrange(5)}"), value(), rng.choice(graphs)) for _ in range(4000)]
    store.extend(quads[:3000])
    store.flush()
    for quad in quads[:3000:9]:
        store.remove(quad)
    store.extend(quads[3000:])


def ask(store):
    for query in QUERIES:
        answer = store.query(query)
        if isinstance(answer, bool) or not hasattr(answer, "__iter__"):
            print(bool(answer))
            continue
        for row in answer:
            print(" ".join(str(term) for term in row))


(make if sys.argv[1] == "make" else ask)(Store(sys.argv[2]))
