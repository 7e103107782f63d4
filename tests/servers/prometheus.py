"""A Prometheus in a directory of its own that scrapes one target, once a second."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

from tests.servers.process import Child, ServerError, find_program
from tests.servers.tcp import free_port, wait_until_listening

_direct = build_opener(ProxyHandler({})).open


class Sample(NamedTuple):
    labels: dict[str, str]
    value: float


class Prometheus:
    """`ask` a query; `until` waits for an answer that is not empty."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self.child = Child(
            [
                *(find_program("prometheus") or "prometheus", f"--config.file={directory}/prometheus.yml"),
                *(f"--storage.tsdb.path={directory}/data", f"--web.listen-address=127.0.0.1:{self.port}"),
            ],
            log=directory / "prometheus.log",
        )

    @classmethod
    @contextmanager
    def start(cls, directory: Path, *, target: str, token: str = "", rules: Path) -> Iterator[Prometheus]:
        """Run one until the block ends. `target` is host:port; `token` what its /metrics wants."""
        directory.mkdir(parents=True, exist_ok=True)
        scrape = {
            "job_name": "syncd",
            "static_configs": [{"targets": [target], "labels": {"namespace": "people"}}],
            **({"authorization": {"credentials": token}} if token else {}),
        }
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules.resolve())],
            "scrape_configs": [scrape],
        }
        (directory / "prometheus.yml").write_text(json.dumps(config))  # JSON is YAML
        server = cls(directory)
        server.child.start()
        try:
            wait_until_listening("127.0.0.1", server.port, server.child)
            server._wait_until_ready()
            yield server
        finally:
            server.child.stop()

    def ask(self, query: str) -> Sequence[Sample]:
        found = self._get("query", query=query)["result"]
        return [Sample(each["metric"], float(each["value"][1])) for each in found]

    def rules(self) -> dict[str, str]:
        """Every alert it knows, and how its last evaluation went: ok, err or unknown."""
        groups = self._get("rules")["groups"]
        return {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}

    def until(self, query: str, *, timeout: float = 60) -> Sequence[Sample]:
        """The first answer to it that is not empty."""
        deadline = time.monotonic() + timeout
        while not (found := self.ask(query)):
            assert time.monotonic() < deadline, f"nothing answers {query}\n{self.child.last_words()}"
            time.sleep(0.1)
        return found

    def _wait_until_ready(self, *, timeout: float = 30) -> None:
        """It listens before it has read its own storage, and answers 503 until then."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                return _direct(f"http://127.0.0.1:{self.port}/-/ready", timeout=10).close()
            except HTTPError as exc:
                exc.close()
                if time.monotonic() > deadline:
                    raise ServerError(f"{exc}\n{self.child.last_words()}") from exc
                time.sleep(0.02)

    def _get(self, path: str, **words: str) -> Any:
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urlencode(words)}"
        with _direct(url, timeout=10) as answer:
            return json.load(answer)["data"]
