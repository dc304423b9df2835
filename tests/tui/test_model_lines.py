"""The small texts of Models: numbers, fits, curves, downloads, each as wide as it may be."""

from dataclasses import replace
from pathlib import Path

import pytest

from termai.gguf.header import Header, parse_header
from termai.models.downloads.states import Status
from termai.models.downloads.view import Download
from termai.models.fit import Curve, GpuRoom, Line, Machine, Point, fit, wanted
from termai.models.model_file import ModelFile
from termai.tui import download_rows, fit_chart, hub_rows, model_details, model_rows
from tests.tui import scenes
from tests.tui.model_files import QWEN3_8B

GIB = 1 << 30


def header() -> Header:
    return parse_header(QWEN3_8B.header())


def machine(vram: float) -> Machine:
    card = GpuRoom("RTX 4090", int(vram * GIB), 24 * GIB)
    return Machine((card,), 64 * GIB, 64 * GIB)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "-"), (630_000_000, "630M"), (8_190_735_360, "8.2B"), (1_000_000_000_000, "1.0T")],
)
def test_parameters(count: int, text: str) -> None:
    assert model_rows.parameters(count) == text


@pytest.mark.parametrize(
    ("count", "text"), [(7, "7"), (1234, "1.2k"), (123_456, "123k"), (3_400_000, "3.4M")]
)
def test_counts(count: int, text: str) -> None:
    assert hub_rows.count(count) == text


@pytest.mark.parametrize(("vram", "sign"), [(23.0, "● 37/37"), (4.0, "◐ ")])
def test_a_fit_has_a_sign_and_layers(vram: float, sign: str) -> None:
    found = fit(header(), wanted(8192), machine(vram))
    assert model_rows.fit_cell(found).plain.startswith(sign)


def test_a_fit_that_is_not_known_yet_differs_from_one_that_cannot_be_told() -> None:
    assert model_rows.fit_cell(None, known=False).plain == "…"
    assert model_rows.fit_cell(None).plain == "?"


def curve(usable: float) -> Curve:
    contexts = [1024 << power for power in range(6)]
    lines = tuple(
        Line(name, tuple(Point(c, int((4 + slope * c / 32_768) * GIB)) for c in contexts))
        for name, slope in (("f16", 4.0), ("q8_0", 2.0), ("q4_0", 1.0))
    )
    return Curve(lines, "VRAM", int(usable * GIB) + GIB, int(usable * GIB))


def test_the_curve_on_one_line_names_the_type_that_fits() -> None:
    text = fit_chart.summary(curve(6.5), 80).plain
    assert text == "4k 4.5G  8k 5.0G  16k 6.0G  32k 8.0G (q8_0 6.0G)"
    assert fit_chart.summary(curve(4.6), 80).plain.endswith("32k 8.0G✖")


@pytest.mark.parametrize("width", [10, 30, 50])
def test_the_curve_leaves_out_what_has_no_room(width: int) -> None:
    assert fit_chart.summary(curve(6.5), width).cell_length <= width
    table = fit_chart.table(curve(6.5), width).plain.splitlines()
    assert len(table) == 4
    assert max(map(len, table)) <= max(width, 13)


def test_between_two_points_the_curve_is_straight() -> None:
    line = curve(6.5).lines[0]
    assert fit_chart.at(line, 12_288) == pytest.approx(5.5 * GIB)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("download", scenes.downloads(), ids=lambda d: str(d.status))
def test_a_download_fits_its_line_and_says_its_state(download: Download, width: int) -> None:
    text = download_rows.row(download, width).plain
    assert len(text) <= width
    assert "%" in text
    if width >= 60:
        words = {Status.RUNNING: "left", Status.FAILED: "failed: The disk"}
        assert words.get(download.status, str(download.status)) in text


def test_the_strip_has_three_lines_at_most_and_none_for_what_is_over() -> None:
    assert len(download_rows.strip(scenes.downloads(), 80)) == 3
    over = [d for d in scenes.downloads() if d.status.over]
    assert download_rows.strip(over, 80) == ()


def test_texts_of_foreign_origin_are_plain_in_details_and_downloads() -> None:
    evil = "a\x1b]0;owned\x07\x9b2J\u202eb"
    model = ModelFile(
        Path(f"/m/{evil}"), evil, 1, evil, label=evil, program=evil, title=evil, read=True,
        architecture=evil, quantization=evil, problem=evil, aliases=(evil,),
        projector=Path(f"/m/{evil}"),
    )  # fmt: skip
    failed = replace(scenes.downloads()[4], problem=evil, fix=evil)
    texts = [
        model_details.details(model, None, None, 80).plain,
        *(getattr(c, "plain", str(c)) for c in model_rows.cells(model, None)),
        download_rows.row(failed, 80).plain,
        *(line.plain for line in download_rows.details(failed)),
    ]
    assert not set("\x1b\x07\x9b\u202e") & set("".join(texts))
