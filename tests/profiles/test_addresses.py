"""Addresses of servers: what is taken, what is refused, and that nothing secret gets through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.profiles.addresses import RefusedAddressError, parse, parse_ray


@pytest.mark.parametrize(
    ("url", "base", "host", "port"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434", "127.0.0.1", 11434),
        ("http://127.0.0.1:11434/v1/", "http://127.0.0.1:11434", "127.0.0.1", 11434),
        (" http://localhost:1234/v1", "http://localhost:1234", "localhost", 1234),
        ("https://example.org/api/v1", "https://example.org/api", "example.org", 443),
        ("http://example.org", "http://example.org", "example.org", 80),
        ("http://[::1]:8080/", "http://[::1]:8080", "::1", 8080),
    ],
)
def test_an_address_is_taken_with_or_without_v1(url: str, base: str, host: str, port: int) -> None:
    address = parse(url)
    assert (address.base, address.host, address.port) == (base, host, port)
    assert address.models == f"{base}/v1/models"


@pytest.mark.parametrize(
    ("url", "because"),
    [
        ("", "no address"),
        ("127.0.0.1:11434", "no address"),
        ("ftp://example.org", "no address"),
        ("http://", "no address"),
        ("http://host:port", "no address"),
        ("http://[::1", "no address"),
        ("http://a b", "no address"),
        ("http://me:secret@example.org", "name or password"),
        ("http://example.org?key=secret", "more than a host"),
        ("http://example.org/#x", "more than a host"),
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str, because: str) -> None:
    with pytest.raises(RefusedAddressError) as caught:
        parse(url)
    assert because in str(caught.value)
    assert "secret" not in str(caught.value)


def test_only_http_beyond_this_machine_is_in_the_clear() -> None:
    assert parse("http://192.0.2.1:80").in_the_clear
    assert not parse("https://192.0.2.1").in_the_clear
    assert not parse("http://localhost:80").in_the_clear


@given(st.text(max_size=60) | st.text(max_size=40).map("http://{}".format))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        address = parse(text)
    except RefusedAddressError:
        return
    assert parse(address.base) == address


@pytest.mark.parametrize(
    "text", ["auto", "10.0.0.1:6379", "head.lan:6379", "[fd00::1]:6379", "ray://head:10001"]
)
def test_a_ray_cluster_is_named_as_ray_takes_it(text: str) -> None:
    assert parse_ray(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("10.0.0.1", "head", "6379", ":6379", "head:", "head:0", "head:65536", "head:port"),
        *("http://head:6379", "me:secret@head:6379", "a b:6379", "head:6379/x", "fd00::1:6379"),
        *("ray://head", "ray://auto", "head:6379\n", "--flag:1", "local"),
    ],
)
def test_what_is_no_ray_cluster_is_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(RefusedAddressError) as caught:
        parse_ray(text)
    assert "expected auto, HOST:PORT or ray://HOST:PORT" in str(caught.value)
