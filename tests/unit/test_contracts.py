"""The ten contracts: they follow the standard, and say what the data is."""

import csv
import json
from importlib import resources

import jsonschema
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest
import yaml
from exports import EVERY
from lakehouse_tables import TABLES
from violations import violations

from cli.generated.compiled_rules import compiled
from lakehouse.contract import layers
from lakehouse.contract.model import arrow_type, inputs_of, load, load_all, parse
from lakehouse.errors import ContractError
from lakehouse.lake import layout
from lakehouse.lake.layout import BRONZE, FORECAST, GOLD, LAYERS, SILVER

CONTRACTS = load_all()
COLUMNS = [(contract, column) for contract in CONTRACTS for column in contract.columns]
BELOW = {SILVER: {BRONZE}, GOLD: {SILVER}, FORECAST: {BRONZE, SILVER, GOLD}}
PII = {
    "pedidos.usuario_criacao",
    "pagamentos.usuario_aprovacao",
    "emprestimos.usuario_responsavel",
    "fornecedores.contato_email",
    "fornecedores.telefone",
}
FACT_COLUMNS = """
tipo_registro, pedido_id, item_id, pagamento_id, emprestimo_id, produto_id, fornecedor_id, fornecedor_produto_id,
data_pedido, data_vencimento, data_pagamento, mes_referencia, status_pedido, status_pagamento, metodo_pagamento,
origem_recurso, num_parcelas, parcela_atual, nome_produto, categoria, subcategoria, razao_social, pais_origem, rating,
instituicao_financeira, finalidade_emprestimo, moeda_origem, quantidade, valor_item_brl, valor_fluxo_brl,
valor_moeda_origem, taxa_cambio_aplicada, taxa_ptax, data_ptax, dias_defasagem_ptax, variacao_cambial_brl
"""
CASH_FLOW_COLUMNS = """
mes_referencia, origem_recurso, moeda_origem, saida_paga_brl, saida_pendente_brl, saida_agendada_brl,
saida_prevista_brl, cancelado_brl, total_saida_brl, total_saida_acumulado_brl, exposicao_moeda_origem,
variacao_cambial_brl, qtd_pedidos, qtd_pagamentos, qtd_emprestimos
"""
FORECAST_COLUMNS = """
mes_referencia, categoria, moeda_origem, valor_fluxo_brl, valor_item_brl, quantidade, preco_medio_brl, qtd_pedidos,
taxa_ptax_media, taxa_ptax_min, taxa_ptax_max, taxa_ptax_desvio, exposicao_moeda_origem, variacao_cambial_brl,
valor_fluxo_lag_1, valor_fluxo_lag_2, valor_fluxo_lag_3, media_movel_3m_brl, mes_seno, mes_cosseno,
alvo_valor_fluxo_proximo_mes_brl
"""


def document(table):
    return layers.text_of(table)


by_table = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.table)


