#!/usr/bin/env bash
# 06: Silver, das tabelas Bronze ao fato.
#
# Correlaciona pedidos, pagamentos, câmbio e empréstimos em FATO_PEDIDO_CORRELACIONADO; audita e publica numa nova
# versão do lago.
# Uso: scripts/06-run-silver.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

echo "==> 06 Silver: executo StateMachine_DAG_silver."
if [[ -n ${IMPORTAU_LOCAL:-} ]]; then
    ./importau local up >/dev/null # a AWS embutida, em vez da sua conta
fi
./importau run silver ${IMPORTAU_LOCAL:+--local}
echo "==> Pronto: o fato está publicado. Próximo: scripts/07-run-gold.sh"
