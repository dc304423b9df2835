"""completion: the script that teaches a shell to complete termai's command line."""

import click

_HOW = {
    "bash": 'eval "$(termai completion bash)" in ~/.bashrc',
    "zsh": 'eval "$(termai completion zsh)" in ~/.zshrc',
    "fish": "termai completion fish > ~/.config/fish/completions/termai.fish",
}


@click.command(
    short_help="Print a completion script for a shell.",
    epilog="\b\n" + "\n".join(f"{shell}: {how}" for shell, how in _HOW.items()),
)
@click.argument("shell", type=click.Choice(list(_HOW)))
def completion(shell: str) -> int:
    """Print the script that lets SHELL complete commands, options, servers and profiles."""
    from click.shell_completion import get_completion_class

    from termai.cli.main import cli
    from termai.cli.quick import COMPLETION
    from termai.cli.style import out

    maker = get_completion_class(shell)
    if maker is None:
        raise click.UsageError(f"{shell} is not supported.")
    out(maker(cli, {}, "termai", COMPLETION).source())
    return 0
