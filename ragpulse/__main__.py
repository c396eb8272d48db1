"""`ragpulse VERB ...`: every error that is meant for people ends as its own lines and the exit status it carries.

So does what the system refuses: a folder that cannot be made, a disk that is full.
"""

import sys

from ragpulse.errors import RagpulseError


def main() -> None:
    """Errors: SystemExit with 0, 1 (the world), 2 (the configuration or the usage) or 130 (interrupted)."""
    arguments = sys.argv[1:]
    try:
        if arguments[:1] == ["agent"]:
            # An agent stays in memory on every node: neither typer nor rich comes along.
            from ragpulse.commands import agent  # noqa: PLC0415

            agent.main(arguments[1:])
        else:
            from ragpulse.commands import app  # noqa: PLC0415 - see above

            app.main(arguments)
    except RagpulseError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:
        print(f"{error.filename or 'ragpulse'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
