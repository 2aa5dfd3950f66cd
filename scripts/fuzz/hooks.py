"""How schemathesis writes a body as NDJSON, and which position of the log it names."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context, value):
    """A list as one value on each line, any other value as one line."""
    if isinstance(value, bytes):
        return value
    lines = value if isinstance(value, list) else [value]
    return "".join(json.dumps(line, default=str) + "\n" for line in lines).encode("utf-8", "surrogatepass")


@schemathesis.hook
def map_query(_context, query):
    """A valid position that the log has not reached is waited for, ten seconds each time: the fuzz names one that it has. Others stay as they are."""
    position = (query or {}).get("after-position")
    if str(position).isdigit():
        query["after-position"] = 0
    return query
