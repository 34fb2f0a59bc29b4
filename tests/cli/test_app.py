"""Version, help, completion and what is said where a package is missing."""

import sys

import pytest

import sklnoise


def test_version_is_printed(cli):
    done = cli("--version")
    assert (done.code, done.out) == (0, f"sklnoise {sklnoise.__version__}\n")


def test_no_argument_prints_the_help(cli):
    done = cli()
    assert done.code == 0
    for word in ("demo", "audit", "predict", "--install-completion", "--show-completion"):
        assert word in done.out


@pytest.mark.parametrize("command", ["demo", "audit", "predict"])
def test_command_has_help(cli, command):
    done = cli(command, "--help")
    assert done.code == 0
    assert f"Usage: sklnoise {command}" in done.out


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("sklnoise aud", ["audit"]),
        ("sklnoise audit --correction bo", ["bootstrap-soft", "bootstrap-hard"]),
    ],
)
def test_shell_completes_commands_and_corrections(cli, monkeypatch, words, completed):
    monkeypatch.setenv("_SKLNOISE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    assert cli().out.split() == completed


@pytest.mark.parametrize(
    ("package", "extras"), [("pandas", "cli"), ("polars", "cli,frames")]
)
def test_missing_package_of_tables_says_what_to_install(
    cli, forget, tmp_path, monkeypatch, package, extras
):
    forget("sklnoise.cli._")
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    done = cli("audit", tmp_path / "x.parquet", "--target", "y")
    assert done.code == 1
    assert done.err == (
        f"sklnoise's command line needs {package}. "
        f'Install it by: pip install "sklnoise[{extras}]"\n'
    )
