"""What termai knows of llama-server's flags, against the very binary."""

from pathlib import Path

from termai.engines import exchange
from termai.engines.base import Detection, Launch
from termai.profiles import flags
from termai.profiles.flags.facts import REFUSED, SHORT, TWO_VALUES, VALUELESS
from termai.profiles.profile import Profile
from termai.profiles.schema import OPTIONS
from tests.engines.serving import running
from tests.support import free_port, wait_until


def known(binary: Detection) -> dict[str, bool]:
    """Return whether a value follows, of the flags that are not only there to say they are gone."""
    return {
        flag: bool(about.takes)
        for flag, about in binary.help.items()
        if "has been removed" not in about.text
    }


def test_whether_a_value_follows_is_as_the_help_says(native: Detection) -> None:
    for flag, takes in known(native).items():
        found = flags.meaning(flag)
        if found:
            assert found.takes is takes, flag
        elif flag in VALUELESS:
            assert not takes, flag
        elif flag in SHORT or flag in TWO_VALUES:
            assert takes, flag
        elif flag in REFUSED:
            assert REFUSED[flag][0] == int(takes), flag
        else:
            assert takes, f"{flag} takes no value, and nothing here says so"


def test_every_flag_of_an_option_is_in_the_help(native: Detection) -> None:
    there = known(native)
    for declared in OPTIONS:
        if declared.flag:
            assert {declared.flag, *declared.aliases} & set(there), declared.key


def test_other_spellings_of_an_option_s_flag_are_known(native: Detection) -> None:
    """Flags with the same help text are spellings of one flag."""
    by_text: dict[str, set[str]] = {}
    for flag, about in native.help.items():
        if len(about.text) > 20 and "has been removed" not in about.text:
            by_text.setdefault(about.text, set()).add(flag)
    for spellings in by_text.values():
        meanings = {flag: flags.meaning(flag) for flag in spellings}
        if any(meanings.values()):
            assert all(meanings.values()), sorted(spellings)


def test_the_router_takes_an_exported_preset(native: Detection, tmp_path: Path) -> None:
    profile = Profile("mine", args={"llama-server": ("--slots", "-sps", "0.5")}).with_values(
        path="builtin:smoke",
        ctx_size=512,
        mmap=False,
        kv_offload=False,
        flash_attn="on",
        fit=False,
        warmup=False,
        temperature=0.5,
        chat_template="chatml",
        override_kv=["general.name=str:Mine"],
        reasoning="off",
    )
    exported = exchange.write(profile, "llama-router")
    assert not exported.left
    path = exchange.save_export(exported, tmp_path / "presets.ini")
    port = free_port()
    argv = (str(native.program), "--models-preset", str(path), "--port", str(port))
    url = f"http://127.0.0.1:{port}"
    launch = Launch("x", argv, {}, (), "127.0.0.1", port, path, url)
    with running(launch, tmp_path / "log", extra_env={"LLAMA_CACHE": str(tmp_path)}) as server:
        server.wait_ready()
        listed = {one["id"]: one for one in server.ask("GET", "/models").json["data"]}
        assert "mine" in listed
        server.ask("POST", "/models/load", {"model": "mine"})

        def status() -> str:
            listed = {one["id"]: one for one in server.ask("GET", "/models").json["data"]}
            return str(listed["mine"]["status"]["value"])

        wait_until(lambda: status() in ("loaded", "failed"), what="the model is loaded")
        assert status() == "loaded", server.log[-3000:]