@by_table
def test_the_contract_follows_the_standard(contract):
    standard = json.loads(resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8"))
    given = yaml.safe_load(document(contract.table))
    problems = jsonschema.Draft201909Validator(standard).iter_errors(given)
    assert [f"{'/'.join(map(str, problem.path))}: {problem.message}" for problem in problems] == []
    assert given["apiVersion"] == "v3.1.0"
    assert [server["database"] for server in given["servers"] if server["type"] == "glue"] == [contract.database]


def test_there_is_a_contract_for_every_table_and_no_other():
    folder = resources.files("contracts")
    files = {(layer, file.name) for layer in LAYERS for file in folder.joinpath(layer).iterdir()}
    assert files == {(contract.layer, f"{contract.table}.odcs.yaml") for contract in CONTRACTS}
    assert [(c.table, c.database) for c in CONTRACTS] == [(t, layout.database_of(x)) for x in LAYERS for t in TABLES[x]]


@by_table
def test_every_table_and_column_has_a_description_of_its_own(contract):
    assert len(contract.description) > 20
    descriptions = [column.description for column in contract.columns]
    assert all(text.endswith(".") for text in [contract.description, *descriptions])
    assert len(set(descriptions)) == len(descriptions)


@by_table
def test_every_table_and_column_has_a_business_name_of_its_own_that_fits_a_heading(contract):
    names = [column.business_name for column in contract.columns]
    assert len(set(names)) == len(names)
    for name in (contract.business_name, *names):
        assert name[0].isupper()
        assert "_" not in name
        assert len(name) <= 32


def test_a_column_without_a_business_name_is_refused_with_its_name():
    text = document("cambio").replace("        businessName: Moeda\n", "")
    with pytest.raises(ContractError, match="column 'moeda' lacks 'businessName'"):
        parse("cambio", text)


@by_table
def test_an_amount_in_reais_says_so_in_its_business_name_and_one_in_another_currency_does_not(contract):
    for column in contract.columns:
        said = "(R$)" in column.business_name
        assert said or not column.name.endswith("_brl"), column.name
        assert not (said and column.name.endswith(("_origem", "_moeda"))), column.name


@by_table
def test_the_logical_type_of_a_column_is_that_of_its_physical_type(contract):
    logical = {"string": "string", "bigint": "integer", "date": "date", "double": "number"}
    for column in contract.columns:
        assert column.logical_type == logical.get(column.physical_type, "number"), column.name


@by_table
def test_money_rates_and_percentages_have_the_types_of_their_kind(contract):
    for column in contract.columns:
        if "percentual" in column.name or "juros" in column.name:
            assert column.physical_type == "decimal(9,4)"
        elif column.name.startswith("taxa_") and not column.name.endswith(("_media", "_desvio")):
            assert column.physical_type == "decimal(18,6)"
        elif column.name.endswith("_brl") and not column.name.startswith(("preco_medio", "media_movel")):
            assert column.physical_type == "decimal(18,2)"
        elif column.name.startswith(("qtd_", "num_", "quantidade", "prazo_", "estoque_", "dias_")):
            assert column.physical_type == "bigint"
        elif column.name.endswith("_id"):
            assert column.physical_type == "string"


@pytest.mark.parametrize("export", EVERY)
@pytest.mark.parametrize("table", TABLES[BRONZE])
def test_bronze_has_the_columns_of_an_export_in_its_order(table, export):
    with (export.folder / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
        assert load(table).schema.names == next(csv.reader(file))


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("fato_pedido_correlacionado", FACT_COLUMNS),
        ("agregado_fluxo_de_caixa_mensal", CASH_FLOW_COLUMNS),
        ("agregado_ml_forecast_risco_cambial", FORECAST_COLUMNS),
    ],
)
def test_the_tables_made_from_bronze_have_the_columns_that_were_agreed(table, columns):
    assert load(table).schema.names == [name.strip() for name in columns.split(",")]


@pytest.mark.parametrize("export", EVERY)
def test_in_an_export_one_row_alone_breaks_a_rule(export):
    fallen = []
    for table in TABLES[BRONZE]:
        contract = load(table)
        options = pa_csv.ConvertOptions(column_types=contract.schema, null_values=["", "--"], strings_can_be_null=True)
        rows = pa_csv.read_csv(export.folder / f"{table}.csv", convert_options=options)
        for rule, broken in violations(contract, rows):
            fallen += [(rule.name, *key.values()) for key in rows.filter(broken).select(contract.key).to_pylist()]
    assert fallen == [("pagas_ate_o_prazo", export.loan)]


def test_every_table_has_its_key():
    keys = {contract.table: contract.key for contract in CONTRACTS}
    agreed = {
        "pedidos": ("pedido_id",),
        "itens_pedido": ("item_id",),
        "pagamentos": ("pagamento_id",),
        "produtos": ("produto_id",),
        "fornecedores": ("fornecedor_id",),
        "cambio": ("data_cotacao", "moeda"),
        "emprestimos": ("emprestimo_id",),
        "fato_pedido_correlacionado": (
            "tipo_registro", "pedido_id", "item_id", "pagamento_id", "emprestimo_id", "data_vencimento",
        ),
        "agregado_fluxo_de_caixa_mensal": ("mes_referencia", "origem_recurso", "moeda_origem"),
        "agregado_ml_forecast_risco_cambial": ("mes_referencia", "categoria", "moeda_origem"),
    }  # fmt: skip
    assert {table: keys[table] for table in agreed} == agreed
    assert all(keys.values())


def test_exactly_the_personal_and_confidential_columns_are_classified():
    classified = {f"{contract.table}.{column.name}": column.classification for contract, column in COLUMNS}
    assert {name for name, given in classified.items() if given == "PII"} == PII
    assert {name for name, given in classified.items() if given == "confidential"} == {"fornecedores.cnpj"}
    assert set(classified.values()) == {"PII", "confidential", None}


