"""Runs several AWS CLI commands in one process, for starting it takes longer than most of them; runs in `.venv-sam`.

Standard input: JSON, ``[argument lists, whether to stop at the first that fails]``.
Standard output: JSON, ``[exit code, stdout, stderr]`` for each that was run.
"""

import contextlib
import io
import json
import sys

from awscli.clidriver import create_clidriver  # type: ignore[import-not-found]


def main() -> None:
    """Run the commands in turn."""
    driver = create_clidriver()
    answers: list[tuple[object, str, str]] = []
    commands, stop_at_failure = json.load(sys.stdin)
    for arguments in commands:
        if stop_at_failure and answers and answers[-1][0]:
            break
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = driver.main(arguments)
            except SystemExit as end:  # what the command line's parser does
                code = end.code
        answers.append((code, out.getvalue(), err.getvalue()))
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
