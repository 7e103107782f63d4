"""POST /$batch: up to twenty requests in one. https://learn.microsoft.com/graph/json-batching"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from tests.servers.entra.faults import bad_query
from tests.servers.entra.wire import Request, Response

MOST_REQUESTS = 20
Answer = Callable[[Request], Response]


def answer_batch(request: Request, answer: Answer) -> dict[str, Any]:
    """The responses, in an order of our own: a client must go by their ids."""
    items = _items(request)
    done: dict[str, dict[str, Any]] = {}
    for item in items:
        failed = [one for one in item.get("dependsOn", ()) if done.get(one, {"status": 424})["status"] >= 400]
        done[item["id"]] = _failed_dependency(item["id"]) if failed else _one(request, item, answer)
    return {"responses": list(reversed(done.values()))}


def _items(request: Request) -> list[dict[str, Any]]:
    try:
        body = orjson.loads(request.body)
        items: list[dict[str, Any]] = body["requests"]
        ids = [item["id"] for item in items]
        wrong = [item for item in items if not isinstance(item["url"], str) or not item["method"]]
    except (orjson.JSONDecodeError, KeyError, TypeError) as exc:
        raise bad_query("Invalid batch payload format.") from exc
    if not items or wrong or not all(isinstance(one, str) for one in ids):
        raise bad_query("Invalid batch payload format.")
    if len(items) > MOST_REQUESTS:
        raise bad_query(f"Number of batch request steps exceeds the maximum value of {MOST_REQUESTS}.")
    if len({one.lower() for one in ids}) < len(ids):
        raise bad_query("Batch request id values must be unique.")
    return items


def _one(outer: Request, item: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    """Relative to the version. Headers are those of the item; only who asks comes from outside."""
    headers = {"authorization": outer.headers.get("authorization", ""), **(item.get("headers") or {})}
    if client_id := outer.headers.get("client-request-id"):
        headers.setdefault("client-request-id", client_id)
    body = orjson.dumps(item["body"]) if item.get("body") is not None else b""
    target = "/v1.0/" + item["url"].removeprefix("/")
    request = Request.of(item["method"].upper(), target, headers, body)
    if request.path.startswith("/v1.0/$batch"):
        raise bad_query("Batch requests cannot be nested.")
    response = answer(request)
    shown = {name: value for name, value in response.headers.items() if name not in ("request-id",)}
    return {
        "id": item["id"],
        "status": response.status,
        "headers": shown,
        "body": orjson.loads(response.body),
    }


def _failed_dependency(item_id: str) -> dict[str, Any]:
    error = {"code": "FailedDependency", "message": "A request this one depends on has failed."}
    headers = {"Content-Type": "application/json"}
    return {"id": item_id, "status": 424, "headers": headers, "body": {"error": error}}
