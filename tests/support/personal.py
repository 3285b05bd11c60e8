"""Personal values of nobody, of every kind and written in every way: what is told of them, and are they found?"""

from collections.abc import Callable, Sequence
from random import Random

CNPJ_WEIGHTS = (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
FIRST = ("Joana", "Antônio", "Márcia", "Luiz", "Beatriz", "Otávio", "Rafaela", "Caio", "Débora", "Henrique")
LAST = ("Albuquerque", "Conceição", "Nogueira", "Sant'Anna", "Figueiredo", "Vasconcelos", "Teixeira", "Brandão")
STREETS = ("Rua das Acácias", "Av. Paulista", "Alameda Santos", "Travessa do Carmo", "R. Sete de Abril", "Praça da Sé")


def _check(digits: Sequence[int], weights: Sequence[int]) -> int:
    rest = sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    return 0 if rest < 2 else 11 - rest


def cpf_digits(draw: Random) -> str:
    """Return eleven digits with the check digits of a CPF."""
    digits = [draw.randrange(10) for _ in range(9)]
    digits[0] = (digits[1] + 1) % 10
    digits.append(_check(digits, range(10, 1, -1)))
    digits.append(_check(digits, range(11, 1, -1)))
    return "".join(map(str, digits))


def cnpj_digits(draw: Random, alphabet: str = "0123456789") -> str:
    """Return fourteen characters with the check digits of a CNPJ."""
    base = "".join(draw.choice(alphabet) for _ in range(8)) + "0001"
    base = base[0] + ("7" if base[0] != "7" else "8") + base[2:]
    for weights in (CNPJ_WEIGHTS, (6, *CNPJ_WEIGHTS)):
        base += str(_check([ord(each) - 48 for each in base], weights))
    return base


def card_digits(draw: Random) -> str:
    """Return sixteen digits that pass Luhn's check."""
    digits = [4, *(draw.randrange(10) for _ in range(14))]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[::2]) + sum(digits[1::2])
    return "".join(map(str, [*digits, -doubled % 10]))


def rg_digits(draw: Random) -> str:
    """Return eight digits and the check character of an identity card of São Paulo."""
    digits = [draw.randrange(1, 10) for _ in range(8)]
    rest = sum(digit * weight for digit, weight in zip(digits, range(2, 10), strict=True)) % 11
    check = (11 - rest) % 11
    return "".join(map(str, digits)) + ("X" if check == 10 else str(check))


def _in(form: str, text: str) -> str:
    """Return a form whose # are replaced by the characters of a text in turn."""
    characters = iter(text)
    return "".join(next(characters) if each == "#" else each for each in form)


def _cpf(draw: Random) -> str:
    return _in("###.###.###-##", cpf_digits(draw))


def _cnpj(draw: Random) -> str:
    alphabet = draw.choice(("0123456789", "0123456789ABCDEFGHJKLMNPRSTVWXYZ"))
    return _in("##.###.###/####-##", cnpj_digits(draw, alphabet))


def _telephone(draw: Random) -> str:
    area, first, second = draw.choice((11, 21, 31, 48, 85)), draw.randrange(1000, 10000), draw.randrange(1000, 10000)
    return draw.choice(
        (
            f"({area}) 9{first}-{second}", f"({area})9{first}{second}", f"+55 {area} 9{first}-{second}",
            f"+55{area}9{first}{second}", f"+55 ({area}) 9 {first}-{second}", f"{area} 9{first}-{second}",
            f"{area} 9 {first} {second}", f"0{area} 9{first}-{second}", f"0xx{area} 3{first % 1000:03d}-{second}",
            f"({area}) 3{first % 1000:03d}-{second}", f"{area}.9{first}.{second}", f"{area}-9{first}-{second}",
            f"tel. 3{first % 1000:03d}-{second}", f"whatsapp {area}9{first}{second}",
            f"+1-555-{first % 900 + 100}-{second}",
            f"55 {area} 9{first}-{second}", f"({area}) 9.{first}.{second}",
        )
    )  # fmt: skip


def _email(draw: Random) -> str:
    domain = draw.choice(("qxempresa.com.br", "zkcorreio.net.br", "xn--empresa-o2a.com.br"))
    return f"{draw.choice(FIRST).lower()}{draw.choice(('.', '_', '+', '-', ''))}{draw.randrange(999)}@{domain}"


def _rg(draw: Random) -> str:
    plain = _in("##.###.###-#", rg_digits(draw))
    return draw.choice((plain, f"RG {plain}", f"MG-{plain[:-2]}", f"RG: {rg_digits(draw)} SSP/SP"))


def _card(draw: Random) -> str:
    return _in(draw.choice(("#### #### #### ####", "####-####-####-####")), card_digits(draw))


def _name(draw: Random) -> str:
    middle = draw.choice((" ", " da ", " de ", " dos ", f" {draw.choice(LAST)} ", " M. "))
    name = f"{draw.choice(FIRST)}{middle}{draw.choice(LAST)}"
    return draw.choice((name, name, name.upper(), name.lower()))


def _address(draw: Random) -> str:
    street, number = draw.choice(STREETS), draw.randrange(1, 3000)
    return draw.choice((f"{street}, {number}", f"{street}, nº {number}, apto 12", f"{street} {number} - CEP 01310-100"))


# Each kind that the scanner names, with what draws a value of it.
KINDS: dict[str, Callable[[Random], str]] = {
    "e-mail": _email,
    "telefone": _telephone,
    "CPF": _cpf,
    "CNPJ": _cnpj,
    "RG": _rg,
    "cartão": _card,
    "nome de pessoa": _name,
    "endereço": _address,
}
# The same as nothing but digits, which is found where it is the whole value.
BARE: dict[str, Callable[[Random], str]] = {
    "CPF sem pontuação": cpf_digits,
    "CNPJ sem pontuação": cnpj_digits,
    "cartão sem pontuação": card_digits,
    "RG sem pontuação": rg_digits,
    "telefone sem pontuação": lambda draw: f"119{draw.randrange(10**8):08d}",
}
