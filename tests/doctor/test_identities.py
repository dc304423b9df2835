"""Whose names a report leaves out: this user's, this machine's, and what is secret here."""

import os
import socket
from pathlib import Path

import pytest

from termai import settings
from termai.doctor import identities, report
from termai.doctor.identities import here
from termai.environment import Finding, Verdict
from termai.hardware import gpus
from termai.paths import config_dir, state_dir
from termai.servers import registry
from tests.doctor.own import write


def test_users_hosts_secrets_and_directories(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = tmp_path / "people" / "mgreta"
    home.mkdir(parents=True)
    link = tmp_path / "linked"
    link.symlink_to(home)
    monkeypatch.setenv("HOME", str(link))
    monkeypatch.setenv("LOGNAME", "margarethe")
    monkeypatch.setenv("HTTPS_PROXY", "http://someone:hunter2@proxy.acme.example:3128")
    monkeypatch.setenv("NO_PROXY", "localhost,.intern.example")
    monkeypatch.setenv("HF_ENDPOINT", "https://huggingface.co")
    monkeypatch.setenv("A_TOKEN", "first line\nsecond line")
    monkeypatch.setenv("PWD", str(tmp_path))
    monkeypatch.setattr(socket, "gethostname", lambda: "box7.corp.example")
    settings.save(hub_endpoint="https://mirror.acme.example/hf")
    write("mine", 'schema = 1\n[env]\nMY_API_KEY = "sk-of-the-profile"\n')
    who = here()
    assert {"margarethe", "mgreta", "linked"} <= set(who.users)
    assert {"box7.corp.example", "box7", "proxy.acme.example", "mirror.acme.example"} <= set(
        who.hosts
    )
    assert "intern.example" in who.hosts
    assert "huggingface.co" not in who.hosts
    assert {"second line", "sk-of-the-profile"} <= set(who.secrets)
    assert str(tmp_path) not in who.secrets
    assert who.directories[str(home)] == who.directories[str(link)] == "~"
    assert who.directories[str(config_dir())] == "<config>"
    assert who.directories[str(state_dir())] == "<state>"


def test_people_of_the_machine_are_read_from_its_table(monkeypatch: pytest.MonkeyPatch) -> None:
    table = (
        "root:x:0:0::/root:/bin/sh\ngames:x:5:60::/:/bin/false\n"
        "bob:x:1000:1000:Robert Al Burns,room 7,,:/home/bob:/bin/sh\nbroken line\n"
    )
    real = identities._lines
    monkeypatch.setattr(
        identities,
        "_lines",
        lambda path: table.splitlines() if path == Path("/etc/passwd") else real(path),
    )
    users = here().users
    assert {"bob", "Robert Al Burns", "Robert", "Burns"} <= set(users)
    assert not {"root", "games", "Al", "broken line"} & set(users)


def test_a_secret_is_gone_before_a_line_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "0123 abcd " * 20
    monkeypatch.setenv("A_TOKEN", secret)
    long = "word " * 110 + secret
    (line,) = [
        line
        for line in report.report(
            [Finding("git", Verdict.WARNING, long, group="Programs")]
        ).splitlines()
        if "git:" in line
    ]
    assert "0123" not in line


def test_a_report_comes_though_the_machine_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> object:
        raise OSError(5, "Input/output error", f"{os.environ['HOME']}/x")

    monkeypatch.setattr(gpus, "read_all", broken)
    monkeypatch.setattr(registry, "list_servers", broken)
    said = report.report([])
    assert "gpus: OSError: [Errno 5] Input/output error: '~/x'" in said
    assert "servers: OSError" in said
    assert "memory: " in said
