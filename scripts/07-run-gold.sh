#!/usr/bin/env bash
# 07: Gold, do fato aos dois agregados.
#
# Fluxo de caixa mensal (BI) e variáveis de risco cambial (ML); audita e publica numa nova versão do lago.
# Uso: scripts/07-run-gold.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

echo "==> 07 Gold: executo StateMachine_DAG_gold."
if [[ -n ${IMPORTAU_LOCAL:-} ]]; then
    ./importau local up >/dev/null # a AWS embutida, em vez da sua conta
fi
./importau run gold ${IMPORTAU_LOCAL:+--local}
echo "==> Pronto: os agregados estão publicados. Próximo: scripts/08-run-forecast.sh"
