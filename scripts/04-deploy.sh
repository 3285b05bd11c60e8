#!/usr/bin/env bash
# 04: implantar.
#
# sam build e sam deploy: mostra o que muda, pergunta, e acompanha o CloudFormation até o fim.
# Uso: scripts/04-deploy.sh [--yes] [--role PAPEL] [--bucket NOME] (outras opções: ./importau deploy --help)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

echo "==> 04 Implantação: construo e implanto o lakehouse; nenhum papel (role) é criado."
if [[ -n ${IMPORTAU_LOCAL:-} ]]; then
    ./importau local up >/dev/null # a AWS embutida, em vez da sua conta
fi
./importau deploy ${IMPORTAU_LOCAL:+--local --yes} "$@"
echo "==> Pronto: o lakehouse está implantado. Próximo: scripts/05-run-bronze.sh"
