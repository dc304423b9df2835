"""What the Hub tab tells of a repository: the fit before a download is the one after it."""

from pathlib import Path

import pytest

from termai.gguf.splits import read_model
from termai.models import hub
from termai.models.fit import curve, fit, wanted
from termai.tui import hub_work
from termai.tui.hub_work import Fits
from tests.fakes.hub.files import Content
from tests.fakes.hub.server import serving_hub
from tests.models.fit.headers import machine, write_small, write_vision
from tests.models.hub.conftest import no_other_hub

__all__ = ["no_other_hub"]

REPO = "someone/Seeing-GGUF"


@pytest.mark.usefixtures("no_other_hub")
def test_the_projector_that_is_downloaded_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = write_small(tmp_path / "Seeing-Q4_K_M.gguf", "Q4_K")
    projector = write_vision(tmp_path / "mmproj-F16.gguf")
    here = machine(24)
    monkeypatch.setattr(hub_work, "machine", lambda: here)
    told: list[Fits] = []
    with serving_hub() as running:
        running.add(REPO, {path.name: Content(path=path) for path in (model, projector)})
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        hub_work.fits(hub.repository(REPO), lambda: True, told.append)
    header, beside = read_model(model), read_model(projector)
    after = fit(header, wanted(8192), here, projector=beside)
    assert told[-1].fits["Q4_K_M"].estimate == after.estimate
    drawn = hub_work.curve(told[-1].headers["Q4_K_M"], told[-1].projector)
    assert drawn == curve(header, wanted(), here, projector=beside)
    assert drawn.lines[0].points[0].bytes > curve(header, wanted(), here).lines[0].points[0].bytes
