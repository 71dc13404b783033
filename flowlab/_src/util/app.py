"""`tf.app.run`: start a program with the flags of its command line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from flowlab._src.util.export import export
from flowlab._src.util.flag_parsers import Error
from flowlab._src.util.flag_values import FLAGS, argv_of_program, in_notebook


@export("app.run")
def run(main: Callable[[list[str]], Any] | None = None, argv: Sequence[str] | None = None) -> None:
    """Read the flags of the command line, call `main` with what is left of it, and end the program.

    Parameters
    ----------
    main : function of one argument, optional
        Gets the list of the program's name and all arguments that are no flag of it. The function called ``main`` of the
        program if not given. What it returns is the exit status; None stands for success.
    argv : list of str, optional
        The command line, that of the program if not given.

    Raises
    ------
    SystemExit
        Always, as in TensorFlow; in a notebook only if `main` returns a status other than 0.

    Notes
    -----
    ``--help`` prints the flags and ends the program. Flags that the program does not define are left to `main`.

    Examples
    --------
    >>> def main(argv):
    ...     print("arguments:", argv[1:])
    >>> try:
    ...     tf.app.run(main, argv=["train.py", "data.csv"])
    ... except SystemExit as end:
    ...     print("status:", end.code)
    arguments: ['data.csv']
    status: None
    """
    main = main or getattr(sys.modules["__main__"], "main", None)
    if main is None:
        raise AttributeError("tf.app.run() found no function called main: define main(argv), or pass a function.")
    line = argv_of_program(sys.argv) if argv is None else list(argv)
    if any(argument in ("--help", "-help", "-h", "--helpfull", "--helpshort") for argument in line[1:]):
        doc = (getattr(sys.modules["__main__"], "__doc__", None) or "").strip()
        print(f"{doc}\n\nflags:\n\n{FLAGS.get_help()}" if doc else f"flags:\n\n{FLAGS.get_help()}")
        sys.exit(1)
    try:
        rest = FLAGS(line, known_only=True)
    except Error as error:
        print(
            f"FATAL Flags parsing error: {error}\nPass --helpshort or --helpfull to see help on flags.", file=sys.stderr
        )
        sys.exit(1)
    status = main(rest)
    if status or not in_notebook():
        sys.exit(status)
