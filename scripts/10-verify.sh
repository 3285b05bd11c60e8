#!/usr/bin/env bash
# 10: conferir.
#
# Catálogo completo, linhagem inteira, tudo se encontra, nada diverge: uma tabela de verificações.
# Uso: scripts/10-verify.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

echo "==> 10 Verificação: confiro catálogo, linhagem, busca, classificação e qualidade."
if [[ -n ${IMPORTAU_LOCAL:-} ]]; then
    ./importau local up >/dev/null # a AWS embutida, em vez da sua conta
fi
./importau verify ${IMPORTAU_LOCAL:+--local}
./importau lineage agregado_fluxo_de_caixa_mensal ${IMPORTAU_LOCAL:+--local}
echo "==> Pronto: o lakehouse está completo. Para derrubá-lo: ./importau destroy${IMPORTAU_LOCAL:+ --local}"
