"""What is imported from LM Studio and Ollama starts, and an export starts the same there again."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from termai.engines import exchange
from termai.models import library
from termai.paths import models_dir
from termai.profiles.foreign.base import Source
from termai.profiles.profile import Profile
from termai.servers import manager
from termai.servers.records import Server, ServerState
from tests.servers.test_manager import request
from tests.support import free_port

SMALL = {"threads": 1, "warmup": False, "parallel": 1}


def started(profile: Profile) -> Server:
    kind = profile.with_values(port=free_port(), **SMALL)
    server = manager.wait_ready(manager.start(kind), timeout_s=60)
    assert server.state is ServerState.READY
    assert request(server)["choices"]
    return server


@pytest.mark.usefixtures("_servers_stopped")
def test_a_modelfile_beside_its_model(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").symlink_to(tiny)
    file = tmp_path / "mario.Modelfile"
    file.write_text(
        "FROM ./tiny.gguf\nPARAMETER num_ctx 256\nPARAMETER num_gpu 0\nPARAMETER num_keep 4\n"
        'PARAMETER stop "###"\nSYSTEM """Be\nbrief."""\nTEMPLATE """{{ .Prompt }}"""\n'
    )
    [imported] = exchange.read(file)
    saved = exchange.save(imported)
    assert saved.name == "mario"
    server = started(saved)
    assert (server.ctx_size, server.option("system_prompt")) == (256, "Be\nbrief.")
    manager.stop(server)
    [again] = exchange.read(Source(exchange.write(saved, "ollama").text))
    assert again.profile.values == saved.values
    assert again.profile.kept == saved.kept


@pytest.mark.usefixtures("_servers_stopped")
def test_the_config_of_a_model_in_the_library(tiny: Path, tmp_path: Path) -> None:
    name = "maker/Tiny-GGUF/Tiny-F32.gguf"
    target = models_dir() / name
    target.parent.mkdir(parents=True)
    target.write_bytes(tiny.read_bytes())
    library.look()
    file = tmp_path / ".internal/user-concrete-model-default-config" / f"{name}.json"
    file.parent.mkdir(parents=True)
    fields = {
        "llm.load.contextLength": 256,
        "llm.load.llama.acceleration.offloadRatio": "off",
        "llm.load.llama.kCacheQuantizationType": {"checked": False, "value": "f16"},
    }
    listed = [{"key": key, "value": value} for key, value in fields.items()]
    preset = {"preset": "", "operation": {"fields": []}, "load": {"fields": listed}}
    file.write_text(json.dumps(preset))
    [imported] = exchange.read(file)
    saved = exchange.save(imported)
    server = started(replace(saved, name="tiny"))
    assert (server.ctx_size, server.model) == (256, str(target))
