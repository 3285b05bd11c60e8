"""The answers to the questions with a name, worked out apart from Athena and from the product, row by row."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import worked_out_twelve
from lakehouse_tables import CASH_FLOW, FACT

CENT = Decimal("0.01")
Row = dict[str, Any]


def summed(rows: list[Row], keys: tuple[str, ...], **sums: str) -> dict[tuple[Any, ...], Row]:
    """Return sums of columns by some others."""
    found: dict[tuple[Any, ...], Row] = defaultdict(lambda: dict.fromkeys(sums, 0))
    for row in rows:
        group = found[tuple(row[key] for key in keys)]
        for name, column in sums.items():
            group[name] += 0 if row[column] is None else row[column]
    return found


def distinct(
    rows: list[Row], keys: tuple[str, ...], column: Callable[[Row], Any]
) -> Mapping[tuple[Any, ...], set[Any]]:
    found = defaultdict(set)
    for row in rows:
        found[tuple(row[key] for key in keys)].add(column(row))
    return found


def half_up(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def by_month(tables: Any) -> list[Row]:
    columns = {
        "pago_brl": "saida_paga_brl", "pendente_brl": "saida_pendente_brl", "agendado_brl": "saida_agendada_brl",
        "previsto_brl": "saida_prevista_brl", "total_brl": "total_saida_brl",
    }  # fmt: skip
    groups = summed(tables[CASH_FLOW], ("mes_referencia",), **columns)
    return [{"mes": mes, **groups[mes,]} for (mes,) in sorted(groups)]


def sources(tables: Any) -> list[Row]:
    groups = summed(tables[CASH_FLOW], ("origem_recurso",), total_brl="total_saida_brl")
    whole = sum(each["total_brl"] for each in groups.values())
    rows = [
        {"origem": origem, **each, "parte_pct": half_up(100 * each["total_brl"] / whole)}
        for (origem,), each in groups.items()
    ]
    return sorted(rows, key=lambda row: (-row["total_brl"], row["origem"]))


def gains(tables: Any) -> list[Row]:
    foreign = [{**row, "ano": row["mes_referencia"][:4]} for row in tables[CASH_FLOW] if row["moeda_origem"] != "BRL"]
    groups = summed(foreign, ("ano", "moeda_origem"), variacao_brl="variacao_cambial_brl", saida_brl="total_saida_brl")
    return [{"ano": ano, "moeda": moeda, **groups[ano, moeda]} for ano, moeda in sorted(groups)]


def suppliers(tables: Any) -> list[Row]:
    rows = [
        row for row in tables[FACT]
        if row["tipo_registro"] != "PARCELA_EMPRESTIMO" and row["status_pagamento"] != "CANCELADO"
    ]  # fmt: skip
    groups = summed(rows, ("fornecedor_id",), total_brl="valor_fluxo_brl")
    orders = distinct(rows, ("fornecedor_id",), lambda row: row["pedido_id"])
    who = {row["fornecedor_id"]: row for row in tables["fornecedores"]}
    found = [
        {
            "fornecedor_id": id_, "razao_social": who[id_]["razao_social"], "pais": who[id_]["pais_origem"],
            "pedidos": len(orders[id_,] - {None}), **each,
        }
        for (id_,), each in groups.items()
    ]  # fmt: skip
    return sorted(found, key=lambda row: (-row["total_brl"], row["fornecedor_id"]))[:10]


def categories(tables: Any) -> list[Row]:
    rows = [
        row for row in tables[FACT]
        if row["tipo_registro"] != "PARCELA_EMPRESTIMO" and row["status_pagamento"] != "CANCELADO"
    ]  # fmt: skip
    groups = summed(
        rows, ("categoria",), unidades="quantidade", valor_itens_brl="valor_item_brl", valor_fluxo_brl="valor_fluxo_brl"
    )
    orders = distinct(rows, ("categoria",), lambda row: row["pedido_id"])
    known = distinct(rows, ("categoria",), lambda row: row["valor_item_brl"] is not None)
    found = []
    for (category,), each in groups.items():
        pieces, value = each["unidades"], each["valor_itens_brl"]
        nothing = known[category,] == {False}  # a sum of nothing but NULL is NULL
        found.append(
            {
                "categoria": category, "pedidos": len(orders[category,] - {None}),
                "unidades": None if nothing else pieces, "valor_itens_brl": None if nothing else value,
                "preco_medio_brl": None if nothing or not pieces else half_up(value / pieces),
                "valor_fluxo_brl": each["valor_fluxo_brl"],
            }
        )  # fmt: skip
    return sorted(found, key=lambda row: -row["valor_fluxo_brl"])


def payables(tables: Any) -> list[Row]:
    rows = [row for row in tables[FACT] if row["status_pagamento"] in ("PENDENTE", "AGENDADO", "PREVISTO")]
    keys = ("mes_referencia", "status_pagamento")
    groups = summed(rows, keys, total_brl="valor_fluxo_brl")
    what = distinct(rows, keys, lambda row: row["pagamento_id"] or row["emprestimo_id"] or row["pedido_id"])
    return [
        {"mes": key[0], "situacao": key[1], "compromissos": len(what[key]), **groups[key]} for key in sorted(groups)
    ]


def loans(tables: Any) -> list[Row]:
    rows = [
        {**row, "ano": row["data_vencimento"].year, "uma": 1}
        for row in tables[FACT] if row["tipo_registro"] == "PARCELA_EMPRESTIMO"
    ]  # fmt: skip
    groups = summed(rows, ("ano", "instituicao_financeira"), parcelas="uma", total_brl="valor_fluxo_brl")
    return [{"ano": ano, "instituicao": who, **groups[ano, who]} for ano, who in sorted(groups)]


def unpaid(tables: Any) -> list[Row]:
    paid = {row["pedido_id"] for row in tables["pagamentos"]}
    due = {row["pedido_id"]: row["data_vencimento"] for row in tables[FACT] if row["pedido_id"]}
    who = {row["fornecedor_id"]: row["razao_social"] for row in tables["fornecedores"]}
    rows = [
        {
            "pedido_id": row["pedido_id"], "vencimento": due[row["pedido_id"]], "situacao": row["status"],
            "razao_social": who[row["fornecedor_id"]], "valor_brl": row["valor_total_brl"],
        }
        for row in tables["pedidos"] if row["pedido_id"] not in paid and row["status"] != "CANCELADO"
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row["vencimento"], row["pedido_id"]))


def terms(tables: Any) -> list[Row]:
    rows = [{**row, "um": 1} for row in tables["pedidos"] if row["status"] != "CANCELADO"]
    groups = summed(rows, ("tipo_pagamento",), pedidos="um", dias="prazo_dias", total_brl="valor_total_brl")
    found = [
        {
            "meio": how, "pedidos": each["pedidos"], "total_brl": each["total_brl"],
            "prazo_medio_dias": half_up(Decimal(each["dias"]) / each["pedidos"]),
        }
        for (how,), each in groups.items()
    ]  # fmt: skip
    return sorted(found, key=lambda row: (-row["total_brl"], row["meio"]))


ANSWERS: Mapping[str, Callable[[Any], list[Row]]] = worked_out_twelve.ANSWERS | {
    "compras-por-categoria": categories,
    "contas-a-pagar": payables,
    "ganho-ou-perda-cambial": gains,
    "maiores-fornecedores": suppliers,
    "origem-do-dinheiro": sources,
    "parcelas-de-emprestimos": loans,
    "pedidos-sem-pagamento": unpaid,
    "prazo-medio": terms,
    "saidas-por-mes": by_month,
}
