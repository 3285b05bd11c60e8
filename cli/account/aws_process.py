"""Runs AWS CLI commands one after the other, as its start takes longer than most of them; runs in `.venv-sam`.

Each line of standard input is a JSON list of arguments; each line of output, JSON ``[exit code, stdout, stderr]``.
"""

import contextlib
import io
import json
import sys

from awscli.clidriver import create_clidriver  # type: ignore[import-not-found]


def main() -> None:
    """Run commands until there are no more."""
    driver, answers = create_clidriver(), sys.stdout
    for line in sys.stdin:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = driver.main(json.loads(line))
            except SystemExit as end:  # what the command line's parser does
                code = end.code
        print(json.dumps([code, out.getvalue(), err.getvalue()]), file=answers, flush=True)


if __name__ == "__main__":
    main()
