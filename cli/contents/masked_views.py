"""The masked views of the tables that hold anything personal, made in the catalogue for Athena."""

from contextlib import suppress

from cli.session import Aws
from lakehouse.clients import together
from lakehouse.contract.model import Contract, load_all
from lakehouse.lake.masked_views import database, view_of


def make(aws: Aws) -> list[str]:
    """Make the masked view of each table with a personal or confidential column, or make it anew; return their names.

    Raises
    ------
    botocore.exceptions.ClientError
        The catalogue takes no database, or no view.
    """
    glue, its_database = aws.client("glue"), database(aws.stage)
    with suppress(glue.exceptions.AlreadyExistsException):
        glue.create_database(DatabaseInput=its_database)

    def made(contract: Contract) -> str:
        entry = view_of(contract, aws.stage)
        try:
            glue.create_table(DatabaseName=its_database["Name"], TableInput=entry)
        except glue.exceptions.AlreadyExistsException:
            glue.update_table(DatabaseName=its_database["Name"], TableInput=entry, SkipArchive=True)
        return f"{its_database['Name']}.{contract.table}"

    return list(together(made, [contract for contract in load_all() if contract.masking]))
