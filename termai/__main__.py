"""The ``termai`` command: the quick commands and the program without click, the rest with it."""

import gc
import io
import os
import sys


def main() -> None:
    """Run the command line of this process and exit with the code that it documents."""
    if sys.platform == "win32":
        sys.exit("termai runs on Windows inside WSL: https://learn.microsoft.com/windows/wsl")
    arguments = sys.argv[1:]
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a locale without “…” is no failure
    gc.disable()  # nothing that the quick commands do lives long enough to be collected
    try:
        code = _quick(arguments)
    except BaseException as error:  # noqa: BLE001  # told below, whatever it is
        from termai.cli import ending

        sys.exit(ending.after(error, arguments))
    if code is not None:
        os._exit(code)  # tearing the interpreter down would take a tenth of the time
    gc.enable()
    from termai.cli import ending

    sys.exit(ending.guarded(_run, arguments))


def _open_closed_streams() -> None:
    """Put the null device where a standard stream was closed, so that no file takes its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(descriptor, True)
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8", closefd=False))


def _quick(arguments: list[str]) -> int | None:
    from termai.cli import quick

    code = quick.run(arguments)
    if code is not None:
        sys.stdout.flush()
    return code


def _run(arguments: list[str]) -> int:
    from termai.cli import quick

    if not arguments and quick.COMPLETION not in os.environ:
        from termai.cli.opening import open_program

        return open_program()
    from termai.cli.main import run

    return run(arguments)


if __name__ == "__main__":
    main()
