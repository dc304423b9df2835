"""Model files from the command line."""

import json
import os
import re
from pathlib import Path

import pexpect
import pytest

from termai.cli.commands.models import size_text
from termai.cli.model_text import context_text, count_text
from termai.paths import models_dir
from tests.cli.conftest import TERMAI, Termai, environment
from tests.models import files


def model(name: str) -> Path:
    """Put a file that only begins as a model where termai keeps models."""
    path = models_dir() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"GGUF" + bytes(2044))
    return path


def test_models_are_listed_with_what_their_headers_say(termai: Termai) -> None:
    path = files.model(models_dir() / "publisher/name/name-Q4_K.gguf")
    for arguments in (["models"], ["models", "list"]):
        head, *rows = termai(*arguments).stdout.splitlines()
        assert head.split()[:6] == ["NAME", "PARAMS", "QUANT", "SIZE", "CTX", "WHERE"]
        [row] = [row for row in rows if row.startswith("name ")]
        assert row.split()[1:3] == ["147K", "Q4_K"]
        assert " 4k " in row
        assert row.endswith("termai")
    for arguments in (["models", "--json"], ["models", "list", "--json"]):
        listed = {one["path"]: one for one in json.loads(termai(*arguments).stdout)}
        found = listed[str(path)]
        assert found["size"] == path.stat().st_size
        assert found["quantization"] == "Q4_K"
        assert (found["architecture"], found["context_length"]) == ("llama", 4096)
        assert (found["problem"], found["incomplete"], found["program"]) == (None, False, "termai")


def test_the_model_inside_termai_is_listed(termai: Termai) -> None:
    assert "termai-smoke" in termai("models").stdout


def test_lines_fit_eighty_columns_and_troubles_are_named(termai: Termai) -> None:
    files.model(models_dir() / f"o/r/{'long-' * 20}name-UD-Q4_K_XL.gguf")
    files.cut(models_dir() / "o/r/cut.gguf")
    files.parts(models_dir() / "o/s", "set", 3)[1].unlink()
    files.adapter(models_dir() / "o/r/style.gguf")
    model("o/r/broken.gguf")
    files.projector(models_dir() / "o/t/mmproj-F16.gguf")
    files.model(models_dir() / "o/t/seeing.gguf")
    plain = {**environment(), "NO_COLOR": "1"}
    asked = pexpect.spawn(
        TERMAI[0], [*TERMAI[1:], "models"], env=plain, encoding="utf-8", timeout=60
    )
    lines = asked.read().splitlines()
    asked.close()
    assert max(map(len, lines)) <= 80
    notes = {line.split()[0]: line for line in lines}
    assert notes["cut"].endswith("incomplete")
    assert notes["set"].endswith("2 of 3 parts")
    assert notes["style"].endswith("adapter")
    assert notes["broken"].endswith("unreadable")
    assert notes["seeing"].endswith("vision")
    assert "mmproj" not in "".join(lines)
    assert re.search(r"^mmproj .*projector", termai("models", "list", "--all").stdout, re.MULTILINE)


def test_nothing_is_cut_for_another_program(termai: Termai) -> None:
    name = f"{'long-' * 20}name"
    files.model(models_dir() / f"o/r/{name}.gguf")
    lines = termai("models").stdout.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("long-")] == [name]
    assert "…" not in "".join(lines)


def test_the_list_is_ordered_and_filtered(termai: Termai) -> None:
    files.model(models_dir() / "o/r/beta-Q4_K.gguf")
    files.parts(models_dir() / "o/r", "alpha", 2)

    def names(*arguments: str) -> list[str]:
        rows = termai("models", *arguments, "--json").stdout
        return [one["label"] for one in json.loads(rows)]

    assert names("list", "--sort", "params")[:3] == ["termai-smoke-q8_0", "beta-Q4_K", "alpha"]
    assert names("--sort", "params", "--reverse")[0] == "alpha"
    assert names("list", "beta") == ["beta-Q4_K"]
    assert names("list", "llama", "o/r") == ["alpha", "beta-Q4_K"]
    assert names("--filter", "BETA q4") == ["beta-Q4_K"]
    assert names("list", "nothing-like-it") == []
    told = termai("models", "list", "nothing-like-it")
    assert (told.returncode, told.stdout) == (0, "")
    assert "nothing-like-it" in told.stderr
    assert termai("models", "--sort", "colour").returncode == 2


