"""llama-swap's configuration."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from termai.errors import InvalidFileError
from termai.profiles.foreign import detect, format_named, read
from termai.profiles.foreign.base import Source, Wanted
from termai.profiles.foreign.yaml_tree import NODES_LIMIT, parse

CONFIG = """
healthCheckTimeout: 500
startPort: 10001
apiKeys: ["sk-hunter2"]
macros:
  latest: >
    /opt/llama-server-ec9e0301 --port ${PORT}
  ctx: 4096
  args: "--ctx-size ${ctx}"
models:
  "gpt-oss-120b":
    macros: {ctx: 16384, temp: 0.7}
    cmd: |
      # ${latest} is a macro
      ${latest}
      --model /m/gpt-oss.gguf ${args} \\
      --temp ${temp}
    name: "gpt-oss"
    description: "A thinking model"
    env:
      - "CUDA_VISIBLE_DEVICES=0,1"
      - "HF_TOKEN=hunter2"
    ttl: 60
    proxy: http://127.0.0.1:8999
    aliases: ["gpt-4o-mini", 4o]
    filters:
      setParams: {temperature: "${temp}", top_p: 0.9}
  vllm:
    cmd: vllm serve x
  small:
    cmd: llama-server --port 9001 -m ${env.HOME}/a.gguf -c 99
    ttl: 0
    unlisted: true
"""


def test_each_model_that_llama_server_runs_is_a_profile() -> None:
    source = Source(CONFIG)
    assert detect(source).name == "llama-swap"
    big, small = read(source)
    assert big.profile.name == "gpt-oss-120b"
    assert big.profile.description == "A thinking model"
    assert big.profile.values == {
        "path": "/m/gpt-oss.gguf",
        "ctx_size": 16384,
        "temperature": 0.7,
        "sleep_idle_seconds": 60,
    }
    assert big.profile.env == {"CUDA_VISIBLE_DEVICES": "0,1"}
    assert big.profile.kept["llama-swap"] == {
        "proxy": '"http://127.0.0.1:8999"',
        "aliases": '["gpt-4o-mini", 4o]',
        "filters": '{"setParams": {"temperature": "0.7", "top_p": 0.9}}',
    }
    assert not big.notes
    assert small.profile.values == {"path": "${env.HOME}/a.gguf", "port": 9001, "ctx_size": 99}
    assert "${env.HOME}" in small.notes[0]
    assert small.profile.kept["llama-swap"] == {"ttl": "0", "unlisted": "true"}


def test_what_is_not_taken_is_listed() -> None:
    big = read(Source(CONFIG))[0]
    left = {one.key: one for one in big.left}
    assert {"models.vllm", "healthCheckTimeout", "startPort", "apiKeys", "env.HF_TOKEN"} <= set(
        left
    )
    assert left["models.gpt-oss-120b.filters"].kept
    assert "hunter2" not in repr(big)


def test_what_only_llama_swap_knows_goes_back_to_it() -> None:
    write = format_named("llama-swap").write
    assert write
    for found in read(Source(CONFIG)):
        exported = write(found.profile, Wanted())
        again = read(Source(exported.text))[0].profile
        assert again.kept == found.profile.kept
        assert "--port ${PORT}" in exported.text


def test_anchors_and_merges_are_followed() -> None:
    text = """
base: &base
  cmd: llama-server --port ${PORT} -m x
  ttl: 5
models:
  one: {<<: *base, ttl: 7}
  two: *base