def test_every_table_says_its_business_domain_and_what_it_is_searched_for_by():
    core = {"pedidos", "itens_pedido", "fornecedores", "produtos", "pagamentos", "emprestimos"}
    for table in core:
        assert "Core Domain" in load(table).tags
    assert "Supporting Domain" in load("cambio").tags
    assert {"Fluxo de Caixa", "BI"} <= set(load("agregado_fluxo_de_caixa_mensal").tags)
    assert {"Forecast", "Risco Cambial", "ML"} <= set(load("agregado_ml_forecast_risco_cambial").tags)


def test_every_column_above_bronze_says_which_existing_columns_below_it_comes_from_and_how():
    existing = {f"{contract.database}.{contract.table}.{column.name}" for contract, column in COLUMNS}
    for contract, column in COLUMNS:
        name = f"{contract.table}.{column.name}"
        if contract.layer == BRONZE:
            assert not column.sources, name
            continue
        assert column.sources, name
        assert column.transform_logic, name
        assert len(set(column.sources)) == len(column.sources), name
        assert set(column.sources) <= existing, name
        assert {layout.layer_of_database(source.split(".")[0]) for source in column.sources} <= BELOW[contract.layer]
        assert column.indirect <= set(column.sources), name
        # What kind of row it is follows from which table it comes from, and copies no value.
        assert column.indirect < set(column.sources) or column.name == "tipo_registro", name
        assert contract.row_sources, name
        assert set(contract.row_sources) <= existing, name


@by_table
def test_the_names_of_a_tables_rules_tell_them_apart(contract):
    names = [rule.name for rule in contract.rules]
    assert len(set(names)) == len(names)
    assert all(rule.description.endswith(".") and rule.dimension for rule in contract.rules)


@by_table
def test_what_a_single_row_breaks_is_every_error_that_needs_no_other_row(contract):
    for rule in contract.rules:
        alone = rule.kind == "row" or rule.metric in {"nullValues", "invalidValues"}
        assert (rule in contract.row_rules) == (alone and rule.severity == "error"), rule.name
    assert [rule for rule in contract.rules if rule in contract.row_rules] == list(contract.row_rules)


@by_table
def test_every_table_is_fresh_within_a_day_and_its_rule_says_so(contract):
    assert contract.freshness_hours == 24
    asked = {" ".join(rule.query.split()) for rule in contract.rules if rule.check == "atualidade"}
    assert asked <= {f"SELECT COUNT(*) FROM contabilidade WHERE tabela = '{contract.table}' AND idade_horas > 24"}


@pytest.mark.parametrize(
    ("physical", "arrow"),
    [
        ("string", pa.string()),
        ("bigint", pa.int64()),
        ("date", pa.date32()),
        ("double", pa.float64()),
        ("decimal(18,6)", pa.decimal128(18, 6)),
    ],
)
def test_a_physical_type_has_an_arrow_type(physical, arrow):
    assert arrow_type(physical) == arrow


@pytest.mark.parametrize("physical", ["int", "decimal", "decimal(39,2)", "decimal(2,3)", "decimal(18,2", "timestamp"])
def test_an_unknown_physical_type_is_refused_with_the_known_ones(physical):
    with pytest.raises(ContractError, match=r"is unknown; use string, bigint, date, double or decimal"):
        arrow_type(physical)


