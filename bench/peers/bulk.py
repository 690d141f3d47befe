"""Loads a file of JSON lines with the Python helpers, as in their documentation:
https://elasticsearch-py.readthedocs.io/en/stable/helpers.html"""

import json
import os
import sys

from elasticsearch import Elasticsearch
from elasticsearch.helpers import parallel_bulk, streaming_bulk

index = os.environ["BENCH_INDEX"]
with_id = os.environ.get("BENCH_ID") == "1"


def actions():
    with open(os.environ["BENCH_FILE"], encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            action = {"_index": index, "_source": event}
            if with_id:
                action["_id"] = f"{event['auditID']}-{event['stage']}"
            yield action


client = Elasticsearch(
    os.environ["BENCH_URL"],
    basic_auth=(os.environ["BENCH_USERNAME"], os.environ["BENCH_PASSWORD"]),
)
helper = {"streaming": streaming_bulk, "parallel": parallel_bulk}[sys.argv[1]]
for ok, result in helper(client, actions()):
    if not ok:
        print(result)
