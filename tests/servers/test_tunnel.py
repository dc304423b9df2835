"""The line that reaches a server from a laptop."""

import socket

from termai.servers.tunnel import ssh_line


def test_the_tunnel_uses_the_address_this_login_used() -> None:
    line = ssh_line("http://127.0.0.1:8080", {"SSH_CONNECTION": "10.0.0.9 51000 192.168.1.5 2222"})
    assert line.startswith("ssh -N -L 8080:127.0.0.1:8080 -p 2222 ")
    assert line.endswith("@192.168.1.5")


def test_the_tunnel_without_ssh_uses_the_machines_name() -> None:
    line = ssh_line("http://[::1]:8081", {})
    assert "-L 8081:[::1]:8081 " in line
    assert line.endswith(f"@{socket.gethostname()}")
