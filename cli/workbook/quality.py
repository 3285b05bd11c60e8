"""The sheet of the quality: what the audits let through, with which warnings, and what waits in the quarantine."""

from dataclasses import asdict
from typing import Final

from cli.workbook.page import Desk, Field

NAME: Final = "Qualidade"
VERDICTS: Final = {"pass": "aprovada", "warn": "aprovada com avisos", "fail": "reprovada"}
_LAYERS: Final = {"bronze": "Bronze", "silver": "Silver", "gold": "Gold", "forecast": "Previsão"}
_TABLES: Final = (
    Field("table", "Tabela", "text", is_key=True), Field("layer", "Camada", "text"), Field("owner", "Dono", "text"),
    Field("verdict", "Auditoria", "text"), Field("read", "Linhas lidas", "count"),
    Field("rows", "Linhas mantidas", "count"), Field("quarantined", "Na quarentena", "count"),
    Field("superseded", "Substituídas por correção", "count"), Field("rules", "Regras", "count"),
)  # fmt: skip
_WARNED: Final = (
    Field("table", "Tabela", "text", is_key=True), Field("rule", "Regra", "text"),
    Field("owner", "Dono", "text"), Field("failed", "Casos", "count"), Field("examined", "Examinados", "count"),
    Field("description", "O que a regra diz", "text", wrap=44, across=4),
)  # fmt: skip
_ASIDE: Final = (
    Field("table", "Tabela", "text", is_key=True), Field("reason", "Motivo", "text"),
    Field("owner", "Dono", "text"), Field("count", "Vezes", "count"),
)  # fmt: skip


def add(desk: Desk) -> None:
    """Add the sheet."""
    audits = desk.content.audits
    page = desk.page(NAME, "Qualidade", "O que a auditoria de cada tabela encontrou antes que fosse publicada.")
    page.section("Tabelas", len(_TABLES))
    tables = [
        asdict(each) | {"verdict": VERDICTS[each.verdict], "layer": _LAYERS.get(each.layer, each.layer)}
        for each in audits
    ]  # fmt: skip
    page.table(_TABLES, tables)
    owners = {each.table: each.owner for each in audits}
    warned = [vars(warning) | {"owner": owners[each.table]} for each in audits for warning in each.warned]
    page.section("Avisos: o que se publica assim mesmo, e alguém deve olhar", len(_TABLES))
    if warned:
        page.table(_WARNED, warned)
    else:
        page.sheet.write_string(page.row, 0, "Nenhum.", desk.styles.of("lead"))
        page.row += 2
    page.section("Quarentena: linhas que esperam correção, por motivo (uma linha pode ter vários)", len(_TABLES))
    reasons = [
        {"table": each.table, "reason": reason, "count": count, "owner": each.owner}
        for each in audits for reason, count in each.reasons.items()
    ]  # fmt: skip
    if reasons:
        page.table(_ASIDE, reasons)
    else:
        page.sheet.write_string(page.row, 0, "Vazia.", desk.styles.of("lead"))
