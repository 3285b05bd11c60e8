"""Who asks, in every form AWS has for it, and the bucket's name that follows."""

import re
import string

import pytest
from answering import Answering
from hypothesis import given
from hypothesis import strategies as st

from cli.account.bucket import LEGAL
from cli.account.identity import BUCKET_PREFIX, Identity, bucket_name, who_am_i
from cli.errors import CliError

ACCOUNT = "123456789012"


def user(path: str) -> Identity:
    return Identity(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:{path}", "AIDAEXAMPLE")


def session(path: str, partition: str = "aws") -> Identity:
    return Identity(ACCOUNT, f"arn:{partition}:sts::{ACCOUNT}:{path}", "AROAEXAMPLE:x")


FORMS = {
    "user": (user("user/Joana.Araujo"), "user", "Joana.Araujo", None, "joana-araujo"),
    "user in a path": (user("user/staff/br/maria"), "user", "maria", None, "maria"),
    "learner lab": (
        session("assumed-role/voclabs/user1234567=Nome_Sobrenome"), "assumed-role", "Nome_Sobrenome", "voclabs",
        "nome-sobrenome",
    ),
    "assumed role": (session("assumed-role/Dev/ana@empresa.com"), "assumed-role", "ana", "Dev", "ana"),
    "sso": (
        session("assumed-role/AWSReservedSSO_PowerUserAccess_0123456789abcdef/ana.lima@empresa.com.br"), "sso",
        "ana.lima", "AWSReservedSSO_PowerUserAccess_0123456789abcdef", "ana-lima",
    ),
    "federated": (session("federated-user/Bob"), "federated", "Bob", None, "bob"),
    "root": (user("root"), "root", "root", None, f"root-{ACCOUNT}"),
    "china": (session("assumed-role/Dev/li", "aws-cn"), "assumed-role", "li", "Dev", "li"),
    "a session that an sdk named": (
        session("assumed-role/DataRole/botocore-session-1760000000"), "assumed-role", "DataRole", "DataRole",
        f"datarole-{ACCOUNT}",
    ),
    "a machine": (
        session("assumed-role/Builders/i-0123456789abcdef0"), "assumed-role", "Builders", "Builders",
        f"builders-{ACCOUNT}",
    ),
    "a session that sso named": (
        session("assumed-role/AWSReservedSSO_Lab_0123456789abcdef/botocore-session-1760000000"), "sso", "Lab",
        "AWSReservedSSO_Lab_0123456789abcdef", f"lab-{ACCOUNT}",
    ),
    "everybody's name": (user("user/aluno"), "user", "aluno", None, f"aluno-{ACCOUNT}"),
    "accents": (session("assumed-role/Dev/José.Ção"), "assumed-role", "José.Ção", "Dev", "jose-cao"),
    "no letter a bucket may have": (session("federated-user/李"), "federated", "李", None, ACCOUNT),
    "an ending that is s3's": (user("user/Nguyen.An"), "user", "Nguyen.An", None, f"nguyen-an-{ACCOUNT}"),
    "too long": (user(f"user/{'a' * 64}"), "user", "a" * 64, None, f"{'a' * 31}-{ACCOUNT}"),
}  # fmt: skip


@pytest.mark.parametrize(("identity", "kind", "name", "role", "bucket"), FORMS.values(), ids=FORMS)
def test_every_form_of_identity_is_read(
    identity: Identity, kind: str, name: str, role: str | None, bucket: str
) -> None:
    assert (identity.kind, identity.name, identity.role) == (kind, name, role)
    assert bucket_name(identity) == BUCKET_PREFIX + bucket


def test_a_bucket_is_the_same_in_every_session_of_a_person() -> None:
    sessions = [session(f"assumed-role/Dev/botocore-session-{number}") for number in (1_700_000_000, 1_760_000_001)]
    labs = [session(f"assumed-role/voclabs/user{number}=Ana_Lima") for number in (1, 2)]
    assert len({bucket_name(each) for each in sessions}) == len({bucket_name(each) for each in labs}) == 1


NAMES = st.one_of(
    st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=90),
    st.text(string.ascii_letters + string.digits + "_+=,.@-", min_size=2, max_size=64),  # what AWS admits
)


