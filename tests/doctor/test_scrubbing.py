"""What a report must not hold, whatever the names, directories and secrets are."""

import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from termai.doctor.identities import GENERIC, Identities
from termai.doctor.scrubbing import _PROSE, SECRET, scrubbed

ALICE = Identities(
    users=("alice",),
    hosts=("gpu-box.corp.example", "gpu-box", "corp.example"),
    secrets=("s3cret-of-mine",),
    directories={"/srv/people/alice": "~", "/srv/people/alice/.config/termai": "<config>"},
)

NAMES = st.text(string.ascii_letters + string.digits + "._-äßЖ", min_size=1, max_size=20).filter(
    lambda name: name[0].isalnum() and name[-1].isalnum() and name.casefold() not in GENERIC
)
SECRETS = st.text(
    string.ascii_letters + string.digits + string.punctuation, min_size=6, max_size=60
)
WORDS = st.lists(
    st.sampled_from(
        ("The model", "qwen", "/usr/bin/git", "is", "not", "there:", "12.2.0", "CUDA0", "(", ").")
    ),
    max_size=6,
).map(" ".join)
AROUND = st.sampled_from((" ", "/", ":", "'", "=", "-", "_", ".", "@", ", ", "`", "(", "\n"))


@given(NAMES, WORDS, WORDS, AROUND, AROUND)
@example("al", "", "", "_", "-")
@example("a.b", "", "", "/", "/")
def test_no_user_and_no_host_comes_through(
    name: str, before: str, after: str, left: str, right: str
) -> None:
    text = f"{before}{left}{name}{right}{after}{left}{name.upper()}{right}"
    for who in (Identities(users=(name,)), Identities(hosts=(name,))):
        shown = scrubbed(text, who)
        assert not _stands_in(name, shown), shown


@given(SECRETS, WORDS, WORDS)
def test_no_secret_comes_through(secret: str, before: str, after: str) -> None:
    assume(secret not in "<secret>")
    shown = scrubbed(f"{before}{secret}{after} KEY={secret}", Identities(secrets=(secret,)))
    assert secret not in shown


@given(st.lists(NAMES, min_size=2, max_size=5), NAMES, AROUND)
def test_no_home_comes_through(parts: list[str], name: str, right: str) -> None:
    home = "/" + "/".join((*parts, name))
    who = Identities(users=(name,), directories={home: "~"})
    shown = scrubbed(f"in {home}{right} and {home}/models/x.gguf, {home}.", who)
    assert home not in shown
    assert not _stands_in(name, shown)


@given(NAMES)
def test_homes_of_others_do_not_come_through(name: str) -> None:
    shown = scrubbed(f"in /home/{name}/x.gguf, /Users/{name}", Identities())
    assert shown == "in /home/<user>/x.gguf, /Users/<user>"


FRAGMENTS = (
    ("http://bob:hunter2@proxy.acme.example:3128/pac", ("bob", "hunter2", "acme")),
    ("https://hub.acme.example/org?token=abcdefgh", ("acme", "abcdefgh")),
    ("carol.d@acme.example", ("carol", "acme")),
    ("192.168.17.20", ("192.168.17.20",)),
    ("[2001:db8::17:20]:8080", ("2001:db8",)),
    ("02:42:ac:11:00:02", ("02:42",)),
    ("GPU-5a1b2c3d-1111-2222-3333-444455556666", ("5a1b2c3d",)),
    ("/srv/acme/models/model.gguf", ("acme",)),
    ("/home/dave/models/model.gguf", ("dave",)),
    ("/mnt/c/Users/erin/model.gguf", ("erin",)),
    ("HF_TOKEN=hf_abcdefghijklmnop", ("hf_abc",)),
    ("--api-key abc123", ("abc123",)),
    ("Authorization: Bearer abc.def", ("abc.def",)),
    ("password: hunter2", ("hunter2",)),
    ("sk-proj-0123456789abcdef", ("0123456789",)),
    ("9f86d081884c7d659a2feaa0c55ad015", ("9f86d081",)),
    ("/srv/people/alice/.config/termai", ("people", "alice")),
    ("gpu-box.corp.example", ("gpu-box", "corp")),
)
SEPARATORS = st.sampled_from((" ", ", ", "; ", ": ", " (", ") ", "\n", "' '", "` `", ". "))


@given(st.lists(st.tuples(st.sampled_from(FRAGMENTS), SEPARATORS), min_size=1, max_size=8))
def test_beside_each_other_they_are_taken_out_as_well(
    parts: list[tuple[tuple[str, tuple[str, ...]], str]],
) -> None:
    shown = scrubbed("".join(f"{text}{after}" for (text, _), after in parts), ALICE)
    for (_, forbidden), _ in parts:
        assert not [word for word in forbidden if word in shown], shown
    assert scrubbed(shown, ALICE) == shown


