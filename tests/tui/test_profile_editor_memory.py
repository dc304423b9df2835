"""The panel beside the fields: what is needed of what is free, and what is wrong, in any width."""

from dataclasses import replace

import pytest
from textual.content import Content

from termai.engines.drift import Change, Drift
from termai.profiles.clashes import Clash, Severity
from termai.profiles.profile import Profile
from termai.servers.preview import Preview, Row
from termai.tui import profile_memory
from termai.tui.profile_flaws import Flaw, flaws, to_mend, worst

GIB = 1 << 30
RAM = Row("CPU", "RAM", GIB // 2, 40 * GIB, 64 * GIB, GIB)
FULL = Row("CUDA0", "NVIDIA GeForce RTX 3060", int(6.9 * GIB), 6 * GIB, 12 * GIB, GIB)
PREVIEW = Preview("llama-server", rows=(RAM, FULL), verdict="does not fit", fits=False)
THREADS = Clash(
    "threads-beyond-cores", ("threads",), Severity.WARNING, "64 on 8.", "Take 8.", {"threads": 8}
)
FLASH = Clash("v", ("cache_type_v", "flash_attn"), Severity.PROBLEM, "It needs it.", "Ask Ada.", {})
GONE = Drift("args.llama-server", "--old", "--old is gone.", "load.threads", fatal=True)


def text(lines: tuple[Content, ...]) -> list[str]:
    return [line.plain for line in lines]


def test_each_device_has_a_line_with_needed_and_free_memory() -> None:
    title, ram, gpu, verdict = text(profile_memory.lines(PREVIEW, None, 29))
    assert title.rstrip() == "MEMORY needed/free"
    assert ram.endswith("0.5/40.0G")
    assert gpu.startswith("RTX 3060 ▓▓▓")
    assert gpu.endswith("6.9/6.0G ✖")
    assert verdict == "✖ does not fit"


def test_the_title_says_by_how_much_memory_has_changed() -> None:
    before = profile_memory.total(PREVIEW)
    assert text(profile_memory.lines(PREVIEW, before - GIB, 40))[0].endswith("+1.0G")
    assert text(profile_memory.lines(PREVIEW, before + GIB, 40))[0].endswith("-1.0G")
    assert text(profile_memory.lines(PREVIEW, before + 5, 40))[0].rstrip().endswith("free")


@pytest.mark.parametrize("width", [5, 12, 20, 29, 60, 200])
def test_no_line_is_wider_than_the_panel_but_by_a_word(width: int) -> None:
    for line in profile_memory.lines(PREVIEW, 0, max(10, width)):
        assert line.cell_length <= max(20, width)
    assert profile_memory.strip(PREVIEW, None, width).plain.count("\n") == 1


def test_without_numbers_the_reason_stands_there() -> None:
    preview = Preview(problem="There is no model x.")
    assert "There is no model x." in text(profile_memory.lines(preview, None, 60))
    assert "There is no model x." in profile_memory.strip(preview, None, 60).plain
    assert "Looking" in text(profile_memory.lines(None, None, 60))[1]


def test_what_comes_from_files_cannot_drive_the_terminal() -> None:
    evil = Row("CUDA0", "a\x1b[31mb [bold]", 1, 2, 3, 0)
    lines = text(profile_memory.lines(Preview(rows=(evil,), advice="\x1b]0;x\x07"), None, 60))
    assert "\x1b" not in "".join(lines)
    assert "ab [bold]" in "".join(lines)


def test_problems_come_first_and_flags_that_are_gone_are_among_them() -> None:
    found = flaws((THREADS, FLASH), (GONE,))
    assert [flaw.text for flaw in found] == ["--old is gone.", "It needs it.", "64 on 8."]
    assert worst(found, "flash_attn") == "problem"
    assert worst(found, "threads") == "warning"
    assert worst(found, "args.llama-server") == "problem"
    assert worst(found, "ctx_size") == ""


def test_one_key_mends_the_chosen_field_s_flaw_else_the_first_that_can_be() -> None:
    found = flaws((THREADS, FLASH), (GONE,))
    mended = to_mend(found, "cache_type_v")
    assert mended is not None
    assert mended.text == "64 on 8."
    assert mended.mended
    profile = Profile(name="p").with_values(threads=64)
    assert mended.mended(profile).value("threads") == 8
    assert to_mend(flaws((FLASH,), (GONE,)), "flash_attn") is None


def test_a_flag_is_brought_up_to_date_by_its_own_change() -> None:
    profile = Profile(name="p", args={"llama-server": ("--old", "4")})
    change = Change(("--old", "4"), 0, 2, values={"threads": 4})
    (flaw,) = flaws((), (Drift("args.llama-server", "--old", "Gone.", change=change),))
    assert flaw.mended
    assert flaw.mended(profile) == Profile(name="p").with_values(threads=4)


def test_the_key_stands_before_the_flaw_that_it_mends() -> None:
    found = flaws((THREADS, FLASH), ())
    lines = text(profile_memory.flaw_lines(found, found[1], 40))
    assert lines == ["✖ It needs it.", "    Ask Ada.", "▲ 64 on 8.", "  x Take 8."]
    lines = text(profile_memory.flaw_lines(found, found[1], 40, height=3))
    assert lines == ["  x Take 8.", "▲ 64 on 8.", "✖ It needs it.", "    Ask Ada."]
    strip = profile_memory.strip(PREVIEW, found[1], 40).plain.splitlines()[1]
    assert strip == "▲ 64 on 8. x fixes"
    assert isinstance(found[0], Flaw)
    strip = profile_memory.strip(PREVIEW, found[1], 17).plain.splitlines()[1]
    assert strip == "▲ x Take 8."


def test_of_two_ways_out_the_key_stands_before_the_one_that_it_takes() -> None:
    (found,) = flaws((replace(THREADS, fix_text="Take 8. Or buy 56."),), ())
    what, *lines = profile_memory.flaw_lines((found,), found, 40)
    assert text((what, *lines)) == ["▲ 64 on 8.", "  x Take 8.", "    Or buy 56."]
    assert "bold" in str(lines[0].spans[-1].style)
    assert "bold" not in str(lines[1].spans[-1].style)
    lines = [*profile_memory.flaw_lines((found,), found, 40, height=2)]
    assert text((*lines,)) == ["  x Take 8.", "▲ 64 on 8.", "    Or buy 56."]
    strip = profile_memory.strip(PREVIEW, found, 17).plain.splitlines()[1]
    assert strip == "▲ x Take 8"