"""
    one, two = read(Source(text))
    assert one.profile.values == {"path": "x", "sleep_idle_seconds": 7}
    assert two.profile.values == {"path": "x", "sleep_idle_seconds": 5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("models: [a]", "models: expected a table, found a list"),
        ("models:\n  a: 3", r"models\.a: expected a table, found '3'"),
        ("models:\n  a:\n    cmd: [x]", r"models\.a\.cmd: expected a text, found a list"),
        ("models:\n  a: {ttl: 1}", r"models\.a\.cmd: expected a text, found nothing"),
        ("models:\n  a:\n    cmd: llama-server 'x", r"models\.a\.cmd: expected a command with"),
        ("models:\n  a:\n    cmd: llama-server\n    env: A=b", r"a\.env: expected a list of texts"),
        ("models:\n  a:\n    cmd: llama-server\n    env: [A]", r"a\.env: expected NAME=VALUE"),
        ("models:\n  a:\n    cmd: llama-server\n    env: [[A]]", "found a list in it"),
        ("macros: {PORT: 1}\nmodels: {}", r"macros\.PORT: expected a name"),
        ("macros: {a: [1]}\nmodels: {}", r"macros\.a: expected a text, found a list"),
        ("models: {}", "expected a model whose cmd runs llama-server, found none"),
        ("models: {a: {cmd: vllm}}", "expected a model whose cmd runs llama-server, found none"),
        ("", "the file: expected a table, found nothing"),
        ("models: {a: b: c}", "line 1: expected YAML"),
        ("a: 1\na: 2", "line 2: expected each key once, found a again"),
        ("? [a]\n: b", "line 1: expected a text for a key"),
        ("a: &x [*x]", "expected an anchor that is whole"),
        ("[" * 5000, "line 1: expected at most 32 levels"),
        ("a: !!python/object/apply:os.system [x]\nmodels: 1", "models: expected a table"),
        ("a: \x00", "expected YAML"),
        ("models:\n" + "".join(f"  m{i}: {{}}\n" for i in range(300)), "at most 256"),
        ("x" * (1 << 20), "longer than"),
    ],
)
def test_what_is_wrong_is_named_with_file_key_and_expectation(text: str, message: str) -> None:
    with pytest.raises(InvalidFileError, match=message) as caught:
        read(Source(text), "llama-swap")
    assert "pasted text" in str(caught.value)


def test_anchors_that_multiply_are_stopped() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        bomb += f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    with pytest.raises(InvalidFileError, match=f"at most {NODES_LIMIT} values"):
        read(Source(f"{bomb}models: *i\n"), "llama-swap")


def test_macros_that_multiply_are_left_as_they_are() -> None:
    macros = "".join(f'  m{i}: "{f"${{m{i + 1}}}" * 9}"\n' for i in range(20)) + "  me: '${me}x'\n"
    text = f"macros:\n{macros}models: {{a: {{cmd: 'llama-server -c 1 -m ${{m0}} ${{me}}'}}}}\n"
    (found,) = read(Source(text), "llama-swap")
    assert found.profile.values == {"ctx_size": 1}
    assert len(repr(found)) < 10_000


@given(st.recursive(st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)))
def test_quoted_texts_come_back(value: object) -> None:
    from termai.profiles.foreign.yaml_tree import Scalar, flow

    def node(of: object) -> object:
        return [node(item) for item in of] if isinstance(of, list) else Scalar(str(of))

    def plain(of: object) -> object:
        return [plain(item) for item in of] if isinstance(of, list) else of.text  # type: ignore[attr-defined]

    assert plain(parse(flow(node(value)), "x")) == value


@given(st.text(st.sampled_from("ab:-[]{}&*<|>'\"#!? \n0"), max_size=50))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read(Source(f"models:\n {text}"), "llama-swap")
    except InvalidFileError:
        return


NESTED = """
models:
  a:
    cmd: llama-server --port ${PORT} -m /a.gguf
    filters: {setParams: {apiKey: SECRETF}}
    metadata: {password: SECRETG, note: mine}
    proxy: http://u:SECRETH@h
    aliases: [b]
peers: {a: {apiKey: SECRETI, proxy: x}}
"""


def test_a_secret_deep_in_a_value_is_not_shown_and_not_exported() -> None:
    (found,) = read(Source(NESTED))
    assert "SECRET" not in repr(found.left) + repr(found.notes)
    write = format_named("llama-swap").write
    assert write
    shown = write(found.profile, Wanted())
    assert "SECRET" not in shown.text + repr(shown.left)
    assert "aliases: [b]" in shown.text
    assert not shown.private
    whole = write(found.profile, Wanted(with_secrets=True))
    assert all(f"SECRET{letter}" in whole.text for letter in "FGH")
    assert whole.private
