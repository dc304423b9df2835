"""Settings, conversations, models and the token: what each check says of whole and broken ones."""

from contextlib import closing
from pathlib import Path

import pytest

from termai.chat.database import connect
from termai.doctor import conversations, model_files, own_files, settings_file, token_file
from termai.doctor.once import Once
from termai.environment import Finding, Verdict
from termai.environment.running import run
from termai.models import index, library
from termai.paths import chats_db, config_dir, private_dir


def models() -> dict[str, Finding]:
    """Return what is found of the models, by name."""
    return {one.name: one for one in model_files.look(Once(library.look))}


def test_settings_that_are_wrong_are_named_with_their_lines() -> None:
    assert [one.verdict for one in settings_file.look()] == [Verdict.OK]
    private_dir(config_dir())
    (config_dir() / "config.toml").write_text("schema = 1\nmouse = 3\nnonsense = true\n")
    first, second = settings_file.look()
    assert (first.name, second.name) == ("settings", "settings 2")
    assert "line 2" in first.sentence
    assert "nonsense" in second.sentence
    assert first.verdict is Verdict.WARNING


def test_conversations() -> None:
    assert "none yet" in conversations.look().sentence
    private_dir(chats_db().parent)
    with closing(connect(chats_db())):
        pass
    assert conversations.look().sentence == "0 conversations, and the file is sound."
    chats_db().write_bytes(b"nonsense, and more of it" * 100)
    found = conversations.look()
    assert found.verdict is Verdict.WARNING
    assert "damaged" in found.sentence
    assert found.fix


def test_conversations_that_are_closed_to_this_user(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", refuse)
    found = conversations.look(Path("/closed/chats.db"))
    assert found.verdict is Verdict.WARNING
    assert found.sentence == "/closed/chats.db cannot be looked at: Permission denied."
    assert "permissions" in found.fix


def test_models_are_counted_and_places_that_cannot_be_seen_are_named(tmp_path: Path) -> None:
    assert models()["models"].sentence == "1 model in 1 directory."
    private_dir(config_dir())
    gone = tmp_path / "gone"
    (config_dir() / "config.toml").write_text(f'schema = 1\nmodel_dirs = ["{gone}"]\n')
    found = models()["model place"]
    assert found.verdict is Verdict.WARNING
    assert str(gone) in found.sentence


def test_a_damaged_index_is_written_anew_or_named(monkeypatch: pytest.MonkeyPatch) -> None:
    private_dir(index.path().parent)
    index.path().write_bytes(b"damaged")
    assert set(models()) == {"models"}
    assert index.path().read_bytes() != b"damaged"
    index.path().write_bytes(b"damaged")
    monkeypatch.setattr(index, "save", lambda *_: None)
    assert models()["model index"].verdict is Verdict.WARNING


def test_a_token_that_others_can_read(tmp_path: Path) -> None:
    path = tmp_path / "token"
    assert not list(token_file.look(path))
    path.write_text("hf_secret")
    path.chmod(0o644)
    (found,) = token_file.look(path)
    assert found.command == f"chmod 600 {path}"
    assert "hf_secret" not in repr(found)
    path.chmod(0o600)
    (found,) = token_file.look(path)
    assert found.verdict is Verdict.OK


def test_models_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def counted(**_: object) -> library.Library:
        looks.append(1)
        return library.Library()

    monkeypatch.setattr(library, "look", counted)
    list(run(own_files.checks()))
    assert len(looks) == 1
