"""Leads Schemathesis past the doors: real ids in place of made-up ones, a fresh idempotency key, no long waits.

Only values that look right are replaced, so that what was meant to be wrong stays wrong.
"""

import itertools
import json
import os
import re

import schemathesis

# {"workspaces": [id...], "workflows": [{"workflow_id", "slot_id"}...], "requests": [id...], "connections": [id...], "domains": [id...], "apps": [slug...], ...}
KNOWN = {kind: itertools.cycle(values) for kind, values in json.loads(os.environ["LATCHKEY_API_KNOWN"]).items()}
NUMBERS = itertools.count()
ID = re.compile(r"[a-z]{3}_[0-9a-z]{26}")
KEY = re.compile(r"[ -~]{1,255}")
WAIT = re.compile(r"[1-9]|[1-5][0-9]|60")
# The rules that a description in JSON Schema does not hold: valid data may be refused for these.
BEYOND_SCHEMA = re.compile(os.environ["LATCHKEY_API_BEYOND_SCHEMA"])


@schemathesis.hook
def before_call(context, case, kwargs):
    key = (case.headers or {}).get("idempotency-key")
    if isinstance(key, str) and KEY.fullmatch(key):
        case.headers["idempotency-key"] = f"{next(NUMBERS)}-{key.strip()[:40]}"
    if looks_like_id((case.path_parameters or {}).get("id")):
        case.path_parameters["id"] = known(case.path.split("/")[1])
    if WAIT.fullmatch(str((case.query or {}).get("wait"))):
        case.query["wait"] = 1
    if isinstance(case.body, dict):
        case.body = with_usual_values(case.body)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    problem = response.json()
    # Which packages make a good theme is the gate's to say, and its report says why.
    if problem["code"] == "theme_refused":
        return False
    call = f"{case.method} {case.path}"
    details = [f"{call} {error.get('pointer') or error.get('parameter')} {error['detail']}" for error in problem.get("errors", [])]
    return not details or not all(BEYOND_SCHEMA.fullmatch(detail) for detail in details)


def looks_like_id(value):
    return isinstance(value, str) and ID.fullmatch(value)


def known(kind):
    value = next(KNOWN[kind])
    return value["workflow_id"] if isinstance(value, dict) else value


def with_usual_values(value):
    if isinstance(value, list):
        return [with_usual_values(part) for part in value]
    # JSON Schema takes 230.0 for an integer; programs write 230.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, dict):
        return value
    value = {name: with_usual_values(part) for name, part in value.items()}
    if looks_like_id(value.get("workspace_id")):
        value["workspace_id"] = known("workspaces")
    if looks_like_id(value.get("workflow_id")) and looks_like_id(value.get("slot_id")):
        value |= next(KNOWN["workflows"])
    return value