@given(NAMES, st.from_regex(r"[0-9]{12}", fullmatch=True), st.sampled_from(["user", "federated-user"]))
def test_a_bucket_name_is_legal_whatever_the_name(name: str, account: str, kind: str) -> None:
    arn = f"arn:aws:{'iam' if kind == 'user' else 'sts'}::{account}:{kind}/{name}"
    found = bucket_name(Identity(account, arn, "X"))
    assert LEGAL.fullmatch(found)
    assert len(found) <= 63
    assert found.startswith(BUCKET_PREFIX)
    assert not re.search(r"--|-s3alias$|-an$|\.mrap$", found)
    assert found == bucket_name(Identity(account, arn, "X"))


@given(NAMES)
def test_a_session_in_a_lab_is_read_whatever_the_name(name: str) -> None:
    found = bucket_name(session(f"assumed-role/voclabs/user1={name}"))
    assert LEGAL.fullmatch(found)


@pytest.mark.parametrize("arn", ["arn:aws:iam::123456789012:group/x", "nonsense", "arn:aws:sts::1:assumed-role/a/b"])
def test_an_identity_that_nobody_knows_is_said_to_be_so(arn: str) -> None:
    with pytest.raises(CliError, match="unknown form"):
        _ = Identity(ACCOUNT, arn, "X").kind


def test_aws_is_asked_who_it_is() -> None:
    answer = {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/maria", "UserId": "AIDA"}
    assert who_am_i(Answering(answers={"sts get-caller-identity": answer})).name == "maria"


@pytest.mark.parametrize(
    "name",
    [
        "botocore-session-17", "aws-sdk-java-1234567", "AWSCLI-Session-x", "aws-go-sdk-12", "session", "session-12",
        "CloudShell-x", "i-0123abcd", "01234567-0123-0123-0123-012345678901", "17", "BOTOCORE-SESSION-17",
    ],
)  # fmt: skip
def test_a_name_that_a_program_made_up_is_nobodys(name: str) -> None:
    made_up = session(f"assumed-role/Dev/{name}")
    assert (made_up.name, made_up.is_personal) == ("Dev", False)
    assert not user(f"user/{name}").is_personal


GENERIC = [
    "admin", "administrador", "administrator", "AdministratorAccess", "aluno", "aws", "default", "dev", "developer",
    "estudante", "federated-user", "GitHubActions", "jenkins", "labuser", "lambda", "PowerUserAccess", "ReadOnlyAccess",
    "root", "session", "student", "terraform", "test", "teste", "user", "usuario", "vocareum", "vocstartsoft",
    "voclabs", "Usuário",
]  # fmt: skip


@pytest.mark.parametrize("name", GENERIC)
def test_a_name_that_half_the_world_has_is_nobodys(name: str) -> None:
    assert not user(f"user/{name}").is_personal


def test_a_persons_name_is_one_and_a_roles_is_not() -> None:
    assert user("user/ana").is_personal
    assert session("assumed-role/Dev/user1=17=Ana").name == "17=Ana"
    assert not session("assumed-role/Dev/Dev").is_personal
    assert user("root").partition == "aws"
    assert session("assumed-role/Dev/li", "aws-cn").partition == "aws-cn"


@pytest.mark.parametrize("length", [43, 44, 45])
def test_a_name_fits_up_to_63_characters(length: int) -> None:
    found = bucket_name(user(f"user/{'a' * length}"))
    assert found == BUCKET_PREFIX + ("a" * length if length <= 44 else f"{'a' * 31}-{ACCOUNT}")


def test_no_hyphens_meet_where_a_name_is_cut() -> None:
    assert bucket_name(user(f"user/{'a' * 30}-{'b' * 30}")) == f"{BUCKET_PREFIX}{'a' * 30}-{ACCOUNT}"


def test_an_identity_of_no_known_form_is_quoted() -> None:
    with pytest.raises(CliError) as failure:
        _ = Identity(ACCOUNT, "nonsense", "X").partition
    assert failure.value.message == "AWS names an identity of an unknown form: nonsense"
    with pytest.raises(CliError) as failure:
        _ = user("group/x").kind
    assert failure.value.message == f"AWS names an identity of an unknown form: arn:aws:iam::{ACCOUNT}:group/x"


def test_the_whole_answer_is_kept() -> None:
    answer = {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/maria", "UserId": "AIDA"}
    asked = Answering(answers={"sts get-caller-identity": answer})
    assert who_am_i(asked) == Identity(ACCOUNT, answer["Arn"], "AIDA")
