"""Clashes of addresses: of a server that runs already, with its key, and of a Ray cluster."""

from collections.abc import Iterator

from termai.profiles.addresses import Address, RefusedAddressError, parse, parse_ray
from termai.profiles.clashes.base import Case, Clash, Rule, problem, warning
from termai.profiles.option import REMOTE, VLLM
from termai.text import one_line, without_user


def _no_address(case: Case) -> Iterator[Clash]:
    """termai refuses such a start (engines/remote.py)."""
    if case.engine_name != REMOTE:
        return
    url = str(case.value("url") or "")
    if not url:
        yield problem(
            "no-address",
            ("url",),
            "The engine openai needs the address of a server that runs: it will not start.",
            "Set url, for example to http://127.0.0.1:11434 for Ollama.",
        )
        return
    try:
        parse(url)
    except RefusedAddressError as error:
        yield problem(
            "no-address",
            ("url",),
            f"{one_line(without_user(url), 80)} {error}: it will not start.",
            "Set url to http://HOST:PORT or https://HOST; a key goes into the file that "
            "api_key_file names.",
        )


def _address_of_another(case: Case) -> Iterator[Clash]:
    if case.engine_name == REMOTE or not case.is_set("url"):
        return
    yield problem(
        "address-without-its-engine",
        ("url",),
        f"url is the address of a server that runs already; {case.engine_name} starts its own.",
        "Use the engine openai, or take url out.",
    )


def _key_in_the_clear(case: Case) -> Iterator[Clash]:
    found = _address(case)
    if found and found.in_the_clear and case.value("api_key_file"):
        yield warning(
            "key-in-the-clear",
            ("api_key_file", "url"),
            f"The key is sent to {one_line(found.host, 60)} unencrypted: everybody on the way can "
            "read it.",
            "Use an address with https, or reach the server through ssh -L.",
        )


def _address(case: Case) -> Address | None:
    if case.engine_name != REMOTE:
        return None
    try:
        return parse(str(case.value("url") or ""))
    except RefusedAddressError:
        return None


def _no_ray_address(case: Case) -> Iterator[Clash]:
    """termai refuses such a start (engines/vllm.py)."""
    given = str(case.value("ray_address") or "")
    if case.engine_name != VLLM or not given:
        return
    try:
        parse_ray(given)
    except RefusedAddressError as error:
        yield problem(
            "no-ray-address",
            ("ray_address",),
            f"{one_line(without_user(given), 80)} {error}.",
            "Set it to the head of the cluster, HOST:PORT, or take it out.",
        )


RULES: tuple[Rule, ...] = (_no_address, _address_of_another, _key_in_the_clear, _no_ray_address)
