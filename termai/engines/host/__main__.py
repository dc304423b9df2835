"""``python -m termai.engines.host``: listen, load the model, answer until told to stop."""

import sys

from termai.engines.host.console import fail


def main() -> int:
    """Serve as the environment says; ``--devices`` prints the GPU devices as JSON instead."""
    if sys.argv[1:] == ["--devices"]:
        import json

        from termai.engines.host.devices import gpu_devices

        sys.stdout.write(json.dumps(gpu_devices()) + "\n")
        return 0
    from termai.engines.host.settings import take

    try:
        settings = take()
    except ValueError as error:
        fail(str(error))
        return 2
    from termai.engines.host.serving import serve

    return serve(settings)


if __name__ == "__main__":
    import os

    code = main()
    sys.stdout.flush()
    os._exit(code)  # a load or a request may still be in native code, which nothing can join