def test_a_table_without_a_contract_is_refused_by_the_name_of_the_missing_file(monkeypatch):
    with pytest.raises(ContractError, match=r"glue/contracts/<layer>/clientes\.odcs\.yaml does not exist"):
        load("clientes")


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("schema:\n", "schema: [\n", "not valid YAML"),
        ("schema:\n", "other:\n", "the contract lacks 'schema'; write a list"),
        ("  - name: cambio\n", "  - name: outro\n", "exactly one entry, with the name 'cambio'"),
        ("team:\n  name:", "team:\n  nome:", "'team' of the contract lacks 'name'"),
        ("team:\n", "equipe:\n", "'team' of the contract must be a mapping"),
        ("physicalType: decimal(18,6)", "physicalType: money", "column 'taxa_compra': physicalType 'money' is unknown"),
        ("        description: Dia da cotação.\n", "", "column 'data_cotacao' lacks 'description'; write a text"),
        ("primaryKeyPosition: 2", "position: 2", "column 'moeda' lacks 'primaryKeyPosition'; write a whole number"),
        ("primaryKey: true", "unique: true", "the table has no key"),
        ("unit: h", "unit: minutes", "lacks 'freshness'; write it with a value and the unit h or d"),
        (
            "severity: error",
            "severity: fatal",
            "rule 'moeda_no_formato' has the severity 'fatal'; use error or warning",
        ),
        ("metric: invalidValues", "metric: rowCount", "rule 'moeda_no_formato' has the metric 'rowCount'; use"),
        ("mustBe: 0", "mustBeLessThan: 5", "rule 'moeda_no_formato' must say 'mustBe: 0'"),
        ("pattern: ^[A-Z]{3}$", "shape: x", "lacks 'arguments.validValues' or 'arguments.pattern'"),
        ("type: library", "type: text", "rule 'moeda_no_formato' has the type 'text'; use library or sql"),
        ("type: library", "type: sql", "rule 'moeda_no_formato' lacks 'query'; write a text"),
        ("WHERE taxa_compra <= 0", "WHERE taxa_compra < 0", "the SQL of rule 'taxa_compra_positiva' is not compiled"),
        ("    type: glue\n", "    type: hive\n", "'servers' lacks the catalogue; write a server of the type glue"),
    ],
)
def test_a_malformed_contract_is_refused_by_what_is_to_be_mended(was, becomes, says):
    text = document("cambio")
    assert was in text
    with pytest.raises(ContractError) as caught:
        parse("cambio", text.replace(was, becomes))
    assert says in str(caught.value)


def test_a_rule_of_rows_that_repeat_is_sql_and_names_columns_of_the_table():
    table = "agregado_fluxo_de_caixa_mensal"
    text = document(table)
    found, problems = compiled(table, text.replace("ROW(mes_referencia, ", "ROW(mes, "))
    assert "chave_unica" not in found
    assert [problem.partition(": ")[2] for problem in problems] == ["rule 'chave_unica': the table has no column 'mes'"]
    with pytest.raises(
        ContractError, match="has the metric 'duplicateValues'; use nullValues or invalidValues, or SQL"
    ):
        parse("cambio", document("cambio").replace("metric: invalidValues", "metric: duplicateValues", 1))


def test_a_source_that_a_column_lists_twice_is_named_with_the_column():
    source = "importau_silver.fato_pedido_correlacionado.valor_fluxo_brl"
    text = document("agregado_fluxo_de_caixa_mensal")
    twice = text.replace("transformSourceObjects:\n", f"transformSourceObjects:\n          - {source}\n")
    with pytest.raises(ContractError, match=rf"column '\w+' lists the source {source} twice; list it as direct or ind"):
        parse("agregado_fluxo_de_caixa_mensal", twice)


def test_a_column_has_the_direct_sources_that_it_lists_and_then_the_indirect_ones():
    for contract in CONTRACTS:
        properties = yaml.safe_load(document(contract.table))["schema"][0]["properties"]
        for column, given in zip(contract.columns, properties, strict=True):
            direct = given.get("transformSourceObjects", [])
            assert list(column.sources[: len(direct)]) == direct
            assert set(column.sources[len(direct) :]) == column.indirect


def test_the_file_of_a_malformed_contract_is_named(monkeypatch):
    monkeypatch.setattr(layers, "text_of", lambda _: "[]")
    expected = r"glue/contracts/bronze/pedidos\.odcs\.yaml: the contract must be a mapping"
    with pytest.raises(ContractError, match=expected):
        load.__wrapped__("pedidos")


def test_the_inputs_of_a_layer_are_the_tables_its_contracts_name_as_sources():
    assert set(inputs_of(SILVER)) <= set(TABLES[BRONZE])
    assert inputs_of(SILVER) == (
        "pedidos", "itens_pedido", "pagamentos", "produtos", "fornecedores", "cambio", "emprestimos",
    )  # fmt: skip
    assert inputs_of(GOLD) == TABLES[SILVER]


def test_a_column_that_does_not_exist_is_named():
    with pytest.raises(ContractError, match="pedidos has no column 'preco'"):
        load("pedidos").column("preco")
