"""What Graph says when it refuses. https://learn.microsoft.com/graph/errors"""

from __future__ import annotations

from collections.abc import Mapping


class GraphError(Exception):
    """One refusal: the status, Graph's code and message, and headers of its own."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def bad_request(message: str) -> GraphError:
    """Refused by the directory."""
    return GraphError(400, "Request_BadRequest", message)


def bad_query(message: str) -> GraphError:
    """Refused before the directory was asked: the query does not fit the schema."""
    return GraphError(400, "BadRequest", message)


def unsupported(message: str) -> GraphError:
    return GraphError(400, "Request_UnsupportedQuery", message)


def not_found(key: str) -> GraphError:
    message = (
        f"Resource '{key}' does not exist or one of its queried reference-property objects are not present."
    )
    return GraphError(404, "Request_ResourceNotFound", message)


def denied() -> GraphError:
    message = "Insufficient privileges to complete the operation."
    return GraphError(403, "Authorization_RequestDenied", message)


def unauthenticated(message: str) -> GraphError:
    return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": "Bearer"})


def expired_page() -> GraphError:
    message = "The specified page token value has expired and can no longer be included in your request."
    return GraphError(400, "Directory_ExpiredPageToken", message)


def resync(code: str, message: str, status: int, location: str = "") -> GraphError:
    """The changes since a delta token are no longer known: start over."""
    return GraphError(status, code, message, {"Location": location} if location else {})
