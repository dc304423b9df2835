"""The ``termai`` command: the quick commands and the program without click, the rest with it."""

import sys


def main() -> None:
    """Run the command line of this process and exit with the code that it documents."""
    from termai.cli import ending

    sys.exit(ending.guarded(_dispatch, sys.argv[1:]))


def _dispatch(arguments: list[str]) -> int:
    from termai.cli import quick

    code = quick.run(arguments)
    if code is not None:
        return code
    from termai.cli.main import run

    return run(arguments)


if __name__ == "__main__":
    main()
