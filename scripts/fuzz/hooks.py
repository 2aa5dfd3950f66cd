"""What schemathesis is told of this engine: how a body is written as NDJSON, and how many of the cases of its coverage phase are sent."""

import atexit
import json
import os
import re
from collections import Counter

import schemathesis
from schemathesis.core.parameters import ParameterLocation


@schemathesis.serializer("application/x-ndjson")
def ndjson(_context, value):
    """A list as one value on each line, any other value as one line."""
    if isinstance(value, bytes):
        return value
    lines = value if isinstance(value, list) else [value]
    return "".join(json.dumps(line, default=str) + "\n" for line in lines).encode("utf-8", "surrogatepass")


# The coverage phase walks the schema, and a touchpoint is one of 70 types, alone or in a list: most of its cases are the same fault at
# the same field of a body, once for each type. So many of each kind of case at a place of a body are sent, and then every so many-th, for
# the types. In the deterministic mode the cases come in the same order: the same are sent in each run. FUZZ_COVERAGE=whole sends all.
FIRST_AT_A_PLACE = 4
THEN_EVERY = 60
WHOLE = os.environ.get("FUZZ_COVERAGE") == "whole"

_generated = Counter()
_counts = {}


@schemathesis.hook
def filter_case(_context, case):
    """Whether a case is sent: all but bodies of the coverage phase that repeat others."""
    phase = case.meta.phase.data
    scenario = getattr(phase, "scenario", None)
    if scenario is None:
        return True
    # A branch of a union, and the list around it, are the same place.
    place = re.sub(r"/\d+(/items)?", "", phase.location or "")
    key = (case.operation.label, scenario, phase.parameter_location, phase.parameter, place)
    _generated[key] += 1
    repetition = _generated[key] - FIRST_AT_A_PLACE
    is_body = phase.parameter_location == ParameterLocation.BODY
    is_sent = WHOLE or not is_body or repetition <= 0 or repetition % THEN_EVERY == 0
    kind = _counts.setdefault(str(scenario), {"generated": 0, "sent": 0, "operations": set(), "reached": set()})
    kind["generated"] += 1
    kind["operations"].add(case.operation.label)
    if is_sent:
        kind["sent"] += 1
        kind["reached"].add(case.operation.label)
    return is_sent


def write_counts():
    """Writes how many cases of each kind were generated and sent, and for how many operations, to the file that FUZZ_COUNTS names."""
    file = os.environ.get("FUZZ_COUNTS")
    if file is None:
        return
    with open(file, "w", encoding="utf-8") as out:
        json.dump(
            {
                name: {
                    "generated": kind["generated"],
                    "sent": kind["sent"],
                    "operations": len(kind["operations"]),
                    "reached": len(kind["reached"]),
                }
                for name, kind in sorted(_counts.items())
            },
            out,
        )


atexit.register(write_counts)
