"""Runs several AWS CLI commands in one process, for starting it takes longer than most of them; runs in `.venv-sam`.

Standard input: JSON, a list of argument lists. Standard output: JSON, ``[exit code, stdout, stderr]`` for each.
"""

import contextlib
import io
import json
import sys

from awscli.clidriver import create_clidriver  # type: ignore[import-not-found]


def main() -> None:
    """Run the commands in turn."""
    driver = create_clidriver()
    answers = []
    for arguments in json.load(sys.stdin):
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
