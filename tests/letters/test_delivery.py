import socket
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from include.sla_logic.domain.mail_message import read_message
from include.sla_logic.gateways.smtp import UnableToDeliverMail, UnableToSendMail, deliver_mail
from include.sla_logic.letters.letter_outbox import RenderingLetterOutbox, UnableToUseSender, render
from include.sla_logic.settings import MailTls, Smtp
from tests.letters.postbox import LOGIN, PASSWORD, Server
from tests.letters.reports import customer, report


@cache
def posted(**changes: Any) -> dict[str, Any]:
    outbox: dict[str, dict[str, Any]] = {}
    told = report(series=()) if changes else report()
    RenderingLetterOutbox(outbox.__setitem__, installation="k3", sender="desk@teleco.example").post(
        told, customer(**changes)
    )
    ((key, payload),) = outbox.items()
    assert key == payload["message_id"]
    return payload


def test_a_sender_that_is_no_address_is_a_wrong_setting_and_no_fault_of_the_customer() -> None:
    with pytest.raises(UnableToUseSender, match="teleco_smtp") as failed:
        render(report(series=()), customer(), installation="k3", sender="TELECO")
    assert failed.value.concerns_all


def test_the_server_gets_the_letter_with_both_parts_and_its_pictures(server: Server, tmp_path: Path) -> None:
    answer = deliver_mail(posted(), smtp=server.smtp, folder=tmp_path)

    assert answer == {"sent": f"accepted by 127.0.0.1:{server.smtp.port}"}
    (envelope,) = server.postbox.kept
    assert (envelope.mail_from, envelope.rcpt_tos) == ("desk@teleco.example", ["marta@example.org"])
    message = read_message(envelope.content.decode("ascii"))
    assert message["From"] == "TELECO Customer Service <desk@teleco.example>"
    assert message["To"] == "Marta Lindqvist <marta@example.org>"
    assert message["Subject"] == "Business Fibre 500: resolved (TT-000017)"
    assert message["Date"] == "Tue, 17 Nov 2026 15:20:00 +0000"
    assert message["Content-Language"] == "en"
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert (text.get_content_charset(), html.get_content_charset()) == ("utf-8", "utf-8")
    assert "€18.90" in text.get_content()
    assert "€18.90" in html.get_content()
    pictures = {part["Content-ID"]: part for part in message.walk() if part.get_content_type() == "image/png"}
    assert set(pictures) == {"<performance-1>", "<performance-2>"}
    for mark, picture in pictures.items():
        assert f"cid:{mark.strip('<>')}" in html.get_content()
        assert picture.get_content().startswith(b"\x89PNG")
    assert list(tmp_path.iterdir()) == []


def test_each_sending_of_a_letter_is_the_same_to_the_byte(server: Server, tmp_path: Path) -> None:
    payload = posted()

    for _ in range(2):
        deliver_mail(payload, smtp=server.smtp, folder=tmp_path)

    first, second = (envelope.content for envelope in server.postbox.kept)
    assert first == second
    assert first.decode("ascii") == payload["message"]


def test_rendering_again_gives_the_same_letter_and_another_report_another_identity() -> None:
    first, again = (render(report(), customer(), installation="k3") for _ in range(2))
    other = render(report(series=(), credit=None), customer(), installation="k3")

    assert first == again
    assert other["message_id"] != first["message_id"]


def test_a_letter_stays_the_same_after_being_stored_as_json() -> None:
    import json

    payload = posted()

    assert json.loads(json.dumps(payload)) == payload
    assert payload["message"].isascii()


def test_no_line_of_the_mail_is_longer_than_the_mail_standard_allows() -> None:
    assert max(map(len, posted()["message"].split("\r\n"))) <= 998
    assert "\n" not in posted()["message"].replace("\r\n", "")


@pytest.mark.parametrize("tls", [MailTls.NONE, MailTls.STARTTLS])
def test_the_wrong_way_to_a_server_is_named(encrypted_server: Server, tls: MailTls, tmp_path: Path) -> None:
    way = {MailTls.NONE: "without TLS", MailTls.STARTTLS: "STARTTLS"}[tls]
    with pytest.raises(UnableToSendMail, match=way):
        deliver_mail(posted(), smtp=replace(encrypted_server.smtp, tls=tls, timeout=1), folder=tmp_path)


