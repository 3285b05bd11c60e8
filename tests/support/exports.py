"""The two exports that tests are run on: the sample, always there, and the real one, where somebody has it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from audits import read_export
from elsewhere import REAL_EXPORT, ROOT

from bronze.judging import Normalised
from lakehouse.lake import layout

GOLDEN = ROOT / "tests/golden"


@dataclass(frozen=True)
class Export:
    """Exported CSVs, and what is known of them.

    Attributes
    ----------
    name : str
        That of its golden file, too.
    odd : mapping of str to (int, int)
        By table rule: how many rows it counts as odd, of how many.
    unpaid, prices : tuple of str
        The first five orders without payment, and the products whose price is not at PTAX.
    loan, line : str, int
        The loan that has more instalments paid than it has, and its line of the file.
    """

    name: str
    odd: Mapping[str, tuple[int, int]]
    unpaid: tuple[str, ...]
    prices: tuple[str, ...]
    loan: str
    line: int

    @property
    def folder(self) -> Path:
        """Where it is; a test on the real one is skipped where that is nowhere."""
        return ROOT / "csv_exports" if self.name == "sample" else REAL_EXPORT.there()

    @property
    def golden(self) -> Path:
        return GOLDEN / f"{self.name}.json"

    @property
    def of_table(self) -> dict[str, int]:
        """How many rows each table has in the end, as was reviewed."""
        return {table: known["rows"] for table, known in json.loads(self.golden.read_text("utf-8")).items()}

    def warnings(self, layer: str) -> dict[str, tuple[int, int]]:
        """Return the rules of a layer that warn, and how often."""
        return {rule: count for rule, count in self.odd.items() if count[0] and RULES[rule] == layer}

    def read(self) -> dict[str, Normalised]:
        return _read(self.folder)


@cache
def _read(folder: Path) -> dict[str, Normalised]:
    return read_export(folder)


RULES = dict.fromkeys(
    ("pedido_difere_da_soma_dos_itens", "pedido_sem_pagamento", "pedido_sem_fornecedor", "item_sem_pedido",
     "item_sem_produto", "pagamento_sem_pedido", "pagamento_com_ptax_defasada", "produto_sem_fornecedor",
     "preco_origem_incoerente_com_ptax", "linhas_em_quarentena"), layout.BRONZE,
) | dict.fromkeys(
    ("contabilidade_de_linhas", "conserva_parcelas_de_pagamento", "conserva_pedidos_sem_pagamento",
     "conserva_valor_dos_itens", "conserva_quantidade", "conserva_parcelas_de_emprestimo", "todo_pedido_aparece",
     "ordenado_pela_chave", "itens_em_quarentena", "fornecedor_divergente", "ptax_confere", "ptax_ausente",
     "ptax_defasada"), layout.SILVER,
)  # fmt: skip

SAMPLE = Export(
    "sample",
    odd={
        "pedido_difere_da_soma_dos_itens": (229, 240), "pedido_sem_pagamento": (29, 240),
        "pedido_sem_fornecedor": (0, 240), "item_sem_pedido": (1, 376), "item_sem_produto": (0, 376),
        "pagamento_sem_pedido": (2, 335), "pagamento_com_ptax_defasada": (19, 213), "produto_sem_fornecedor": (0, 41),
        "preco_origem_incoerente_com_ptax": (2, 17), "linhas_em_quarentena": (1, 12),
        "contabilidade_de_linhas": (0, 6), "conserva_parcelas_de_pagamento": (0, 335),
        "conserva_pedidos_sem_pagamento": (0, 29), "conserva_valor_dos_itens": (0, 375),
        "conserva_quantidade": (0, 375), "conserva_parcelas_de_emprestimo": (0, 9), "todo_pedido_aparece": (0, 240),
        "ordenado_pela_chave": (0, 765), "itens_em_quarentena": (1, 376), "fornecedor_divergente": (361, 375),
        "ptax_confere": (0, 220), "ptax_ausente": (3, 336), "ptax_defasada": (39, 333),
    },
    unpaid=("PED006", "PED028", "PED033", "PED034", "PED054"),
    prices=("PROD011", "PROD016"),
    loan="EMP010",
    line=11,
)  # fmt: skip
REAL = Export(
    "real_export",
    odd={
        "pedido_difere_da_soma_dos_itens": (29, 30), "pedido_sem_pagamento": (6, 30), "pedido_sem_fornecedor": (0, 30),
        "item_sem_pedido": (0, 41), "item_sem_produto": (0, 41), "pagamento_sem_pedido": (0, 30),
        "pagamento_com_ptax_defasada": (3, 3), "produto_sem_fornecedor": (0, 30),
        "preco_origem_incoerente_com_ptax": (2, 10), "linhas_em_quarentena": (1, 30),
        "contabilidade_de_linhas": (0, 6), "conserva_parcelas_de_pagamento": (0, 30),
        "conserva_pedidos_sem_pagamento": (0, 6), "conserva_valor_dos_itens": (0, 41), "conserva_quantidade": (0, 41),
        "conserva_parcelas_de_emprestimo": (0, 29), "todo_pedido_aparece": (0, 30), "ordenado_pela_chave": (0, 1014),
        "itens_em_quarentena": (0, 41), "fornecedor_divergente": (38, 41), "ptax_confere": (0, 5),
        "ptax_ausente": (0, 5), "ptax_defasada": (5, 5),
    },
    unpaid=("PED025", "PED026", "PED027", "PED028", "PED029"),
    prices=("PROD010", "PROD024"),
    loan="EMP018",
    line=19,
)  # fmt: skip
# For a fixture or a test that is to hold on both: params=EVERY.
ON_THE_REAL_ONE = pytest.param(REAL, marks=pytest.mark.real_export, id="real_export")
EVERY = [pytest.param(SAMPLE, id="sample"), ON_THE_REAL_ONE]