def test_hostile_names_are_harmless(termai: Termai) -> None:
    model("publisher/\x1b[2Jname/evil\x07.gguf")
    files.model(models_dir() / "o/\x1b]0;owned\x07new\nline.gguf", general__name="\x1b[31mred")
    raw = os.fsencode(models_dir()) + b"/\xff\xfe.gguf"
    files.model(Path(os.fsdecode(raw)))
    for arguments in (["models"], ["models", "inspect", "line"]):
        done = termai(*arguments)
        assert done.returncode == 0
        assert "\x1b" not in done.stdout + done.stderr
        assert "\x07" not in done.stdout
    assert "\x1b" not in termai("models", "--json").stdout
    assert len(termai("models").stdout.splitlines()) == 5


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1536, "1.5 KiB"), (5 << 30, "5.0 GiB"), (700 << 20, "700 MiB")],
)
def test_sizes_are_written_in_binary_units(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, ""), (900, "900"), (1_940_000, "1.9M"), (8_190_000_000, "8.2B"), (405 * 10**9, "405B")],
)
def test_parameters_are_written_as_people_say_them(count: int, text: str) -> None:
    assert count_text(count) == text


@pytest.mark.parametrize(
    ("tokens", "text"),
    [(0, ""), (512, "512"), (4096, "4k"), (131072, "128k"), (40960, "40k"), (1 << 20, "1M")],
)
def test_contexts_are_written_in_binary_thousands(tokens: int, text: str) -> None:
    assert context_text(tokens) == text


def test_inspect_shows_keys_tensors_and_the_template_at_work(termai: Termai) -> None:
    path = files.model(models_dir() / "o/r/m-Q4_K.gguf")
    plain = termai("models", "inspect", "m-Q4_K").stdout
    assert str(path) in plain
    assert re.search(r"^llama.context_length +4096$", plain, re.MULTILINE)
    assert "blk.0.ffn_up.weight" not in plain
    with_tensors = termai("models", "inspect", "m-Q4_K", "--tensors").stdout
    assert re.search(
        r"^blk.0.ffn_up.weight +Q4_K +256 × 256 +36.0 KiB$", with_tensors, re.MULTILINE
    )
    rendered = termai("models", "inspect", "m-Q4_K", "--template").stdout
    assert "<|system|>Answer briefly.<|user|>What is the weather in Bergen?" in rendered


def test_inspect_prints_json(termai: Termai) -> None:
    files.model(models_dir() / "o/r/m-Q4_K.gguf", llama__rope__freq_base=float("inf"))
    done = termai("models", "inspect", "m-Q4_K", "--tensors", "--template", "--json")
    found = json.loads(done.stdout)
    assert found["metadata"]["llama.context_length"] == 4096
    assert found["metadata"]["llama.rope.freq_base"] is None
    assert found["tensors"][1] == {
        "name": "blk.0.ffn_up.weight",
        "type": "Q4_K",
        "shape": [256, 256],
        "size": 36864,
    }
    (template,) = found["templates"]
    assert template["template"] == files.TEMPLATE
    assert template["rendered"].startswith("<|system|>")
    assert template["problem"] is None


def test_a_template_that_cannot_be_rendered_is_told_beside_the_rest(termai: Termai) -> None:
    files.model(models_dir() / "m.gguf", tokenizer__chat_template="{% if %}")
    done = termai("models", "inspect", "m.gguf", "--template")
    assert done.returncode == 0
    assert "cannot be rendered" in done.stderr


def test_path_prints_the_path_and_nothing_else(termai: Termai) -> None:
    path = files.model(models_dir() / "o/r/m-Q4_K.gguf")
    assert termai("models", "path", "m-q4").stdout == f"{path}\n"
    assert json.loads(termai("models", "path", "m-q4", "--json").stdout) == {"path": str(path)}
    assert termai("models", "path", "nothing").returncode == 3
    files.cut(models_dir() / "half.gguf")
    assert termai("models", "path", "half").returncode == 4


def test_remove_says_what_goes_before_it_does(termai: Termai) -> None:
    path = files.model(models_dir() / "o/r/m.gguf")
    refused = termai("models", "remove", "m.gguf")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert path.exists()
    done = termai("models", "remove", "m.gguf", "--yes", "--json")
    found = json.loads(done.stdout)
    assert found["files"] == [str(path)]
    assert found["program"] == "termai"
    assert not path.exists()


def test_remove_asks_and_says_whose_it_is(home: Path) -> None:
    path = files.model(home / "home/.lmstudio/models/o/r/m.gguf")
    for answer, left in (("n", True), ("y", False)):
        command = [*TERMAI, "models", "remove", "m.gguf"]
        asked = pexpect.spawn(
            command[0], command[1:], env=environment(), encoding="utf-8", timeout=60
        )
        asked.expect_exact(path.name)
        asked.expect_exact("belong to LM Studio")
        asked.expect_exact("Remove m and free")
        asked.sendline(answer)
        asked.expect(pexpect.EOF)
        asked.close()
        assert path.exists() is left


