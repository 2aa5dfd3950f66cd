"""Sends calls with Segment's library for Python: send_calls.py URL WRITE_KEY COUNT."""

import sys

import segment.analytics as analytics

url, write_key, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
analytics.write_key = write_key
analytics.host = url
analytics.gzip = True
analytics.timeout = 2
analytics.max_queue_size = count + 1
analytics.on_error = lambda error, items: print("python", error, file=sys.stderr)

for n in range(count):
    properties = {"revenue": 1} if n % 100 == 99 else {"order_id": f"o-{n}", "revenue": 12.5, "currency": "EUR"}
    analytics.track(f"u{n % 97}", "Order Completed", properties, message_id=f"python-{n}")
analytics.shutdown()
