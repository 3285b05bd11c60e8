"""The identity behind the credentials in use, and the bucket name that follows from it."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

from cli.account.aws_cli import AwsCli
from cli.errors import CliError
from lakehouse.stage import NONE, staged

Kind = Literal["user", "assumed-role", "sso", "federated", "root"]

BUCKET_PREFIX: Final = "importau-lakehouse-"
_BUCKET_LENGTH: Final = 63

_ARN: Final = re.compile(r"arn:(?P<partition>aws[a-z-]*):(?:iam|sts)::(?P<account>\d{12}):(?P<resource>.+)", re.S)
_SSO_ROLE: Final = re.compile(r"AWSReservedSSO_(?P<set>.+)_[0-9a-f]{16}")
# A Learner Lab's session: the number of the user, and the name.
_NUMBERED: Final = re.compile(r"user\d+=(?P<name>.+)")
# Session names that SDKs and services invent, a new one each time: of no use as a name.
_MADE_UP: Final = re.compile(
    r"botocore-session-\d+|aws-sdk-\S*\d{6,}|AWSCLI-Session\S*|aws-go-sdk-\d+|session-?\d*|CloudShell\S*"
    r"|i-[0-9a-f]{8,}|[0-9a-f]{8}-[0-9a-f-]{27}|\d+",
    re.I,
)
# Names that identify nobody, as many accounts have them.
_GENERIC: Final = frozenset(
    {
        "admin", "administrador", "administrator", "administratoraccess", "aluno", "aws", "default", "dev",
        "developer", "estudante", "federated-user", "githubactions", "jenkins", "labuser", "lambda",
        "poweruseraccess", "readonlyaccess", "root", "session", "student", "terraform", "test", "teste", "user",
        "usuario", "vocareum", "vocstartsoft", "voclabs",
    }
)  # fmt: skip
# Endings that S3 reserves; the other reserved ones have two hyphens or a dot, which no name made here has.
_RESERVED_ENDINGS: Final = ("-s3alias", "-an")


@dataclass(frozen=True)
class Identity:
    """The answer of ``aws sts get-caller-identity``.

    Attributes
    ----------
    account : str
        Twelve digits.
    arn : str
        Such as ``arn:aws:sts::123456789012:assumed-role/voclabs/user1234567=Nome_Sobrenome``.
    user_id : str
    """

    account: str
    arn: str
    user_id: str

    @property
    def kind(self) -> Kind:
        """Which of the forms the identity has."""
        match self._path:
            case ("root",):
                return "root"
            case ("user", *_):
                return "user"
            case ("federated-user", *_):
                return "federated"
            case ("assumed-role", role, _):
                return "sso" if _SSO_ROLE.fullmatch(role) else "assumed-role"
        raise CliError(f"AWS names an identity of an unknown form: {self.arn}")

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn`` or ``aws-us-gov``."""
        return self._parts["partition"]

    @property
    def role(self) -> str | None:
        """The role's name when one is assumed; its path is not part of the identity."""
        return self._path[1] if self.kind in ("assumed-role", "sso") else None

    @property
    def name(self) -> str:
        """The person's name as far as the identity has it; the role's where a program invented the session's."""
        last = self._path[-1]
        if self.kind in ("assumed-role", "sso") and _MADE_UP.fullmatch(last):
            permission_set = _SSO_ROLE.fullmatch(self._path[1])
            return permission_set["set"] if permission_set else self._path[1]
        numbered = _NUMBERED.fullmatch(last)
        return (numbered["name"] if numbered else last).partition("@")[0]

    @property
    def is_personal(self) -> bool:
        """Whether the name is a person's, and not a role's, a machine's or a common one."""
        made_up = any(_MADE_UP.fullmatch(each) for each in (self._path[-1], self.name))
        return not made_up and self.name != self.role and _legal(self.name) not in _GENERIC

    @cached_property
    def _parts(self) -> re.Match[str]:
        match = _ARN.fullmatch(self.arn)
        if match is None:
            raise CliError(f"AWS names an identity of an unknown form: {self.arn}")
        return match

    @property
    def _path(self) -> tuple[str, ...]:
        return tuple(self._parts["resource"].split("/"))


def who_am_i(aws_cli: AwsCli) -> Identity:
    """Return whose credentials are in use, from AWS; that needs no permission."""
    answer = aws_cli.run("sts", "get-caller-identity")
    return Identity(answer["Account"], answer["Arn"], answer["UserId"])


def bucket_name(identity: Identity, stage: str = NONE) -> str:
    """Return the name of an identity's lakehouse bucket: ``importau-lakehouse-<user>``, and the stage.

    It is legal, has at most 63 characters, and is the same for every session of the person. The account is appended
    where the name identifies nobody (``root``, ``voclabs``, a session named by a program), is too long, or has an
    ending that S3 reserves.

    >>> bucket_name(Identity("123456789012", "arn:aws:iam::123456789012:user/Joana.Araujo", "AIDA"))
    'importau-lakehouse-joana-araujo'
    >>> bucket_name(Identity("123456789012", "arn:aws:iam::123456789012:root", "123456789012"))
    'importau-lakehouse-root-123456789012'
    >>> bucket_name(Identity("123456789012", "arn:aws:iam::123456789012:user/Joana.Araujo", "AIDA"), "dev")
    'importau-lakehouse-joana-araujo-dev'
    """
    name = _legal(identity.name)
    room = _BUCKET_LENGTH - len(staged(BUCKET_PREFIX, stage))
    if name and identity.is_personal and len(name) <= room and not f"-{name}".endswith(_RESERVED_ENDINGS):
        return staged(BUCKET_PREFIX + name, stage)
    short = name[: room - len(identity.account) - 1].rstrip("-")
    return staged(BUCKET_PREFIX + "-".join(part for part in (short, identity.account) if part), stage)


def _legal(name: str) -> str:
    """Return a name in the letters a bucket may have: no accents, no capitals, one hyphen for all the rest."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