def test_a_model_that_a_server_runs_is_not_removed(termai: Termai, smoke: str) -> None:
    assert smoke
    from termai.models import smoke as shipped

    linked = models_dir() / "o/r/linked.gguf"
    linked.parent.mkdir(parents=True)
    linked.symlink_to(shipped.model_path())
    done = termai("models", "remove", str(linked), "--yes")
    assert done.returncode == 2
    assert "in use" in done.stderr
    assert linked.is_symlink()


def test_directories_are_added_and_taken_away(termai: Termai, home: Path) -> None:
    files.model(home / "AI/Text/loose.gguf")
    added = json.loads(termai("models", "add-dir", str(home / "AI"), "--json").stdout)
    assert added == {"directory": str(home / "AI"), "models": 1, "model_dirs": [str(home / "AI")]}
    assert termai("models", "add-dir", f"{home}/AI/").returncode == 0
    assert "loose" in termai("models").stdout
    removed = json.loads(termai("models", "remove-dir", str(home / "AI"), "--json").stdout)
    assert removed == {"directory": str(home / "AI"), "model_dirs": []}
    assert "loose" not in termai("models").stdout
    assert termai("models", "add-dir", str(home / "none")).returncode == 3
    assert termai("models", "remove-dir", str(home / "none")).returncode == 3


def test_a_directory_is_added_relative_to_where_one_is(termai: Termai, home: Path) -> None:
    (home / "home/AI").mkdir()
    assert termai("models", "add-dir", "AI").returncode == 0
    assert str(home / "home/AI") in termai("models", "remove-dir", "~/AI").stdout


def test_a_directory_that_went_away_is_told(termai: Termai, home: Path) -> None:
    (home / "AI").mkdir()
    termai("models", "add-dir", str(home / "AI"))
    (home / "AI").rmdir()
    done = termai("models")
    assert done.returncode == 0
    assert f"{home / 'AI'} does not exist" in done.stderr


def test_names_are_completed_as_they_are_known(termai: Termai) -> None:
    files.model(models_dir() / "o/r/small-Q4_K.gguf")
    files.model(models_dir() / "o/r/smile\n\x1b[2J.gguf")
    completing = {"_TERMAI_COMPLETE": "bash_complete", "COMP_WORDS": "termai models path sm"}
    assert termai("models").returncode == 0
    done = termai(**completing, COMP_CWORD="3")
    assert done.stdout.split() == ["plain,small-Q4_K"]


@pytest.mark.parametrize("command", [("remove", "--yes"), ("inspect",), ("path",)])
def test_an_empty_name_is_refused_in_one_sentence(termai: Termai, command: tuple[str, ...]) -> None:
    done = termai("models", *command, "")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "Error: No model is named."


def test_remove_twice_takes_nothing_that_was_not_named(termai: Termai) -> None:
    tiny = files.model(models_dir() / "tiny.gguf")
    precious = files.model(models_dir() / "tiny-finetune-precious.gguf")
    assert termai("models", "remove", "tiny", "--yes").returncode == 0
    again = termai("models", "remove", "tiny", "--yes")
    assert again.returncode == 3
    assert "tiny-finetune-precious" in again.stderr
    assert (tiny.exists(), precious.exists()) == (False, True)


def test_remove_names_the_paths_of_what_is_ambiguous(termai: Termai) -> None:
    whole = files.model(models_dir() / "w.gguf")
    half = files.model(models_dir() / "w.gguf.part")
    refused = termai("models", "remove", "w", "--yes")
    assert refused.returncode == 2
    assert f"{whole}, {half}" in refused.stderr
    assert termai("models", "remove", str(half), "--yes").returncode == 0
    assert (whole.exists(), half.exists()) == (True, False)


def test_remove_names_the_real_place_behind_a_linked_directory(termai: Termai, home: Path) -> None:
    path = files.model(home / "elsewhere/m.gguf")
    models_dir().mkdir(parents=True, exist_ok=True)
    (models_dir() / "linked").symlink_to(path.parent)
    refused = termai("models", "remove", "m")
    assert f"Removing m in {path.parent} frees" in refused.stderr
    done = json.loads(termai("models", "remove", "m", "--yes", "--json").stdout)
    assert (done["files"], done["program"]) == ([str(path)], None)
    assert str(path.parent) in done["stays"][0]
