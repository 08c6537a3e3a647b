"""The command line, run in this process as a user runs it."""

from mlresample._cli import main


def runner(capsys):
    """Return a function that runs a command and returns what it prints, or its error."""

    def run(*arguments, status=0):
        assert main(list(map(str, arguments))) == status
        out, err = capsys.readouterr()
        if status:
            assert out == ""
            assert err.count("\n") == 1
            return err
        assert err == ""
        return out

    return run
