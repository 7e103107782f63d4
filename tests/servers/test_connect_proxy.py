"""The web proxy lets through what it should, and asks for its password."""

from __future__ import annotations

import pytest
import requests

from tests.servers.connect_proxy import ConnectProxy
from tests.servers.entra import EntraServer


def ask(entra: EntraServer, proxy: str, url: str = "") -> int:
    url = url or f"{entra.graph_url}/users"
    ca = str(entra.ca_file)
    return requests.get(url, proxies={"https": proxy}, verify=ca, timeout=10).status_code


def test_it_passes_https_through_unread(entra: EntraServer) -> None:
    with ConnectProxy() as proxy:
        assert ask(entra, proxy.url) == 401
        assert proxy.targets == [f"localhost:{entra.port}"]


def test_it_wants_its_password(entra: EntraServer) -> None:
    with ConnectProxy(password="swordfish") as proxy:
        with pytest.raises(requests.exceptions.ProxyError, match="407"):
            ask(entra, proxy.url)
        with pytest.raises(requests.exceptions.ProxyError, match="407"):
            ask(entra, proxy.url_with_password.replace("swordfish", "wrong"))
        assert ask(entra, proxy.url_with_password) == 401
        assert (proxy.refused, len(proxy.targets)) == (2, 1)


def test_it_leaves_the_loopback_network_to_nobody(entra: EntraServer) -> None:
    with ConnectProxy() as proxy:
        with pytest.raises(requests.exceptions.ProxyError, match="403"):
            ask(entra, proxy.url, "https://graph.example/v1.0/users")
        assert (
            requests.get("http://graph.example/", proxies={"http": proxy.url}, timeout=10).status_code == 405
        )
