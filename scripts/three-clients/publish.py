"""Publishes the touchpoints of a file, one JSON document a line, in binary mode: what `npm run three-clients` has Python do."""

import json
import sys
import time
from confluent_kafka import Producer

brokers, topic, path, pace_ms = sys.argv[1:5]
producer = Producer({"bootstrap.servers": brokers, "enable.idempotence": True, "linger.ms": 20})
failed = []


def settled(error, _message):
    if error is not None:
        failed.append(str(error))


with open(path, encoding="utf-8") as lines:
    for count, line in enumerate(lines, 1):
        event = json.loads(line)
        headers = {"content-type": "application/json"}
        headers.update({"ce_" + name: value for name, value in event.items() if name != "data"})
        while True:
            try:
                producer.produce(topic, key=event["subject"], value=json.dumps(event["data"]), headers=headers, on_delivery=settled)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
        if count % 1000 == 0 and pace_ms != "0":
            producer.flush(0)
            time.sleep(int(pace_ms) / 1000)
producer.flush()
if failed:
    raise SystemExit(f"{len(failed)} were not taken: {failed[0]}")