def test_a_certificate_that_nobody_vouches_for_is_taken_only_where_the_settings_say_so(
    encrypted_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    smtp = replace(encrypted_server.smtp, tls=MailTls.IMPLICIT)
    with pytest.raises(UnableToSendMail, match="CERTIFICATE_VERIFY_FAILED"):
        deliver_mail(posted(), smtp=smtp, folder=tmp_path)
    deliver_mail(posted(), smtp=replace(smtp, verified=False), folder=tmp_path)
    assert len(encrypted_server.postbox.kept) == 1


def test_a_wrong_password_can_be_corrected_so_the_letter_stays(guarded_server: Server, tmp_path: Path) -> None:
    smtp = replace(guarded_server.smtp, tls=MailTls.STARTTLS, login=LOGIN, password="wrong")

    with pytest.raises(UnableToSendMail, match="refused the login"):
        deliver_mail(posted(), smtp=smtp, folder=tmp_path)


@pytest.mark.parametrize("tls", [MailTls.NONE, MailTls.STARTTLS])
def test_a_letter_waits_while_the_settings_lack_what_the_server_wants(
    guarded_server: Server, tls: MailTls, tmp_path: Path
) -> None:
    with pytest.raises(UnableToSendMail, match="asks for TLS or a login: 530"):
        deliver_mail(posted(), smtp=replace(guarded_server.smtp, tls=tls), folder=tmp_path)


def test_a_server_whose_certificate_nobody_vouches_for_gets_no_letter(
    guarded_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    smtp = replace(guarded_server.smtp, tls=MailTls.STARTTLS, login=LOGIN, password=PASSWORD)

    with pytest.raises(UnableToSendMail, match="does not answer"):
        deliver_mail(posted(), smtp=smtp, folder=tmp_path)
    assert guarded_server.postbox.kept == []


def test_a_refused_recipient_is_final(server: Server, tmp_path: Path) -> None:
    server.postbox.refuse_recipient = "550 no such person"

    with pytest.raises(UnableToDeliverMail, match="550 no such person"):
        deliver_mail(posted(), smtp=server.smtp, folder=tmp_path)


@pytest.mark.parametrize("answer", ["450 later", "421 closing"])
def test_a_recipient_put_off_can_be_tried_again(server: Server, tmp_path: Path, answer: str) -> None:
    server.postbox.refuse_recipient = answer

    with pytest.raises(UnableToSendMail):
        deliver_mail(posted(), smtp=server.smtp, folder=tmp_path)


def test_content_refused_for_good_is_final_and_content_put_off_is_not(server: Server, tmp_path: Path) -> None:
    server.postbox.refuse_data = "554 not that"
    with pytest.raises(UnableToDeliverMail, match="554 not that"):
        deliver_mail(posted(), smtp=server.smtp, folder=tmp_path)

    server.postbox.refuse_data = "451 disk full"
    with pytest.raises(UnableToSendMail, match="451 disk full"):
        deliver_mail(posted(), smtp=server.smtp, folder=tmp_path)


def test_a_server_that_is_down_is_named_and_can_be_tried_again(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: nobody answers here
        port = taken.getsockname()[1]
        with pytest.raises(UnableToSendMail, match=f"127.0.0.1:{port}"):
            deliver_mail(posted(), smtp=Smtp(host="127.0.0.1", port=port), folder=tmp_path)


def test_a_server_that_says_nothing_is_given_up_after_the_timeout(tmp_path: Path) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        smtp = Smtp(host="127.0.0.1", port=mute.getsockname()[1], timeout=0.2)
        with pytest.raises(UnableToSendMail, match="timed out"):
            deliver_mail(posted(), smtp=smtp, folder=tmp_path)


def test_the_password_is_shown_nowhere() -> None:
    assert PASSWORD not in repr(Smtp(host="mail", login=LOGIN, password=PASSWORD))


def test_without_a_server_the_letter_is_written_to_files_whose_places_are_the_answer(tmp_path: Path) -> None:
    payload = posted()

    answer = deliver_mail(payload, smtp=None, folder=tmp_path / "letters")

    eml, page = map(Path, answer["written"])
    assert eml.stat().st_mode & 0o077 == page.stat().st_mode & 0o077 == 0
    assert eml.read_bytes().decode("ascii") == payload["message"]
    assert (eml.suffix, page.suffix, eml.stem) == (".eml", ".html", page.stem)
    assert answer["because"] == "No mail server is configured."
    html = page.read_text(encoding="utf-8")
    assert "cid:" not in html
    assert html.count("data:image/png;base64,") == 2


def test_writing_a_letter_again_leaves_the_same_two_files_and_nothing_unfinished(tmp_path: Path) -> None:
    payload = posted()

    first = deliver_mail(payload, smtp=None, folder=tmp_path)
    second = deliver_mail(payload, smtp=None, folder=tmp_path)

    assert first == second
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_cannot_be_written_is_named_and_can_be_tried_again(tmp_path: Path) -> None:
    (tmp_path / "letters").write_text("a file where the folder should be")

    with pytest.raises(UnableToSendMail, match="could not be written"):
        deliver_mail(posted(), smtp=None, folder=tmp_path / "letters")


@pytest.mark.parametrize(
    "email", [None, "", "nobody", "a@b", "x@example.org\r\nBcc: all@example.org", "<a@b.c>, d@e.f"]
)
def test_a_reader_without_a_usable_address_gets_the_letter_by_post(
    server: Server, tmp_path: Path, email: str | None
) -> None:
    answer = deliver_mail(posted(email=email), smtp=server.smtp, folder=tmp_path)

    assert server.postbox.kept == []
    assert len(answer["written"]) == 2
    assert "address" in answer["because"]
    message = read_message(Path(answer["written"][0]).read_text())
    assert message["Bcc"] is None
    assert message["To"] in ("Marta Lindqvist:;", '"Marta Lindqvist":;')
