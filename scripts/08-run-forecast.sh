#!/usr/bin/env bash
# 08: Forecast, dos agregados à previsão e ao risco cambial.
#
# O que se espera do fluxo de caixa em seis meses, e quanto o câmbio pode custar; audita e publica numa nova versão do lago.
# Uso: scripts/08-run-forecast.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

echo "==> 08 Forecast: executo StateMachine_DAG_forecast."
if [[ -n ${IMPORTAU_LOCAL:-} ]]; then
    ./importau local up >/dev/null # a AWS embutida, em vez da sua conta
fi
./importau run forecast ${IMPORTAU_LOCAL:+--local}
echo "==> Pronto: a previsão está publicada. Próximo: scripts/09-governance.sh"
