"""Settings are read from the environment, with defaults beside the code."""

from pathlib import Path

import pytest

from include.sla_logic.settings import MailTls, Settings, UnableToReadSettings


def test_without_any_setting_everything_stays_inside_the_checkout():
    settings = Settings.from_environment({})
    root = Path(__file__).parents[2]
    assert settings.database_url == f"sqlite+pysqlite:///{root}/.teleco/teleco.db"
    assert settings.letters_folder == root / ".teleco" / "letters"
    assert settings.smtp is None


def test_letters_lie_beside_an_sqlite_file_unless_said_otherwise(tmp_path):
    url = f"sqlite:///{tmp_path}/x.db"
    assert Settings.from_environment({"TELECO_DB_URL": url}).letters_folder == tmp_path / "letters"
    other = {"TELECO_DB_URL": url, "TELECO_LETTERS": str(tmp_path / "out")}
    assert Settings.from_environment(other).letters_folder == tmp_path / "out"


def test_a_mail_server_is_read_from_its_url():
    url = "smtp://me%40x:p%3Aw@mail.example.net:587?starttls=true&sender=sla@example.net"
    smtp = Settings.from_environment({"TELECO_SMTP_URL": url}).smtp
    assert (smtp.host, smtp.port, smtp.login, smtp.password) == ("mail.example.net", 587, "me@x", "p:w")
    assert (smtp.tls, smtp.sender) == (MailTls.STARTTLS, "sla@example.net")
    assert "p:w" not in repr(smtp)


def test_a_mail_server_behind_implicit_tls_has_a_scheme_and_a_port_of_its_own():
    smtp = Settings.from_environment({"TELECO_SMTP_URL": "smtps://mail.example.net"}).smtp
    assert (smtp.port, smtp.tls) == (465, MailTls.IMPLICIT)


@pytest.mark.parametrize("url", ["mail.example.net", "http://x", "smtp://x:notaport"])
def test_a_mail_server_url_without_meaning_is_refused(url):
    with pytest.raises(UnableToReadSettings, match="TELECO_SMTP_URL"):
        Settings.from_environment({"TELECO_SMTP_URL": url})


def test_the_team_has_one_address():
    assert Settings.from_environment({"TELECO_TEAM": "desk@example.net"}).team == "desk@example.net"
    for wrong in ("desk", "desk@example.net, noc@example.net", "a@b.example\nBcc: eve@example.net"):
        with pytest.raises(UnableToReadSettings, match="TELECO_TEAM"):
            Settings.from_environment({"TELECO_TEAM": wrong})