KEYS = st.text(string.ascii_letters + string.digits + "_-.+/!$%&*", max_size=40).map(
    lambda key: f"xq{key}"  # which stands in nothing around it
)
NAMED = st.sampled_from(
    (
        *("--api-key {}", "--hf-token={}", "api_key = {}", 'api_key = "{}"', "{{'token': '{}'}}"),
        *("password: {}", "MY_SECRET={}", "export X_TOKEN={}", "--api-key '{}'", "api-key: {}"),
    )
)


@given(KEYS, NAMED, WORDS, WORDS)
@example("xq", "api-key: {}", "", "is it")
def test_what_is_called_a_key_does_not_come_through(
    key: str, named: str, before: str, after: str
) -> None:
    shown = scrubbed(f"{before} {named.format(key)} {after}", Identities())
    assert SECRET in shown
    assert "xq" not in shown
    assert scrubbed(shown, Identities()) == shown


@given(st.sampled_from(sorted(_PROSE)), WORDS)
def test_a_sentence_goes_on_behind_a_name_and_a_colon(word: str, after: str) -> None:
    text = f"--api-key: {word} {after}".rstrip()
    assert scrubbed(text, Identities()) == text


@given(st.text(max_size=200))
def test_any_text_can_be_scrubbed_and_twice_is_as_once(text: str) -> None:
    once = scrubbed(text, ALICE)
    assert "alice" not in once.casefold()
    assert scrubbed(once, ALICE) == once


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/srv/people/alice/.config/termai/profiles/x.toml", "<config>/profiles/x.toml"),
        ("/srv/people/alice/x and /srv/people/alicette", "~/x and /srv/…/<user>tte"),
        ("/work/acme/llm/model.gguf", "/work/…/model.gguf"),
        ("/usr/lib/python3/x.py", "/usr/lib/python3/x.py"),
        ("http://bob:pw@proxy.corp.example:3128/x", "http://<host>:3128/x"),
        ("https://huggingface.co/org/model", "https://huggingface.co/org/model"),
        ("https://hub.internal/api?token=abcdef", "https://<host>/api"),
        (
            "http://127.0.0.1:8080 and http://localhost:1",
            "http://127.0.0.1:8080 and http://localhost:1",
        ),
        ("listens on 192.168.1.20:8080 and 0.0.0.0", "listens on <address>:8080 and 0.0.0.0"),
        ("from fe80::1ff:fe23:4567:890a%eth0, ::1", "from <address>, ::1"),
        ("at 02:42:ac:11:00:02 since 17:18:19", "at <address> since 17:18:19"),
        ("GPU-5a1b2c3d-1111-2222-3333-444455556666", "GPU-<id>"),
        ("write to bob.b@corp.example", "write to <user>@<host>"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer <secret>"),
        ("--api-key abc123 --model x", "--api-key <secret> --model x"),
        ("HF_TOKEN=hf_abcdefghijklmnop", "HF_TOKEN=<secret>"),
        ("password: hunter2", "password: <secret>"),
        ("hash 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "hash <secret>"),
        ("on GPU-BOX, of Alice", "on <host>, of <user>"),
        ("0.5.0-dev (build 1, commit 0c1e570)", "0.5.0-dev (build 1, commit 0c1e570)"),
        ("NVIDIA GeForce RTX 4090 at 0000:01:00.0", "NVIDIA GeForce RTX 4090 at 0000:01:00.0"),
        ("driver 570.86.15, CUDA 12.8", "driver 570.86.15, CUDA 12.8"),
        ("The token is there, and tokens per second", "The token is there, and tokens per second"),
        ("Set api_key_file under [server].", "Set api_key_file under [server]."),
        ("Without --api-key: everybody may.", "Without --api-key: everybody may."),
        ("api_key: expected text, found 3", "api_key: expected text, found 3"),
        ("HF_TOKEN: is malformed", "HF_TOKEN: is malformed"),
        ("--api-key and --host go together", "--api-key and --host go together"),
        ("add_bos_token=true", "add_bos_token=true"),
        ("token=everybody", "token=<secret>"),
        ("api-key: swordfish is mine", "api-key: <secret> is mine"),
        ("--api-key swordfish --port 80", "--api-key <secret> --port 80"),
        ('api_key = "two words", port = 1', 'api_key = "<secret>", port = 1'),
        ("{'token': 'two words'}", "{'token': '<secret>'}"),
    ],
)
def test_what_is_taken_out_and_what_stays(text: str, shown: str) -> None:
    assert scrubbed(text, ALICE) == shown


def _stands_in(name: str, text: str) -> bool:
    """Tell whether a name stands in a text as a word of its own, in any case."""
    low, wanted = text.casefold(), name.casefold()
    start = low.find(wanted)
    while start >= 0:
        before, after = low[:start][-1:], low[start + len(wanted) :][:1]
        if not before.isalnum() and not after.isalnum():
            return True
        start = low.find(wanted, start + 1)
    return False


def test_names_of_variables_that_begin_as_tokens_do_are_no_tokens() -> None:
    text = "Check the network, HF_ENDPOINT or hub_endpoint."
    assert scrubbed(text, Identities()) == text
    assert "hf_abcdefghijkl" not in scrubbed("hf_abcdefghijkl", Identities())
