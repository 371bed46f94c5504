"""Common-query lists: every form that is promised, and each kind of nonsense with its sentence."""

import json
from pathlib import Path

import pytest

from redis_dr.tasks.cache.query_lists import read_list, read_lists
from redis_dr.tasks.model.cache.queries import cache_key
from redis_dr.tasks.model.errors import UsageError

FORMS = {
    "texts.json": json.dumps(["one", "two"]),
    "objects.json": json.dumps([{"text": "one"}, {"query": "two"}]),
    "golden.json": json.dumps(
        {"meta": {"total": 2}, "queries": [{"id": "q1", "text": "one"}, "two"]}
    ),
    "texts.yaml": "- one\n- two\n",
    "objects.yml": "queries:\n  - text: one\n  - query: two\n",
    "lines.txt": "# remark\none\n\n  two  \n",
    "marked.txt": "\ufeffone\r\ntwo\r\n",
}


@pytest.mark.parametrize("name", FORMS)
def test_every_promised_form_is_read(tmp_path, name):
    """JSON, YAML and text lists with the same queries give the same queries."""
    path = tmp_path / name
    path.write_text(FORMS[name], encoding="utf-8")

    assert [query.text for query in read_list(path)] == ["one", "two"]


def test_weights_are_read_under_each_of_their_names(tmp_path):
    """weight, count and frequency mean the same; without one it is 1."""
    path = tmp_path / "weights.json"
    items = [
        {"text": "a", "weight": 2},
        {"text": "b", "count": 3},
        {"text": "c", "frequency": 0.5},
        "d",
    ]
    path.write_text(json.dumps(items))

    assert [query.weight for query in read_list(path)] == [2, 3, 0.5, 1]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("list.json", "[1, 2", "not JSON"),
        ("list.json", '{"other": []}', "no list of queries"),
        ("list.json", '["good", {"id": 3}]', "item 2"),
        ("list.json", '["  "]', "item 1"),
        ("list.json", '[{"text": "x", "weight": -1}]', "item 1"),
        ("list.json", '[{"text": "x", "weight": NaN}]', "item 1"),
        ("list.json", "[" * 100_000, "not JSON"),
        ("list.yaml", "a: [", "not YAML"),
        ("list.csv", "a,b", "no list of queries"),
    ],
)
def test_nonsense_is_refused_by_file_and_item(tmp_path, name, text, said):
    """The error names the file and what is wrong in it."""
    path = tmp_path / name
    path.write_text(text)

    with pytest.raises(UsageError, match=said) as caught:
        read_lists([str(path)])

    assert str(path) in caught.value.problem


def test_a_missing_list_is_told(tmp_path):
    """A list that is not there is an error of the configuration."""
    with pytest.raises(UsageError, match="cannot be read"):
        read_list(Path(tmp_path / "absent.txt"))


def test_a_binary_list_is_told(tmp_path):
    """A list that is not UTF-8 is an error, not a crash."""
    path = tmp_path / "list.txt"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(UsageError, match="not UTF-8"):
        read_list(path)


def test_cache_keys_follow_the_template():
    """Hashes are those of the query's UTF-8 text, cut when asked."""
    assert cache_key("query:cache:{md5}", "abc") == b"query:cache:900150983cd24fb0d6963f7d28e17f72"
    assert cache_key("q:{sha256:8}", "abc") == b"q:ba7816bf"
    assert cache_key("q:{sha1:4}:{text}", "ä") == "q:961f:ä".encode()
