"""doctor: what this machine has and lacks, what to do about it, and whether engines work."""

import click

from termai.cli import names, options
from termai.errors import UsageError


@click.command(short_help="Check this machine, the engines and termai's own files.")
@click.option(
    "--only",
    multiple=True,
    metavar="GROUP",
    shell_complete=names.check_groups,
    help="Check this group only, named in full or by its beginning; may be repeated.",
)
@click.option("--fix", is_flag=True, help="Ask for each command that mends something, and run it.")
@click.option("--report", is_flag=True, help="Write a text for a bug report, without your names.")
@click.option("--prove", is_flag=True, help="Run the smoke model on every engine and device.")
@options.as_json
def doctor(only: tuple[str, ...], *, fix: bool, report: bool, prove: bool, as_json: bool) -> int:
    """Check what is here, what is wrong and what to do about it.

    The exit code is 0 unless something is broken that a profile of your own needs: then it is 4.
    With --prove it is 5 when an engine does not work.
    """
    given = {"--fix": fix, "--report": report, "--prove": prove, "--json": as_json}
    _refuse(given, ("--fix", "--report"), ("--fix", "--prove"), ("--report", "--prove"))
    _refuse(given, ("--fix", "--json"), ("--report", "--json"))
    if prove:
        from termai.cli import doctor_proof

        if only:
            raise UsageError("--prove runs on every engine: it takes no --only.")
        return doctor_proof.prove(as_json=as_json)
    if fix:
        from termai.cli import doctor_mending

        return doctor_mending.mend(only)
    from termai.cli import doctor_findings

    if report:
        return doctor_findings.report(only)
    return doctor_findings.examine(only, as_json=as_json)


def _refuse(given: dict[str, bool], *pairs: tuple[str, str]) -> None:
    for one, other in pairs:
        if given[one] and given[other]:
            raise UsageError(f"{one} and {other} do not go together.")
