"""How long memory lags behind the keys in the editor of a profile, in the program itself."""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from benchmarks.home import temporary_home
from benchmarks.measure import Ratio
from termai.profiles.profile import Profile
from termai.tui.opening import NO_AUTOSTART
from termai.tui.screens.profile_editor import ProfileEditor
from termai.tui.screens.profile_editor_view import EditorView
from tests.tui.model_files import LLAMA_70B, QWEN3_8B
from tests.tui.support import opened, until

KEYS = 120
LIMIT_MS = 50.0
FRAME_MS = 1000 / 60  # until the terminal gets what the panel shows, at Textual's 60 frames


class _Timed(ProfileEditor):
    """Notes when the panel has been told of each look."""

    def __init__(self, profile: Profile) -> None:
        super().__init__(profile, "ctx_size")
        self.told: dict[object, float] = {}

    def on_editor_view_looked(self, message: EditorView.Looked) -> None:
        """Show the look, then note it."""
        message.prevent_default()
        super().on_editor_view_looked(message)
        self.told[message.look.profile.value("ctx_size")] = time.perf_counter()


def run() -> Iterator[Ratio]:
    """Type contexts digit by digit for two models, and see when the panel shows each."""
    for name, shape in (("8B", QWEN3_8B), ("70B", LLAMA_70B)):
        with temporary_home() as env, tempfile.TemporaryDirectory() as directory:
            surroundings = {**env, "HOME": directory, NO_AUTOSTART: "1"}
            with patch.dict(os.environ, surroundings):
                model = shape.write(Path(directory) / "model.gguf")
                lags = asyncio.run(_lags(model))
        note = f"median of {len(lags)} keys; slowest {max(lags):.0f} ms"
        yield Ratio(f"key to memory panel, {name}", statistics.median(lags), LIMIT_MS, " ms", note)
        late = statistics.quantiles(lags, n=10)[-1] + FRAME_MS
        yield Ratio(f"key to screen, 9 of 10, {name}", late, LIMIT_MS, " ms", "with one frame")


async def _lags(model: Path) -> list[float]:
    """Return milliseconds from each typed digit to the panel that counts it."""
    profile = Profile(name="timed").with_values(path=str(model), ctx_size=4096)
    editor = _Timed(profile)
    async with opened("profiles") as (app, pilot):
        app.push_screen(editor)
        await until(pilot, lambda: editor.look is not None)
        lags = []
        for number in range(KEYS // 4):
            await pilot.press("enter")
            typed = ""
            for digit in str(1024 + 37 * number):
                typed += digit
                editor.told.clear()
                begun = time.perf_counter()
                await pilot.press(digit)
                wanted = int(typed)
                await until(pilot, lambda: wanted in editor.told)  # noqa: B023
                lags.append((editor.told[wanted] - begun) * 1000)
            await pilot.press("escape")
    return lags
