"""The words of synthetic data: companies and people are invented, and ``.example`` receives no mail."""

from typing import Final, NamedTuple

from lakehouse.domain import BRL


class Country(NamedTuple):
    """A country of suppliers: its currency, its share of a hundred suppliers, dialling code and legal form."""

    name: str
    currency: str
    share: int
    dialling: str
    form: str


class Currency(NamedTuple):
    """A foreign currency: its first rate in millionths of a real, and on how many of 100 working days it is quoted."""

    name: str
    rate: int
    quoted: int


class Article(NamedTuple):
    """A product to make variants of: price in cents of a real, weight in grams."""

    name: str
    category: str
    subcategory: str
    unit: str
    price: int
    grams: int


CURRENCIES: Final = (
    Currency("USD", 5_230_000, 97), Currency("EUR", 5_610_000, 78), Currency("JPY", 35_200, 36),
    Currency("GBP", 6_790_000, 27), Currency("CAD", 3_840_000, 16),
)  # fmt: skip
COUNTRIES: Final = (
    Country("Brasil", BRL, 57, "55-11", "Ltda"), Country("Estados Unidos", "USD", 8, "1-555", "LLC"),
    Country("China", "USD", 7, "86-21", "Co"), Country("Alemanha", "EUR", 6, "49-30", "GmbH"),
    Country("Japão", "JPY", 5, "81-3", "KK"), Country("Coreia do Sul", "USD", 4, "82-2", "Ltd"),
    Country("México", "USD", 3, "52-55", "SA"), Country("Canadá", "CAD", 3, "1-416", "Inc"),
    Country("Reino Unido", "GBP", 3, "44-20", "Ltd"), Country("Espanha", "EUR", 2, "34-91", "SL"),
    Country("Índia", "USD", 2, "91-11", "Ltd"),
)  # fmt: skip
HOLIDAYS: Final = (
    "2023-02-20", "2023-02-21", "2023-04-07", "2023-04-21", "2023-05-01", "2023-06-08", "2023-09-07", "2023-10-12",
    "2023-11-02", "2023-11-15", "2023-12-25", "2024-01-01", "2024-02-12", "2024-02-13", "2024-03-29", "2024-05-01",
    "2024-05-30", "2024-11-15", "2024-11-20", "2024-12-25",
)  # fmt: skip

COMPANY_NAMES: Final = (
    "Aurora", "Ipê", "Jequitibá", "Serra Azul", "Rio Claro", "Horizonte", "Pampa", "Cerrado", "Andorinha", "Maré Alta",
    "Bandeirante", "Guará", "Araucária", "Novo Norte", "Litorânea", "Três Irmãos", "Estrela do Sul", "Vale Verde",
)  # fmt: skip
COMPANY_LINES: Final = (
    "Comércio", "Indústria", "Distribuidora", "Importação", "Soluções", "Equipamentos", "Suprimentos", "Logística",
)  # fmt: skip
SUPPLIER_CATEGORIES: Final = (
    "Tecnologia", "Componentes", "Eletrônicos", "Industrial", "Logística", "Químicos", "Autopeças", "Têxtil",
    "Embalagens", "Metalúrgica", "Agrícola", "Geral",
)  # fmt: skip
RATINGS: Final = ("A+", "A", "A-", "B+", "B")
TERMS: Final = ("15 dias", "15-30 dias", "30 dias", "30-60 dias", "45 dias", "60 dias", "60-90 dias", "90 dias")

ARTICLES: Final = (
    Article("Monitor LED 27 pol", "Tecnologia", "Periféricos", "UN", 129_000, 5_400),
    Article("Servidor Rack 2U", "Tecnologia", "Computadores", "UN", 1_890_000, 21_500),
    Article("Roteador Wi-Fi 6", "Tecnologia", "Rede", "UN", 64_900, 800),
    Article("Fonte Chaveada 24V", "Eletrônicos", "Fontes", "UN", 18_750, 650),
    Article("Relé de Estado Sólido", "Eletrônicos", "Relés", "UN", 7_990, 120),
    Article("Luminária LED 40W", "Eletrônicos", "Iluminação", "UN", 11_500, 1_300),
    Article("Bomba Centrífuga 3CV", "Industrial", "Bombas", "UN", 214_000, 28_000),
    Article("Inversor de Frequência", "Industrial", "Motores", "UN", 176_500, 3_900),
    Article("Arruela Lisa M8", "Industrial", "Fixação", "UN", 42, 5),
    Article("Pastilha de Freio", "Autopeças", "Freios", "JG", 15_900, 1_600),
    Article("Amortecedor Dianteiro", "Autopeças", "Suspensão", "UN", 38_700, 4_200),
    Article("Correia Dentada", "Autopeças", "Correias", "UN", 9_850, 300),
    Article("Malha de Algodão", "Têxtil", "Tecidos", "M", 3_450, 250),
    Article("Linha de Costura 5000m", "Têxtil", "Aviamentos", "UN", 1_290, 180),
    Article("Solvente Industrial 20L", "Químicos", "Solventes", "L", 28_400, 16_800),
    Article("Adesivo Estrutural", "Químicos", "Resinas", "KG", 13_200, 1_000),
    Article("Papelão Ondulado", "Papel e Celulose", "Papelão", "PCT", 5_600, 8_000),
    Article("Etiqueta Térmica 1000un", "Papel e Celulose", "Papel", "RL", 2_380, 700),
    Article("Filme Stretch 500mm", "Embalagens", "Plástico", "RL", 4_700, 3_800),
    Article("Caixa Plástica 60L", "Embalagens", "Plástico", "UN", 6_990, 2_700),
    Article("Barra de Alumínio 6m", "Metalúrgica", "Perfis", "UN", 19_300, 9_700),
    Article("Tela Soldada 2x3m", "Metalúrgica", "Chapas", "UN", 8_800, 14_500),
    Article("Conexão PVC 25mm", "Plásticos", "Conexões", "UN", 385, 40),
    Article("Mangueira de Irrigação 50m", "Agrícola", "Irrigação", "UN", 15_700, 7_300),
    Article("Semente de Soja Tratada", "Agrícola", "Sementes", "SC", 41_200, 40_000),
    Article("Compensado Naval 18mm", "Madeira", "Chapas de Madeira", "UN", 23_600, 26_000),
    Article("Calcário Moído", "Mineração", "Calcário", "TON", 14_900, 1_000_000),
)  # fmt: skip
VARIANTS: Final = ("Padrão", "Plus", "Pro", "Compacto", "Reforçado", "Série 2")

PEOPLE: Final = ("ana.souza", "bruno.lima", "carla.nunes", "diego.rocha", "elisa.prado", "fabio.moraes")
ORDER_NOTES: Final = (
    "Pedido urgente", "Frete incluso", "Pedido recorrente", "Grande volume", "Importação", "Aguardando aprovação",
)  # fmt: skip
LENDERS: Final = (
    "Banco Nacional", "Banco Regional", "Banco Industrial", "Cooperativa de Crédito", "Financeira Horizonte",
    "Banco de Desenvolvimento",
)  # fmt: skip
PURPOSES: Final = (
    "Capital de Giro", "Importação", "Expansão", "Aquisição de Equipamentos", "Inovação Tecnológica", "Logística",
    "Automação Industrial", "Certificações",
)  # fmt: skip
