"""Table rules of Bronze: accounting, references between the tables, and the oddities of the export."""

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.contract.quality import Outcome
from lakehouse.domain import BRL
from tests.audited import Audited, absent, differs, failing, summed


def contabilidade_de_linhas(audited: Audited) -> Outcome:
    """Check that rows read = kept + quarantined + superseded; kept and quarantined are counted in what is there."""
    staged, kept, quarantined = audited.staged, audited.rows, len(audited.quarantine)
    lost = abs(staged["rows_read"] - kept - quarantined - staged["superseded"])
    misreported = abs(staged["rows"] - kept) + abs(staged["quarantined"] - quarantined)
    failed = lost or misreported
    counts = f"{staged['rows_read']} read, {kept} kept, {quarantined} in the quarantine"
    reported = f"told: {staged['rows']} kept, {staged['quarantined']} in the quarantine"
    return Outcome(failed, staged["rows_read"], (counts, reported) if failed else ())


def volume_da_quarentena(audited: Audited, share: Decimal, least: int) -> Outcome:
    """Check that the quarantine has at most a share of the rows read, or fewer than so many; not of what is published.

    Parameters
    ----------
    audited : Audited
    share : Decimal
        Of 1.
    least : int
        So many rows are too many, where they are more than that share.
    """
    aside, read = len(audited.quarantine), audited.staged["rows_read"]
    too_many = aside >= least and aside > share * read
    return _volume(audited, aside if too_many else 0, read, f"{aside} of {read} rows in the quarantine")


def volume_da_tabela(audited: Audited, share: Decimal) -> Outcome:
    """Check that a table has at least a share of its rows in an earlier version; not of what is published.

    Parameters
    ----------
    audited : Audited
    share : Decimal
        Of 1.
    """
    before = audited.volume.before if audited.volume else None
    if before is None:
        return Outcome(0, 0)
    lost = before - audited.rows if audited.rows < share * before else 0
    return _volume(audited, lost, before, f"{audited.rows} rows, {before} before")


def pedido_difere_da_soma_dos_itens(audited: Audited) -> Outcome:
    """Count the orders whose value is not the sum of their items."""
    items = summed(audited.layer["itens_pedido"], ["pedido_id"], ["valor_total_item"])
    orders = audited.table.select(["pedido_id", "valor_total_brl"]).join(items, "pedido_id")
    return failing(differs(orders["valor_total_brl"], orders["valor_total_item"]), orders, ["pedido_id"])


def pedido_sem_pagamento(audited: Audited) -> Outcome:
    """Count the orders without a payment."""
    return _not_among(audited, "pedido_id", "pagamentos")


def pedido_sem_fornecedor(audited: Audited) -> Outcome:
    """Count the orders of unknown suppliers."""
    return _not_among(audited, "fornecedor_id", "fornecedores")


def item_sem_pedido(audited: Audited) -> Outcome:
    """Count the items of unknown orders."""
    return _not_among(audited, "pedido_id", "pedidos")


def item_sem_produto(audited: Audited) -> Outcome:
    """Count the items of unknown products."""
    return _not_among(audited, "produto_id", "produtos")


def pagamento_sem_pedido(audited: Audited) -> Outcome:
    """Count the payments of unknown orders, and those without an order."""
    return _not_among(audited, "pedido_id", "pedidos")


def produto_sem_fornecedor(audited: Audited) -> Outcome:
    """Count the products of unknown suppliers, and those without a supplier."""
    return _not_among(audited, "fornecedor_id", "fornecedores")


def pagamento_com_ptax_defasada(audited: Audited) -> Outcome:
    """Count the foreign payments that are dated after the newest quotation of their currency."""
    payments = _foreign(audited, ["pagamento_id", "data_pagamento"])
    stale = pc.greater(payments["data_pagamento"], payments["data_cotacao"])
    return failing(pc.fill_null(stale, False), payments, ["pagamento_id"])


def preco_origem_incoerente_com_ptax(audited: Audited) -> Outcome:
    """Count the priced foreign products whose prices imply a rate that is over 50 % away from the newest PTAX."""
    products = _foreign(audited, ["produto_id", "preco_unitario_brl", "preco_origem"])
    products = products.filter(pc.and_(products["preco_origem"].is_valid(), products["taxa_ptax"].is_valid()))
    # 0.5 <= brl / (foreign * ptax) <= 1.5, without a division.
    at_ptax = pc.multiply(products["preco_origem"], products["taxa_ptax"]).cast(pa.decimal256(40, 8))
    twice, thrice = (pc.multiply(column, pa.scalar(Decimal(n))) for column, n in (
        (products["preco_unitario_brl"].cast(pa.decimal256(40, 8)), 2), (at_ptax, 3),
    ))  # fmt: skip
    return failing(pc.or_(pc.less(twice, at_ptax), pc.greater(twice, thrice)), products, ["produto_id"])


def _volume(audited: Audited, failed: int, examined: int, found: str) -> Outcome:
    """Return the outcome of a rule on a table's volume, which a run can accept."""
    if not failed or audited.volume is None:
        return Outcome(0, examined)
    if audited.volume.accepted:
        return Outcome(0, examined, (f"accepted by the run: {found}",))
    remedy = f"where that is right, run with --accept-volume {audited.contract.table}"
    return Outcome(failed, examined, (f"{found}; {remedy}",))


def _not_among(audited: Audited, column: str, other: str) -> Outcome:
    """Count the rows whose value in a column does not occur in another table's column of that name."""
    return failing(absent(audited.table[column], audited.layer[other][column]), audited.table, audited.contract.key)


def _foreign(audited: Audited, columns: list[str]) -> pa.Table:
    """Return the rows in a foreign currency, each with the currency's newest quotation or NULL."""
    table = audited.table.filter(pc.not_equal(audited.table["moeda_origem"], BRL)).select([*columns, "moeda_origem"])
    cambio = audited.layer["cambio"].select(["moeda", "data_cotacao", "taxa_ptax"])
    days = cambio.group_by("moeda").aggregate([("data_cotacao", "max")])
    days = days.rename_columns({"data_cotacao_max": "data_cotacao"})
    newest = days.join(cambio, ["moeda", "data_cotacao"])
    return table.join(newest, "moeda_origem", "moeda")
